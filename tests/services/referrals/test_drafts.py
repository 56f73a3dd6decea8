"""Drafts: visible to their owner alone, and deleted when the form is sent, refused, discarded or old."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.referrals.jobs import purge_drafts
from services.referrals.rules import drafts
from shared.clock import utc_now
from shared.contracts.referrals.drafts import (
    DRAFT_DAYS,
    MOST_DRAFTS,
    DiscardDraft,
    DraftSeen,
    ListDrafts,
    ReadDraft,
    SaveDraft,
    Typed,
)
from shared.contracts.referrals.saving import SubmitRecord
from shared.database import DatabasePool, transaction
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import EDITION, a_referral, a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person, unasked
from tests.services.referrals.rig import Owner, Referrals

TYPED: Typed = {
    "first_name": ("Jo",),
    "last_name": (" Bloggs ",),
    "date_of_birth-day": ("31",),
    "postcode": ("not one",),
}
CHANGE_ALL = "UPDATE draft SET name = 'x'"
REFUSING = {"capacity_to_consent": ("yes",), "consent_given": ("no",)}


def seen(version: int, save_id: UUID | None = None) -> DraftSeen:
    return DraftSeen(version=version, save_id=save_id or new_id())


def a_draft(draft_id: UUID | None = None, version: int = 0, **changes: tuple[str, ...]) -> SaveDraft:
    """Return a save by a page that has seen this version."""
    return SaveDraft(draft_id=draft_id or new_id(), edition=EDITION, typed=TYPED | changes, seen=seen(version))


async def names(referrals: Referrals, visitor: Visitor) -> list[str]:
    return [each.name for each in (await referrals.ask(visitor, ListDrafts())).drafts]


async def test_a_draft_is_kept_as_it_was_typed_and_named_after_the_person(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_draft()
    saved = await referrals.ask(visitor, asked)

    (listed,) = (await referrals.ask(visitor, ListDrafts())).drafts
    shown = await referrals.ask(visitor, ReadDraft(draft_id=asked.draft_id))

    assert ("Jo Bloggs", saved.saved_at, saved.saved_at) == (listed.name, listed.started_at, listed.saved_at)
    assert (listed, EDITION, TYPED) == (shown.draft, shown.edition, shown.typed)


async def test_a_form_is_one_draft_however_often_it_is_saved(referrals: Referrals) -> None:
    visitor, first = a_visitor(), a_draft()
    started = await referrals.ask(visitor, first)
    again = await referrals.ask(visitor, a_draft(first.draft_id, 1, first_name=("Joanna",)))

    (draft,) = (await referrals.ask(visitor, ListDrafts())).drafts

    assert ("Joanna Bloggs", started.saved_at, again.saved_at) == (draft.name, draft.started_at, draft.saved_at)


@pytest.mark.requirement("R-DSR-057")
async def test_a_page_that_is_behind_cannot_save_over_what_another_page_saved(referrals: Referrals) -> None:
    visitor, first = a_visitor(), a_draft()
    await referrals.ask(visitor, first)
    newer = await referrals.ask(visitor, a_draft(first.draft_id, 1, last_name=("Newer",)))

    for behind in (0, 1, 3):
        asked = a_draft(first.draft_id, behind, last_name=("Older",))
        changed = {"version": 2, "saved_at": newer.saved_at}
        assert ("draft_changed", changed) == await referrals.refusal(visitor, asked)
    shown = await referrals.ask(visitor, ReadDraft(draft_id=first.draft_id))
    assert (2, ("Newer",)) == (shown.version, shown.typed["last_name"])


async def test_a_page_that_is_behind_deletes_nothing_by_refusing_consent(referrals: Referrals) -> None:
    visitor, first = a_visitor(), a_draft()
    await referrals.ask(visitor, first)

    asked = a_draft(first.draft_id, 0, **REFUSING)

    assert "draft_changed" == (await referrals.refusal(visitor, asked))[0]
    assert ["Jo Bloggs"] == await names(referrals, visitor)


async def test_a_page_goes_on_after_a_save_of_its_own_that_was_not_answered(referrals: Referrals) -> None:
    visitor, first = a_visitor(), a_draft()
    # The first answer is lost, so the page still knows of no version.
    saved = [(await referrals.ask(visitor, first)).version for _ in range(2)]

    assert [1, 2] == saved
    other = SaveDraft(draft_id=first.draft_id, edition=EDITION, typed=TYPED, seen=seen(1))
    assert "draft_changed" == (await referrals.refusal(visitor, other))[0]


async def test_pages_that_save_at_the_same_time_do_not_overwrite_each_other(referrals: Referrals) -> None:
    visitor, first = a_visitor(), a_draft()
    await referrals.ask(visitor, first)

    saves = [a_draft(first.draft_id, 1, last_name=(str(number),)) for number in range(8)]
    codes = [code for code, _ in await asyncio.gather(*(referrals.refusal(visitor, each) for each in saves))]

    assert (1, 7) == (codes.count(""), codes.count("draft_changed"))


@pytest.mark.requirement("R-DSR-057")
async def test_sending_from_a_page_that_is_behind_is_refused_until_the_user_has_seen_it(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_draft()
    await referrals.ask(visitor, asked)
    newer = await referrals.ask(visitor, a_draft(asked.draft_id, 1))
    behind = SubmitRecord(command_id=asked.draft_id, edition=EDITION, answers=a_referral(), draft=seen(1))

    changed = {"version": 2, "saved_at": newer.saved_at}
    assert ("draft_changed", changed) == await referrals.refusal(visitor, behind)
    assert ["Jo Bloggs"] == await names(referrals, visitor)

    aware = behind.model_copy(update={"draft": seen(2)})
    assert (await referrals.ask(visitor, aware)) == (await referrals.ask(visitor, behind))  # the second is a repetition
    assert [] == await names(referrals, visitor)


async def test_nobody_else_finds_it(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_draft()
    await referrals.ask(visitor, asked)
    others = [
        colleague_of(visitor),
        colleague_of(visitor, Role.ADMINISTRATOR),
        visitor.model_copy(update={"register_code": "s117"}),
    ]

    for other in others:
        assert [] == await names(referrals, other)
        assert ("not_found", {}) == await referrals.refusal(other, ReadDraft(draft_id=asked.draft_id))
        await referrals.ask(other, DiscardDraft(draft_id=asked.draft_id))
    assert ["Jo Bloggs"] == await names(referrals, visitor)


@pytest.mark.requirement("R-DSR-013")
async def test_row_level_security_alone_keeps_it_from_everybody_else(referrals: Referrals, pool: DatabasePool) -> None:
    visitor = a_visitor()
    await referrals.ask(visitor, a_draft())
    others = (
        None,
        colleague_of(visitor, Role.ADMINISTRATOR),
        visitor.model_copy(update={"register_code": "s117"}),
        visitor.model_copy(update={"role": Role.MASTER_ADMIN}),
        visitor.model_copy(update={"role": Role.REPORTING}),
    )
    for other in others:
        async with transaction(pool, other) as db:
            assert ("UPDATE 0", "DELETE 0") == (await db.execute(CHANGE_ALL), await db.execute("DELETE FROM draft"))
            assert 0 == await db.fetchval("SELECT count(*) FROM draft")
    async with transaction(pool, visitor) as db:
        assert 1 == await db.fetchval("SELECT count(*) FROM draft")


@pytest.mark.parametrize("role", [Role.REPORTING, Role.MASTER_ADMIN])
async def test_who_adds_nobody_has_no_drafts(referrals: Referrals, role: Role) -> None:
    for asked in (a_draft(), ListDrafts(), ReadDraft(draft_id=new_id()), DiscardDraft(draft_id=new_id())):
        with pytest.raises(NotAnswered) as unanswered:
            await referrals.ask(a_visitor(role), asked)
        assert Fault.NOT_ALLOWED == unanswered.value.fault


async def test_sending_the_form_deletes_its_draft_and_takes_no_more_of_it(referrals: Referrals, owner: Owner) -> None:
    visitor, other = a_visitor(), a_draft(first_name=("Other",))
    asked = a_draft()
    for each in (asked, other):
        await referrals.ask(visitor, each)

    submission = SubmitRecord(command_id=asked.draft_id, edition=EDITION, answers=a_referral())
    added = await referrals.ask(visitor, submission)

    assert ["Other Bloggs"] == await names(referrals, visitor)
    assert 0 == await owner.value("SELECT count(*) FROM draft WHERE id = $1", asked.draft_id)
    receipt = {"record_id": added.record_id}
    assert ("sent", receipt) == await referrals.refusal(visitor, asked)
    assert ("sent", receipt) == await referrals.refusal(visitor, ReadDraft(draft_id=asked.draft_id))
    assert ("sent", {}) == await referrals.refusal(colleague_of(visitor), asked)
    changed = submission.model_copy(update={"answers": a_referral(first_name="Other")})
    assert ("command_reused", receipt) == await referrals.refusal(visitor, changed)
    assert ("command_reused", {}) == await referrals.refusal(colleague_of(visitor), changed)


async def test_what_is_refused_as_wrong_keeps_its_draft(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_draft()
    await referrals.ask(visitor, asked)

    wrong = SubmitRecord(command_id=asked.draft_id, edition=EDITION, answers=a_referral(first_name=""))
    assert "invalid_answers" == (await referrals.refusal(visitor, wrong))[0]

    assert ["Jo Bloggs"] == await names(referrals, visitor)


async def test_what_looks_like_somebody_who_is_there_keeps_its_draft_until_it_is_sent_all_the_same(
    referrals: Referrals,
) -> None:
    visitor, asked, person = a_visitor(), a_draft(), a_person()
    await referrals.ask(visitor, unasked(**person))
    await referrals.ask(visitor, asked)
    sent = unasked(**person).model_copy(update={"command_id": asked.draft_id})

    assert "likely_duplicate" == (await referrals.refusal(visitor, sent))[0]
    assert ["Jo Bloggs"] == await names(referrals, visitor)

    await referrals.anyway(visitor, sent)
    assert [] == await names(referrals, visitor)


async def test_a_form_that_is_saved_while_it_is_sent_leaves_no_draft(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    for _ in range(30):
        asked = a_draft()
        sent = unasked(**a_person()).model_copy(update={"command_id": asked.draft_id})
        await asyncio.gather(*(referrals.refusal(visitor, each) for each in (asked, sent, asked)))

    assert 0 == await owner.value("SELECT count(*) FROM draft WHERE user_id = $1", visitor.user_id)


@pytest.mark.requirement("R-FLOW-019")
async def test_of_who_does_not_consent_no_draft_is_kept(referrals: Referrals, owner: Owner) -> None:
    visitor, asked = a_visitor(), a_draft(last_name=("Refusina",))
    await referrals.ask(visitor, asked)

    refused = SubmitRecord(command_id=asked.draft_id, edition=EDITION, answers=a_referral(consent_given="no"))
    assert ("no_consent", {}) == await referrals.refusal(visitor, refused)

    assert [] == await names(referrals, visitor)
    assert "Refusina" not in await owner.all_text()


@pytest.mark.requirement("R-FLOW-019")
async def test_typing_that_somebody_does_not_consent_deletes_what_was_saved_before(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_draft()
    await referrals.ask(visitor, asked)

    assert ("no_consent", {}) == await referrals.refusal(visitor, a_draft(asked.draft_id, 1, **REFUSING))
    assert [] == await names(referrals, visitor)
    await referrals.ask(visitor, asked)  # the answer was a slip, and is corrected
    assert ["Jo Bloggs"] == await names(referrals, visitor)


async def test_a_discarded_draft_is_gone_and_does_not_come_back(referrals: Referrals, owner: Owner) -> None:
    visitor, asked = a_visitor(), a_draft(last_name=("Discardina",))
    await referrals.ask(visitor, asked)

    for _ in range(2):
        await referrals.ask(visitor, DiscardDraft(draft_id=asked.draft_id))

    assert [] == await names(referrals, visitor)
    assert ("discarded", {}) == await referrals.refusal(visitor, asked)
    assert ("not_found", {}) == await referrals.refusal(visitor, ReadDraft(draft_id=asked.draft_id))
    assert "Discardina" not in await owner.all_text()


async def test_a_user_cannot_fill_the_table_with_ids_that_they_discard(
    referrals: Referrals, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST_CLOSED", 3)
    visitor, kept = a_visitor(), a_draft()
    await referrals.ask(visitor, kept)

    ids = [new_id() for _ in range(5)]
    for each in ids:
        await referrals.ask(visitor, DiscardDraft(draft_id=each))

    rows = await owner.rows("SELECT id FROM draft WHERE user_id = $1", visitor.user_id)
    assert {kept.draft_id, *ids[2:]} == {row["id"] for row in rows}
    assert ("discarded", {}) == await referrals.refusal(visitor, a_draft(ids[-1]))


async def test_drafts_are_so_many_and_so_big(referrals: Referrals) -> None:
    visitor = a_visitor()
    kept = [a_draft() for _ in range(MOST_DRAFTS)]
    for each in kept:
        await referrals.ask(visitor, each)

    assert ("too_many", {"most": MOST_DRAFTS}) == await referrals.refusal(visitor, a_draft())
    await referrals.ask(visitor, kept[0])
    await referrals.ask(visitor, DiscardDraft(draft_id=kept[0].draft_id))
    await referrals.ask(visitor, a_draft())
    big = a_draft(kept[1].draft_id, 1, latest_update=("é" * 100_000, "é" * 100_001))
    assert ("too_big", {}) == await referrals.refusal(visitor, big)


async def test_what_the_form_does_not_ask_and_no_database_takes_is_left_out(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_draft(no_question=("x",), latest_update=("a\0b",))
    await referrals.ask(visitor, asked)

    shown = await referrals.ask(visitor, ReadDraft(draft_id=asked.draft_id))

    assert TYPED | {"latest_update": ("ab",)} == shown.typed


async def test_seven_days_after_the_last_save_a_draft_is_swept_away(referrals: Referrals, owner: Owner) -> None:
    visitor, asked = a_visitor(), a_draft()
    await referrals.ask(visitor, asked)

    await purge_drafts(replace(referrals.context, clock=lambda: utc_now() + timedelta(days=DRAFT_DAYS, minutes=-1)))
    assert ["Jo Bloggs"] == await names(referrals, visitor)
    await purge_drafts(replace(referrals.context, clock=lambda: utc_now() + timedelta(days=DRAFT_DAYS)))

    assert [] == await names(referrals, visitor)
    expired = "SELECT count(*) FROM audit WHERE action = 'draft.expired' AND register = 'dsr' AND $1 = ANY(subjects)"
    assert 1 == await owner.value(expired, asked.draft_id)


async def test_the_audit_says_which_draft_and_never_whose_name(referrals: Referrals, owner: Owner) -> None:
    visitor, asked = a_visitor(), a_draft(last_name=("Canarina",))
    for _ in range(2):
        await referrals.ask(visitor, asked)
    await names(referrals, visitor)
    await referrals.ask(visitor, ReadDraft(draft_id=asked.draft_id))
    await referrals.ask(visitor, DiscardDraft(draft_id=asked.draft_id))

    rows = await owner.rows("SELECT * FROM audit WHERE actor = $1 ORDER BY id", visitor.user_id)

    assert ["draft.started", "draft.listed", "draft.read", "draft.discarded"] == [row["action"] for row in rows]
    assert [[asked.draft_id]] * 4 == [row["subjects"] for row in rows]
    assert "Canarina" not in str(rows)


async def test_an_unknown_edition_is_refused(referrals: Referrals) -> None:
    asked = SaveDraft(draft_id=new_id(), edition="1999", typed=TYPED, seen=seen(0))

    with pytest.raises(Refused, match="unknown_edition"):
        await referrals.ask(a_visitor(), asked)
