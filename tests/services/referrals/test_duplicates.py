"""Likely duplicates: found at a submit or an update, and shown only to users who may see both records."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest

from shared import audit
from shared.contracts.referrals.saving import MOST_ALIKE, LikelyDuplicate, RecordReceipt
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role, Visitor
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.services.referrals.builders import a_visitor, colleague_of
from tests.services.referrals.people import a_person, an_nhs_number, having_seen, unasked
from tests.services.referrals.rig import Owner, Referrals, an_update
from tests.support.connections import ServicePools

FIND_PAIRS = """
    SELECT one, other, rule, state
    FROM possible_duplicate
    WHERE one = ANY($1) OR other = ANY($1)
    ORDER BY found_at
"""
REFUSED = "SELECT session, register, subjects FROM audit WHERE actor = $1 AND action = 'record.duplicate_refused'"
PAIRS_AT_ONCE = 20


async def pairs(owner: Owner, *receipts: RecordReceipt) -> dict[frozenset[UUID], tuple[str, str]]:
    """Return the pairs that contain these records: the rule that found each, and its state."""
    rows = await owner.rows(FIND_PAIRS, [each.record_id for each in receipts])
    return {frozenset((row["one"], row["other"])): (row["rule"], row["state"]) for row in rows}


def both(one: RecordReceipt, other: RecordReceipt) -> frozenset[UUID]:
    return frozenset((one.record_id, other.record_id))


# --------------------------------------------------------------------------------------------------- a match in scope
async def test_the_same_nhs_number_is_asked_about_and_nothing_is_stored(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    asked = unasked(**a_person(nhs_number=person["nhs_number"], first_name="Nostored"))

    refusal = await referrals.refusal(visitor, asked)

    assert ("likely_duplicate", {"records": (first.record_id,)}) == refusal
    assert 1 == (await referrals.listed(visitor)).total
    everything = await owner.all_text()
    assert (False, False) == ("Nostored" in everything, str(asked.command_id) in everything)


@pytest.mark.requirement("R-DSR-021")
async def test_a_question_about_a_likely_duplicate_is_audited_with_all_that_matched(
    referrals: Referrals, owner: Owner
) -> None:
    """One of the two matches is out of the visitor's sight."""
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    unseen = await referrals.ask(a_visitor(), unasked(**person))

    refusal = await referrals.refusal(visitor, unasked(**person))

    assert ("likely_duplicate", {"records": (first.record_id,)}) == refusal
    (row,) = await owner.rows(REFUSED, visitor.user_id)
    assert (visitor.session_id, "dsr", sorted((first.record_id, unseen.record_id))) == tuple(row)


