"""The replies of referrals match the recorded golden messages."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.clock import london_today, utc_now
from shared.contracts.looks import ReadRecordLooks
from shared.contracts.referrals.caseload import ReadCaseload
from shared.contracts.referrals.drafts import DraftSeen, ListDrafts, ReadDraft, SaveDraft, Typed
from shared.contracts.referrals.duplicates import (
    CountDuplicates,
    DecideDuplicate,
    ListDuplicates,
    ListLinked,
    PossibleDuplicates,
)
from shared.contracts.referrals.ended import FindEnded, ListEnded, ListEndedBefore, ListReturned
from shared.contracts.referrals.hand_over import CheckHandOver, CountHeld, HandOver, ListHeld
from shared.contracts.referrals.holding import AddCover, AssignHolder, ReadHoldings
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.naming import NameRecords
from shared.contracts.referrals.overlays import ListOverlays, PublishOverlay, ReadOverlays
from shared.contracts.referrals.reading import PastWanted, ReadHistory, ReadPast, ReadRecord
from shared.contracts.referrals.reversing import AskReversal, CountReversals, ListReversals
from shared.contracts.referrals.reviews import ListDueReviews
from shared.contracts.referrals.saving import ReviewRecord, SubmitRecord, UpdateRecord
from shared.permissions import Role, Visitor
from shared.registers.definition.register import PublicHome
from shared.registers.overlay import Overlay
from shared.values import london_day
from tests.contracts.golden import check_golden
from tests.services.referrals.builders import EDITION, a_visitor, colleague_of, new_id
from tests.services.referrals.people import an_nhs_number, unasked
from tests.services.referrals.rig import Referrals, a_note, an_archive
from tests.support.databases import database_copy

PERSON = {"first_name": "Tester", "last_name": "Three", "nhs_number": "9990000018"}
SOON = london_today() + timedelta(days=3)
UNKNOWN = {"nhs_number": "", "date_of_birth": "not_known", "lead_professional_contact": "01632 960001"}


@pytest_asyncio.fixture(scope="module")
async def shared_database(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database for these tests alone, because their overlays and the name Tester Three would disturb others."""
    async with database_copy(parts) as addresses:
        yield addresses


async def test_golden_record(referrals: Referrals) -> None:
    creator = a_visitor()
    added = await referrals.submit(creator)
    updated = await referrals.update(creator, added, first_name="Peter", risk_level="red")
    listed = await referrals.listed(creator)
    review = ReviewRecord(command_id=new_id(), record_id=added.record_id, version=updated.version, next_review=SOON)
    reviewed = await referrals.ask(creator, review)
    await referrals.ask(creator, a_note(added.record_id))

    check_golden(SubmitRecord, added)
    check_golden(UpdateRecord, updated)
    check_golden(ReviewRecord, reviewed)
    check_golden(ReadHistory, await referrals.history(creator, added.record_id))
    pages = [ReadPast(record_id=added.record_id, skip_updates=skip) for skip in (0, 1)]
    check_golden(ReadPast, *[await referrals.ask(creator, page) for page in pages])
    check_golden(ListRecords, listed, await referrals.listed(creator))
    unknown = await referrals.submit(creator, **PERSON | UNKNOWN)
    named = [NameRecords(record_ids=(each.record_id,)) for each in (added, unknown)]
    namer = colleague_of(creator, Role.ADMINISTRATOR)
    check_golden(NameRecords, *[await referrals.ask(namer, each) for each in named])


async def test_golden_due_reviews(referrals: Referrals) -> None:
    """A record whose next review was agreed for today, and nothing else that is due."""
    creator = a_visitor()
    added = await referrals.submit(creator, risk_level="red")
    nothing = await referrals.ask(creator, ListDueReviews())
    review = ReviewRecord(command_id=new_id(), record_id=added.record_id, version=0, next_review=london_today())
    await referrals.ask(creator, review)

    check_golden(ListDueReviews, nothing, await referrals.ask(creator, ListDueReviews(due="soon")))


