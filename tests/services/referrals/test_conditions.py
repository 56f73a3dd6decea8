"""The scope conditions of the queries alone: what they find for a role to which row-level security shows every row."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from deploy.runner.environment import Addresses
from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.saving import content_of
from services.referrals.rules.search import read_search
from services.referrals.store import archiving, duplicates, finding, history, holding, saving
from services.referrals.store.finding import ListPage
from services.referrals.store.saving import Content, NewVersion
from shared.contracts.referrals.reading import PastWanted
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import Database, open_pool, scope_of
from shared.permissions import Role, Visitor
from shared.registers.load import Registers
from tests.services.referrals.builders import a_referral, a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person, unasked
from tests.services.referrals.rig import Referrals

NO_POLICIES = "BEGIN; SET LOCAL ROLE referrals_owner; SET LOCAL search_path = referrals"

CHANGE_LOCALITY = """
    UPDATE record_version SET act = 'updated', changes = '[["locality", null, "north"]]' WHERE record_id = $1
"""


@dataclass(frozen=True)
class Wanted:
    """A record that a visitor asks for, and what they would store in it."""

    db: Database
    visitor: Visitor
    receipt: RecordReceipt
    compartment_id: UUID
    content: Content

    async def store(self, content: Content | None) -> bool:
        """Return whether a version was saved. If not, nothing is said of the record."""
        version = a_version(self.receipt.record_id, self.compartment_id)
        saved = await saving.store_version(self.db, scope_of(self.visitor), version, content, [])
        assert saved.verdict in {"done", "not_found"}
        return saved.verdict == "done"


def a_version(record_id: UUID, compartment_id: UUID) -> NewVersion:
    return NewVersion(
        record_id=record_id,
        version=0,
        act="reviewed",
        action=ReferralsAction.RECORD_REVIEWED,
        state="active",
        is_open=True,
        compartment_id=compartment_id,
    )


async def read_history(wanted: Wanted) -> bool:
    return await history.find_history(wanted.db, wanted.visitor, wanted.receipt.record_id, 0) is not None


async def read_past(wanted: Wanted) -> bool:
    read = await history.read_past(wanted.db, wanted.visitor, wanted.receipt.record_id, PastWanted(), ended=False)
    return read is not None


async def find_ratings(wanted: Wanted) -> bool:
    await wanted.db.execute(CHANGE_LOCALITY, wanted.receipt.record_id)
    return bool(await history.find_ratings(wanted.db, wanted.visitor, wanted.receipt.record_id, 1, "locality"))


async def name_record(wanted: Wanted) -> bool:
    asked = finding.NamingQuestions("lead_professional", "", "")
    return bool(await finding.name_records(wanted.db, wanted.visitor, [wanted.receipt.record_id], asked, ["red"]))


async def hold_for_note(wanted: Wanted) -> bool:
    return await history.hold_record(wanted.db, wanted.visitor, wanted.receipt.record_id) is not None


async def read_state(wanted: Wanted) -> bool:
    return await archiving.find_state(wanted.db, wanted.visitor, wanted.receipt.record_id) is not None


async def hold_for_holder(wanted: Wanted) -> bool:
    return await holding.keep(wanted.db, wanted.visitor, wanted.receipt.record_id) is not None


async def read_compartment(wanted: Wanted) -> bool:
    return await holding.find_compartment(wanted.db, wanted.visitor, wanted.receipt.record_id) is not None


async def find_for_update(wanted: Wanted) -> bool:
    _, present = await saving.find_for_update(wanted.db, wanted.visitor, new_id(), wanted.receipt.record_id)
    return present is not None


async def search_reference(wanted: Wanted) -> bool:
    search = read_search(("DSR",), wanted.receipt.reference)
    assert search
    return bool((await finding.search_records(wanted.db, wanted.visitor, ListPage(0, 10), search)).rows)


async def turn(wanted: Wanted) -> bool:
    return await wanted.store(None)


async def rewrite(wanted: Wanted) -> bool:
    return await wanted.store(wanted.content)


Look = Callable[[Wanted], Awaitable[bool]]
# The conditions of these are those of the visitor's compartments and also those of a user's own records.
OF_OWN: tuple[Look, ...] = (
    find_for_update,
    search_reference,
    read_history,
    read_past,
    hold_for_note,
    hold_for_holder,
    read_compartment,
    find_ratings,
    name_record,
    turn,
    rewrite,
)
LOOKS = (read_state, *OF_OWN)


@pytest.fixture
async def db(shared_database: Addresses) -> AsyncIterator[Database]:
    """A connection in a transaction as the owner of the schema, which is rolled back."""
    pool = await open_pool(shared_database.migrator_dsn("referrals"), size=1)
    async with pool.acquire() as connection:
        await connection.execute(NO_POLICIES)
        yield connection
        await connection.execute("ROLLBACK")
    await pool.close()


@pytest.fixture
def content(registers: Registers) -> Content:
    return replace(content_of(registers.find("dsr"), a_referral()), judged=None)


@pytest.mark.parametrize("look", LOOKS)
async def test_a_query_finds_no_record_of_another_organisation_or_register(
    referrals: Referrals, db: Database, content: Content, look: Look
) -> None:
    creator, stranger = a_visitor(), a_visitor(Role.ADMINISTRATOR)
    receipt = await referrals.submit(creator)
    elsewhere = colleague_of(creator, Role.ADMINISTRATOR).model_copy(update={"register_code": "s117"})
    asked = [Wanted(db, each, receipt, creator.organisation_ids[0], content) for each in (stranger, elsewhere, creator)]

    assert [False, False, True] == [await look(each) for each in asked]


@pytest.mark.parametrize("look", OF_OWN)
async def test_a_query_finds_no_record_of_a_colleague_for_a_user_who_sees_their_own_alone(
    referrals: Referrals, db: Database, content: Content, look: Look
) -> None:
    creator = a_visitor()
    receipt = await referrals.submit(creator)
    visitors = (colleague_of(creator), colleague_of(creator, Role.ADMINISTRATOR))
    asked = [Wanted(db, each, receipt, creator.organisation_ids[0], content) for each in visitors]

    assert [False, True] == [await look(each) for each in asked]


async def test_a_match_out_of_sight_is_not_among_those_that_are_seen(referrals: Referrals, db: Database) -> None:
    """Each visitor would give the record the person of another one, which its creator alone may see."""
    creator, person = a_visitor(), a_person()
    match = (await referrals.ask(creator, unasked(**person))).record_id
    keys = content_of(referrals.context.registers.find("dsr"), unasked(**person).answers)

    async def seen(visitor: Visitor) -> tuple[UUID, ...]:
        version = a_version(new_id(), creator.organisation_ids[0])
        return (await saving.store_version(db, scope_of(visitor), version, keys, [])).seen

    assert [(), (), (match,)] == [await seen(each) for each in (a_visitor(), colleague_of(creator), creator)]


async def test_a_pair_is_decided_in_the_scope_of_both_records_alone(referrals: Referrals, db: Database) -> None:
    here, there, person = a_visitor(), a_visitor(), a_person()
    records = [(await referrals.ask(each, unasked(**person))).record_id for each in (here, there)]
    pair = (records[0], records[1])
    both = a_visitor(Role.ADMINISTRATOR, *here.organisation_ids, *there.organisation_ids)

    async def decided(visitor: Visitor) -> bool | None:
        decision = await duplicates.decide(db, visitor, pair, "linked")
        return None if decision is None else decision.before

    assert [None, False, True, None] == [
        await decided(each) for each in (colleague_of(here, Role.ADMINISTRATOR), both, both, there)
    ]