@pytest.mark.requirement("R-DSR-021")
async def test_a_likely_duplicate_is_not_said_if_the_question_cannot_be_audited(
    referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, person = a_visitor(), a_person()
    await referrals.ask(visitor, unasked(**person))
    monkeypatch.setattr(audit, "ADD_ROW", "INSERT INTO no_such_audit VALUES ($1, $2, $3, $4, $5, $6)")

    with pytest.raises(NotAnswered) as unanswered:
        await referrals.ask(visitor, unasked(**person))

    assert Fault.UNAVAILABLE is unanswered.value.fault


@pytest.mark.parametrize(
    ("there", "new"),
    [
        ({"first_name": "Zoë", "last_name": "O'Brien-Łęski"}, {"first_name": "ZOE", "last_name": "obrien leski"}),
        ({"first_name": "Anne Marie", "last_name": "Smith"}, {"first_name": "anne-marie", "last_name": "SMITH"}),
    ],
)
async def test_case_accents_and_spaces_make_no_other_person(
    referrals: Referrals, there: dict[str, str], new: dict[str, str]
) -> None:
    visitor = a_visitor()
    first = await referrals.ask(visitor, unasked(**a_person(**there)))

    refusal = await referrals.refusal(visitor, unasked(**a_person(nhs_number="", **new)))

    assert ("likely_duplicate", {"records": (first.record_id,)}) == refusal


async def test_namesakes_of_another_day_and_strangers_are_other_people(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(), a_person(nhs_number="")
    receipts = [
        await referrals.ask(visitor, unasked(**person)),
        await referrals.ask(visitor, unasked(**person | {"date_of_birth": "2001-02-08"})),
        await referrals.ask(visitor, unasked(**a_person())),
    ]

    assert {} == await pairs(owner, *receipts)


async def test_somebody_who_has_looked_adds_the_record_and_both_are_flagged(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    asked = unasked(**person | {"first_name": "Zoey"})

    second = await referrals.anyway(visitor, asked)

    assert {both(first, second): ("nhs_number", "open")} == await pairs(owner, first)
    assert 2 == (await referrals.listed(visitor)).total


async def test_the_same_form_again_after_it_was_added_all_the_same_is_answered_with_the_first_receipt(
    referrals: Referrals,
) -> None:
    visitor, person = a_visitor(), a_person()
    await referrals.ask(visitor, unasked(**person))
    asked = unasked(**person)
    with pytest.raises(Refused) as refused:
        await referrals.ask(visitor, asked)
    sure = having_seen(asked, refused.value)

    receipts = [await referrals.ask(visitor, each) for each in (sure, sure, asked)]

    assert 1 == len({each.record_id for each in receipts})
    assert 2 == (await referrals.listed(visitor)).total


async def test_a_match_that_came_after_the_question_is_asked_about_too(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(Role.ADMINISTRATOR), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    asked = unasked(**person)
    with pytest.raises(Refused) as refused:
        await referrals.ask(visitor, asked)
    meanwhile = await referrals.ask(colleague_of(visitor), unasked(**person))

    refusal = await referrals.refusal(visitor, having_seen(asked, refused.value))

    both_shown = (meanwhile.record_id, first.record_id)
    assert ("likely_duplicate", {"records": both_shown}) == refusal
    assert 2 == (await referrals.listed(visitor)).total
    await referrals.anyway(visitor, asked)
    assert 3 == (await referrals.listed(visitor)).total


async def test_of_more_matches_than_are_shown_the_newest_are_to_be_seen(referrals: Referrals) -> None:
    visitor, person = a_visitor(Role.ADMINISTRATOR), a_person()
    for _ in range(MOST_ALIKE + 1):
        await referrals.anyway(visitor, unasked(**person))

    with pytest.raises(Refused) as refused:
        await referrals.ask(visitor, unasked(**person))
    await referrals.anyway(visitor, unasked(**person))

    assert isinstance(refused.value.details, LikelyDuplicate)
    assert MOST_ALIKE == len(refused.value.details.records)
    assert MOST_ALIKE + 2 == (await referrals.listed(visitor)).total


async def test_an_archived_record_is_no_match_until_it_comes_back(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(Role.ADMINISTRATOR), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    await referrals.archive(visitor, first)

    second = await referrals.ask(visitor, unasked(**person))
    before = await pairs(owner, first, second)
    await bring_back(owner, first)

    assert {} == before
    assert [both(first, second)] == list(await pairs(owner, first, second))


async def test_another_register_is_another_matter(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    await owner.rows("UPDATE record_key SET register_code = 's117' WHERE record_id = $1", first.record_id)

    second = await referrals.ask(visitor, unasked(**person))

    assert {} == await pairs(owner, first, second)


# ----------------------------------------------------------------------------------------------- a match out of scope
@pytest.mark.parametrize("out_of_sight", [lambda _: a_visitor(), colleague_of])
async def test_a_match_out_of_sight_is_flagged_and_the_answer_is_like_any_other(
    referrals: Referrals, owner: Owner, out_of_sight: Callable[[Visitor], Visitor]
) -> None:
    first_by = a_visitor()
    visitor = out_of_sight(first_by)
    person = a_person()
    first = await referrals.ask(first_by, unasked(**person))

    with_match = await referrals.ask(visitor, unasked(**person))
    without = await referrals.ask(visitor, unasked(**a_person()))

    assert {both(first, with_match): ("nhs_number", "open")} == await pairs(owner, first, with_match, without)
    assert _bare(without) == _bare(with_match)
    told = [await referrals.told(each.record_id) for each in (without, with_match)]
    assert 1 == len({frozenset(type(event) for event in events) for events in told})
    shown = [await referrals.read(visitor, each.record_id) for each in (with_match, without)]
    assert [()] * 2 == [each.same_person for each in shown]


def _bare(receipt: RecordReceipt) -> str:
    """Return the answer byte by byte, without its random parts."""
    return receipt.model_dump_json().replace(str(receipt.record_id), "").replace(receipt.reference, "")


async def test_what_is_kept_of_the_act_does_not_tell_either(referrals: Referrals, owner: Owner) -> None:
    person = a_person()
    await referrals.ask(a_visitor(), unasked(**person))
    visitor = a_visitor()
    for each in (person, a_person()):
        await referrals.ask(visitor, unasked(**each))

    rows = await owner.rows("SELECT action, register, fields FROM audit WHERE actor = $1", visitor.user_id)

    assert (2, 1) == (len(rows), len({tuple(map(str, row.values())) for row in rows}))


async def test_a_register_that_says_so_refuses_a_match_out_of_sight(
    pools: ServicePools, registers: Registers, owner: Owner
) -> None:
    dsr = registers.find("dsr")
    said = dsr.model_copy(update={"duplicates": dsr.duplicates.model_copy(update={"unseen": "said"})})
    referrals = await Referrals.open(pools, Registers([LoadedRegister(said, "")]))
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(a_visitor(), unasked(**person))

    asked = unasked(**person)
    sure = asked.model_copy(update={"duplicates_seen": (first.record_id,)})

    refusals = [await referrals.refusal(visitor, each) for each in (asked, sure)]

    assert [("duplicate_unseen", {})] * 2 == refusals
    assert (0, {}) == ((await referrals.listed(visitor)).total, await pairs(owner, first))


# ------------------------------------------------------------------------------------------------------------ updates
async def test_an_update_that_makes_a_match_is_saved_and_flagged(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    other = a_person(nhs_number="")
    second = await referrals.ask(visitor, unasked(**other))

    updated = await referrals.update(visitor, second, **other | {"nhs_number": person["nhs_number"]})

    assert 1 == updated.version
    assert {both(first, second): ("nhs_number", "open")} == await pairs(owner, first)


async def test_what_a_record_said_before_an_update_makes_no_match_any_more(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    await referrals.update(visitor, first, **a_person())

    second = await referrals.ask(visitor, unasked(**person))

    assert {} == await pairs(owner, first, second)


async def test_an_update_of_anything_else_opens_nothing_again(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    second = await referrals.anyway(visitor, unasked(**person))
    await dismiss(owner, first, second)

    second = await referrals.update(visitor, second, **person, latest_update="Moved house")
    assert {both(first, second): ("nhs_number", "dismissed")} == await pairs(owner, first)


async def test_a_dismissed_pair_opens_again_when_something_else_is_the_same_too(
    referrals: Referrals, owner: Owner
) -> None:
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    other = person | {"nhs_number": an_nhs_number()}
    second = await referrals.anyway(visitor, unasked(**other))
    await dismiss(owner, first, second)

    await referrals.update(visitor, second, **person)

    assert {both(first, second): ("nhs_number", "open")} == await pairs(owner, first)


async def test_a_dismissed_pair_stays_so_when_one_of_the_two_comes_back(referrals: Referrals, owner: Owner) -> None:
    visitor, person = a_visitor(Role.ADMINISTRATOR), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    second = await referrals.anyway(visitor, unasked(**person))
    await dismiss(owner, first, second)
    await referrals.archive(visitor, first)
    third = await referrals.anyway(visitor, unasked(**person))

    await bring_back(owner, first)

    found = await pairs(owner, first)
    assert {both(first, second): ("nhs_number", "dismissed"), both(first, third): found[both(first, third)]} == found
    assert "open" == found[both(first, third)][1]


async def test_a_dismissed_pair_opens_again_by_what_became_the_same_while_one_was_archived(
    referrals: Referrals, owner: Owner
) -> None:
    visitor, person = a_visitor(Role.ADMINISTRATOR), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    other = person | {"nhs_number": an_nhs_number()}
    second = await referrals.anyway(visitor, unasked(**other))
    await dismiss(owner, first, second)
    await referrals.archive(visitor, first)
    await referrals.ask(visitor, an_update(second, **person))

    await bring_back(owner, first)

    assert ["open"] == [state for _, state in (await pairs(owner, first)).values()]


async def bring_back(owner: Owner, receipt: RecordReceipt) -> None:
    await owner.rows("UPDATE record SET is_open = true, ended_at = NULL WHERE id = $1", receipt.record_id)


async def dismiss(owner: Owner, one: RecordReceipt, other: RecordReceipt) -> None:
    decided = "state = 'dismissed', decided_by_name = 'Ada', decided_at = now()"
    ids = [one.record_id, other.record_id]
    await owner.rows(f"UPDATE possible_duplicate SET {decided} WHERE one = ANY($1) AND other = ANY($1)", ids)


# ------------------------------------------------------------------------------------------------------------- at once
@pytest.mark.slow
async def test_of_two_who_see_each_others_records_one_is_asked(referrals: Referrals, owner: Owner) -> None:
    one = a_visitor(Role.ADMINISTRATOR)
    other = colleague_of(one, Role.ADMINISTRATOR)

    async def race() -> list[str]:
        person = a_person()
        outcomes = await asyncio.gather(
            referrals.refusal(one, unasked(**person)), referrals.refusal(other, unasked(**person))
        )
        return sorted(code for code, _ in outcomes)

    outcomes = await asyncio.gather(*(race() for _ in range(PAIRS_AT_ONCE)))

    assert [["", "likely_duplicate"]] * PAIRS_AT_ONCE == outcomes
    assert PAIRS_AT_ONCE == (await referrals.listed(one)).total


async def test_of_two_who_do_not_both_are_added_and_never_both_unflagged(referrals: Referrals, owner: Owner) -> None:
    one, other = a_visitor(), a_visitor()

    async def race(number: int) -> frozenset[UUID]:
        person = a_person()
        same_number = person | {"first_name": "Zoey"} if number % 2 else person
        receipts = await asyncio.gather(
            referrals.ask(one, unasked(**person)), referrals.ask(other, unasked(**same_number))
        )
        (pair,) = await pairs(owner, receipts[0])
        return pair

    outcomes = [await race(number) for number in range(PAIRS_AT_ONCE)]

    assert PAIRS_AT_ONCE == len(set(outcomes))


async def test_a_submit_and_an_update_at_once_see_each_other(referrals: Referrals, owner: Owner) -> None:
    one, other = a_visitor(), a_visitor()
    people = [a_person() for _ in range(PAIRS_AT_ONCE)]
    there = [await referrals.ask(one, unasked(**a_person())) for _ in people]

    added = await asyncio.gather(
        *(referrals.ask(other, unasked(**each)) for each in people),
        *(referrals.update(one, receipt, **each) for receipt, each in zip(there, people, strict=True)),
    )

    found = await pairs(owner, *there)
    assert {both(each, new) for each, new in zip(there, added, strict=False)} == set(found)