async def test_golden_holdings(referrals: Referrals) -> None:
    """A holder is named and then replaced, and a third user covers for a week."""
    creator = a_visitor()
    administrator = colleague_of(creator, Role.ADMINISTRATOR)
    record_id = (await referrals.submit(creator)).record_id
    await name_holder(referrals, administrator, record_id)
    seen = (await referrals.read(creator, record_id)).holdings[0].holding_id
    await name_holder(referrals, administrator, record_id, seen)
    await add_cover(referrals, administrator, record_id)

    check_golden(ReadHoldings, await referrals.ask(administrator, ReadHoldings(record_id=record_id)))


async def test_golden_looks(referrals: Referrals) -> None:
    creator = a_visitor()
    record_id = (await referrals.submit(creator)).record_id
    administrator = colleague_of(creator, Role.ADMINISTRATOR)

    check_golden(ReadRecordLooks, await referrals.ask(administrator, ReadRecordLooks(record_id=record_id)))


async def test_golden_hand_over(referrals: Referrals) -> None:
    """A user who holds one record and covers another hands over the first."""
    holder = a_visitor()
    administrator, colleague = colleague_of(holder, Role.ADMINISTRATOR), colleague_of(holder)
    held, covered = await referrals.submit(holder), await referrals.submit(administrator, **PERSON)
    await add_cover(referrals, administrator, held.record_id)
    await add_cover(referrals, administrator, covered.record_id, holder)
    await referrals.grants(colleague)
    listing, counting = ListHeld(user_id=holder.user_id), CountHeld(user_id=holder.user_id)
    checking = CheckHandOver(user_id=holder.user_id, new_user_id=colleague.user_id)

    check_golden(ListHeld, await referrals.ask(administrator, listing))
    check_golden(CountHeld, await referrals.ask(administrator, counting))
    check_golden(CheckHandOver, checked := await referrals.ask(administrator, checking))
    command = HandOver(command_id=new_id(), user_id=holder.user_id, new_user_id=colleague.user_id, seen=checked.seen)
    check_golden(HandOver, await referrals.ask(administrator, command))


async def name_holder(referrals: Referrals, administrator: Visitor, record_id: UUID, seen: UUID | None = None) -> None:
    """Name a colleague of the administrator as holder."""
    colleague = colleague_of(administrator)
    await referrals.grants(colleague)
    named = AssignHolder(command_id=new_id(), record_id=record_id, user_id=colleague.user_id, seen=seen)
    await referrals.ask(administrator, named)


async def add_cover(referrals: Referrals, administrator: Visitor, record_id: UUID, user: Visitor | None = None) -> None:
    """Let a user, or else a colleague of the administrator, cover for a week from today."""
    colleague, today = user or colleague_of(administrator), london_day(utc_now())
    await referrals.grants(colleague)
    cover = AddCover(
        command_id=new_id(),
        record_id=record_id,
        user_id=colleague.user_id,
        from_day=today,
        until_day=today + timedelta(days=7),
    )
    await referrals.ask(administrator, cover)


async def test_golden_caseload(referrals: Referrals) -> None:
    """A referrer has a record of their own, and is made the holder of a colleague's."""
    visitor = a_visitor(full_name="Jo Lark")
    colleague, administrator = colleague_of(visitor), colleague_of(visitor, Role.ADMINISTRATOR)
    await referrals.ask(visitor, unasked(**PERSON))
    held = await referrals.ask(colleague, unasked(**PERSON, postcode="ST5 0RG"))
    await referrals.grants(visitor)
    named = AssignHolder(command_id=new_id(), record_id=held.record_id, user_id=visitor.user_id, seen=None)
    await referrals.ask(administrator, named)

    check_golden(ReadCaseload, await referrals.ask(visitor, ReadCaseload()))


async def test_golden_drafts(referrals: Referrals) -> None:
    visitor = a_visitor()
    typed: Typed = {"first_name": ("Jo",), "last_name": ("Lark",)}
    seen = DraftSeen(version=0, save_id=new_id())
    draft = SaveDraft(draft_id=new_id(), edition=EDITION, typed=typed, seen=seen)

    check_golden(SaveDraft, await referrals.ask(visitor, draft))
    check_golden(ListDrafts, await referrals.ask(visitor, ListDrafts()))
    check_golden(ReadDraft, await referrals.ask(visitor, ReadDraft(draft_id=draft.draft_id)))


async def test_golden_duplicates(referrals: Referrals) -> None:
    """One person is referred in two organisations. Then the two records are linked, and one gets a holder."""
    here, there = a_visitor(), a_visitor()
    one = await referrals.ask(here, unasked(**PERSON))
    other = await referrals.ask(there, unasked(**PERSON, postcode="ST5 0RG", risk_level="red"))
    both = a_visitor(Role.ADMINISTRATOR, *here.organisation_ids, *there.organisation_ids, full_name="Gail Thomas")
    found = await referrals.ask(both, ListDuplicates())
    count = await referrals.ask(both, CountDuplicates())
    decision = DecideDuplicate(command_id=new_id(), one=one.record_id, other=other.record_id, verdict="linked")
    decided = await referrals.ask(both, decision)
    linked = await referrals.ask(both, ListLinked(record_ids=(one.record_id,)))
    await name_holder(referrals, both, one.record_id)
    await add_cover(referrals, both, one.record_id)

    check_golden(ListDuplicates, in_order(found))
    check_golden(CountDuplicates, count)
    check_golden(ListLinked, linked)
    check_golden(DecideDuplicate, decided)
    opened = ReadRecord(record_id=one.record_id, past=PastWanted())
    check_golden(ReadRecord, await referrals.read(both, one.record_id), await referrals.ask(both, opened))


def in_order(found: PossibleDuplicates) -> PossibleDuplicates:
    """Return the pair with the older record first. The service orders them by their random ids."""
    (pair,) = found.pairs
    one, other = sorted((pair.one, pair.other), key=lambda each: each.created_at)
    return found.model_copy(update={"pairs": (pair.model_copy(update={"one": one, "other": other}),)})


async def test_golden_reversals(referrals: Referrals) -> None:
    first = a_visitor(Role.ADMINISTRATOR, full_name="Ada First")
    receipt = await referrals.submit(first)
    leaving = {"leaving": {"leaving_reason": "other", "leaving_text": "In Leeds"}}
    await referrals.ask(first, an_archive(receipt).model_copy(update=leaving))
    asking = AskReversal(command_id=new_id(), reference=receipt.reference, reason="The wrong person.")
    await referrals.ask(first, asking)

    second = colleague_of(first, Role.ADMINISTRATOR)
    again = await referrals.submit(first)
    await referrals.archive(first, await referrals.submit(first, **PERSON))
    number = an_nhs_number()
    await referrals.archive(first, await referrals.submit(first, nhs_number=number))
    check_golden(FindEnded, await referrals.ask(first, FindEnded(nhs_number=number)))
    check_golden(ListReversals, await referrals.ask(second, ListReversals()))
    check_golden(CountReversals, await referrals.ask(second, CountReversals()))
    check_golden(ListEndedBefore, await referrals.ask(second, ListEndedBefore(record_ids=(again.record_id,))))
    check_golden(ListEnded, await referrals.ask(second, ListEnded()))
    check_golden(ListReturned, await referrals.ask(second, ListReturned(record_id=receipt.record_id)))


async def test_golden_overlays(referrals: Referrals) -> None:
    everywhere = a_visitor(Role.ADMINISTRATOR, full_name="Ada First").model_copy(update={"all_organisations": True})
    overlay = Overlay(public=PublicHome(heading="Together", paragraphs=("Words of our own.",)))
    publish = PublishOverlay(command_id=new_id(), seen_version=0, overlay=overlay)

    check_golden(PublishOverlay, await referrals.ask(everywhere, publish))
    check_golden(ReadOverlays, await referrals.ask(everywhere, ReadOverlays()))
    check_golden(ListOverlays, await referrals.ask(everywhere, ListOverlays()))
