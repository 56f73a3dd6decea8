"""Row-level security alone: what the service's role may see and write without the conditions of its own queries."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from services.referrals.store.finding import ListPage
from shared.database import Database, DatabasePool, as_json, context_of, open_pool, scope_of, transaction
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.rig import Owner, Referrals, a_note

# None of these queries has a filter of its own.
OWN_IDS = {
    "record": "SELECT id FROM record",
    "record_version": "SELECT record_id FROM record_version",
    "note": "SELECT record_id FROM note",
    "record_word": "SELECT record_id FROM record_word",
    "record_holding": "SELECT record_id FROM record_holding",
}
# Neither names a compartment, so only the view keeps them apart.
SEARCHES = (
    "SELECT search_ids('dsr', NULL, ARRAY['%searched%'], 1000) WHERE $1::uuid [] IS NOT NULL",
    "SELECT newest_matches('dsr', NULL, $1, ARRAY['%searched%'], 1000)",
)
NAME_HOLDER = """
    INSERT INTO record_holding (id, record_id, kind, user_id, user_name, from_day, named_by, named_by_name)
    VALUES (gen_random_uuid(), $1, 'holder', $2, 'Some Body', '2026-01-01', $2, 'Some Body')
"""
COUNTS = {
    "counter": "SELECT compartment_id FROM counter",
    "delta": "SELECT compartment_id FROM delta",
}
# Tested in test_linking, because access to these depends on two records.
COMPARED = ("record_key", "possible_duplicate", "person_link")
CONTEXT = """
    SELECT name, current_setting(name, true) AS value
    FROM unnest(ARRAY['app.user', 'app.register', 'app.role', 'app.compartments', 'app.all', 'app.own']) AS name
"""
LIST_OWN = "SELECT total FROM list_records($1, $2)"
BREAK_OUT = """
    INSERT INTO record (
        id, reference, register_code, edition, state, compartment_id, organisation_id, created_by, created_by_name,
        created_at, updated_at, rated_at, given_name, family_name, search, answers
    )
    SELECT gen_random_uuid(), 'DSR-0', $1, '2022', 'active', $2, $2, $3, 'Some Body', now(), now(), now(), 'A', 'B',
        ' a b', '{}'
"""


FOR_EVERYBODY = """
    SELECT p.proname
    FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS given
    WHERE p.pronamespace = current_schema()::regnamespace AND given.grantee = 0
"""


async def seen(pool: DatabasePool, visitor: Visitor | None, query: str) -> set[UUID]:
    async with transaction(pool, visitor) as db:
        return {row[0] for row in await db.fetch(query)}


async def context_on(db: Database) -> dict[str, str | None]:
    return {row["name"]: row["value"] for row in await db.fetch(CONTEXT)}


async def a_record(referrals: Referrals, visitor: Visitor) -> UUID:
    """Add a record with a version, a note and a holder who is another user."""
    receipt = await referrals.submit(visitor)
    await referrals.ask(visitor, a_note(receipt.record_id))
    await name_holder(referrals.pool, colleague_of(visitor, Role.ADMINISTRATOR), receipt.record_id, new_id())
    return receipt.record_id


async def name_holder(pool: DatabasePool, visitor: Visitor, record_id: UUID, user_id: UUID) -> None:
    async with transaction(pool, visitor) as db:
        await db.execute(NAME_HOLDER, record_id, user_id)


@pytest.mark.requirement("R-DSR-009", "R-DSR-014")
@pytest.mark.parametrize("table", OWN_IDS)
async def test_it_keeps_organisations_registers_and_people_apart(
    referrals: Referrals, pool: DatabasePool, table: str
) -> None:
    standard = a_visitor()
    colleague = colleague_of(standard)
    elsewhere = a_visitor()
    own, theirs, foreign = [await a_record(referrals, each) for each in (standard, colleague, elsewhere)]
    everywhere = a_visitor(Role.ADMINISTRATOR, *standard.organisation_ids, *elsewhere.organisation_ids)

    assert {own} == await seen(pool, standard, OWN_IDS[table])
    assert {own, theirs} == await seen(pool, colleague_of(standard, Role.REPORTING), OWN_IDS[table])
    assert {foreign} == await seen(pool, colleague_of(elsewhere, Role.ADMINISTRATOR), OWN_IDS[table])
    assert {own, theirs, foreign} == await seen(pool, everywhere, OWN_IDS[table])
    other_register = everywhere.model_copy(update={"register_code": "s117"})
    assert set() == await seen(pool, other_register, OWN_IDS[table])
    assert set() == await seen(pool, None, OWN_IDS[table])


@pytest.mark.requirement("R-DSR-007")
@pytest.mark.parametrize("table", OWN_IDS)
async def test_who_holds_a_record_sees_it_too_while_it_is_of_their_organisation(
    referrals: Referrals, pool: DatabasePool, owner: Owner, table: str
) -> None:
    standard = a_visitor()
    holder, elsewhere = colleague_of(standard), a_visitor()
    held = (await referrals.submit(standard)).record_id
    await referrals.ask(standard, a_note(held))
    unheld = await a_record(referrals, standard)
    await name_holder(pool, colleague_of(standard, Role.ADMINISTRATOR), held, holder.user_id)

    assert {held} == await seen(pool, holder, OWN_IDS[table])
    moved = elsewhere.model_copy(update={"user_id": holder.user_id})
    assert set() == await seen(pool, moved, OWN_IDS[table])
    await owner.rows("UPDATE record_holding SET ended_at = now() WHERE record_id = $1", held)
    assert set() == await seen(pool, holder, OWN_IDS[table])
    assert unheld in await seen(pool, standard, OWN_IDS[table])


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_a_colleague_who_is_no_administrator_names_no_holder(
    referrals: Referrals, pool: DatabasePool, role: Role
) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    for each in (colleague_of(visitor, role), a_visitor(Role.ADMINISTRATOR)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await name_holder(pool, each, receipt.record_id, each.user_id)


@pytest.mark.requirement("R-DSR-007", "R-DSR-009", "R-DSR-014", "R-DSR-013")
@pytest.mark.parametrize("query", SEARCHES)
async def test_a_search_that_names_no_compartment_finds_only_what_its_user_may_see(
    referrals: Referrals, pool: DatabasePool, query: str
) -> None:
    standard, elsewhere = a_visitor(), a_visitor()
    colleague, name = colleague_of(standard), {"last_name": "Searched"}
    own, theirs, foreign = [
        (await referrals.submit(each, **name)).record_id for each in (standard, colleague, elsewhere)
    ]
    everywhere = a_visitor(Role.ADMINISTRATOR, *standard.organisation_ids, *elsewhere.organisation_ids)
    ids = [own, theirs, foreign]

    async def found(visitor: Visitor | None) -> set[UUID]:
        async with transaction(pool, visitor) as db:
            return set(await db.fetchval(query, ids)).intersection(ids)

    assert {own} == await found(standard)
    assert {own, theirs} == await found(colleague_of(standard, Role.REPORTING))
    assert {foreign} == await found(colleague_of(elsewhere, Role.ADMINISTRATOR))
    assert {own, theirs, foreign} == await found(everywhere)
    await name_holder(pool, colleague_of(standard, Role.ADMINISTRATOR), theirs, standard.user_id)
    assert {own, theirs} == await found(standard)
    master = a_visitor(Role.MASTER_ADMIN, *standard.organisation_ids, user_id=standard.user_id)
    other_register = everywhere.model_copy(update={"register_code": "s117"})
    assert [set()] * 3 == [await found(each) for each in (master, other_register, None)]


async def test_it_keeps_counts_apart_too(referrals: Referrals, pool: DatabasePool, owner: Owner) -> None:
    visitor, elsewhere = a_visitor(Role.ADMINISTRATOR), a_visitor()
    for each in (visitor, elsewhere):
        await referrals.submit(each)

    unfolded = await seen(pool, visitor, COUNTS["delta"])
    await owner.rows("SELECT fold_deltas()")
    folded = await seen(pool, visitor, COUNTS["counter"])

    assert {visitor.home_organisation_id} == unfolded | folded
    assert set() == await seen(pool, None, COUNTS["counter"]) | await seen(pool, None, COUNTS["delta"])


@pytest.mark.requirement("R-DSR-013")
@pytest.mark.parametrize("role", [Role.MASTER_ADMIN, None])
@pytest.mark.parametrize("table", [*OWN_IDS, *COUNTS])
async def test_a_master_admin_sees_no_row_whatever_the_context_claims(
    referrals: Referrals, pool: DatabasePool, role: Role | None, table: str
) -> None:
    visitor = a_visitor()
    await a_record(referrals, visitor)
    pretender = a_visitor(role, *visitor.organisation_ids, user_id=visitor.user_id)

    assert set() == await seen(pool, pretender, (OWN_IDS | COUNTS)[table])


@pytest.mark.parametrize("field", ["register_code", "compartment_id", "created_by"])
async def test_nobody_adds_a_record_outside_their_scope(pool: DatabasePool, field: str) -> None:
    visitor = a_visitor()
    row = {"register_code": "dsr", "compartment_id": visitor.home_organisation_id, "created_by": visitor.user_id}
    row |= {field: "s117" if field == "register_code" else new_id()}

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(pool, visitor) as db:
            await db.execute(BREAK_OUT, *row.values())


@pytest.mark.requirement("R-DSR-010")
async def test_a_reporting_user_writes_nothing(referrals: Referrals, pool: DatabasePool) -> None:
    visitor = a_visitor()
    await a_record(referrals, visitor)
    reporting = colleague_of(visitor, Role.REPORTING)

    for sql in (
        "UPDATE record SET is_open = false, ended_at = now()",
        "INSERT INTO note (id, record_id, text, written_by, written_by_name) "
        "SELECT gen_random_uuid(), id, 'x', created_by, 'x' FROM record",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction(pool, reporting) as db:
                await db.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT search FROM record_search",
        "SELECT search FROM record_search_in_scope",
        "UPDATE record SET organisation_id = gen_random_uuid()",
        "UPDATE record SET created_by = gen_random_uuid()",
        "DELETE FROM record",
        "UPDATE record_version SET changes = '[]'",
        "DELETE FROM record_version",
        "UPDATE note SET text = ''",
        "INSERT INTO delta (register_code, compartment_id, is_open, n) VALUES ('dsr', gen_random_uuid(), true, 1)",
        "UPDATE counter SET n = 0",
        "DELETE FROM record_word",
        "DELETE FROM record_holding",
        "UPDATE record_holding SET user_id = gen_random_uuid()",
        "TRUNCATE record",
        "ALTER TABLE record DISABLE ROW LEVEL SECURITY",
        "SET ROLE referrals_owner",
        "SELECT subjects FROM audit",
        "CREATE TABLE mine ()",
    ],
)
async def test_the_services_role_may_do_no_more_than_the_service_does(
    referrals: Referrals, pool: DatabasePool, sql: str
) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    await a_record(referrals, visitor)

    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)):
        async with transaction(pool, visitor) as db:
            await db.execute(sql)


UPLOADS = ("upload", "upload_chunk", "upload_row", "load_mapping")


async def test_every_table_with_people_in_it_has_the_wall(owner: Owner) -> None:
    rows = await owner.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
        "AND relkind = 'r' AND relrowsecurity AND relforcerowsecurity"
    )

    # Reversals are tested in test_reversing, uploads in test_uploads. Overlays hold no personal data: see
    # test_publishing.
    assert {
        *OWN_IDS,
        *COUNTS,
        *COMPARED,
        "reversal",
        "ending_decision",
        "draft",
        "overlay",
        "consent_to_confirm",
        *UPLOADS,
    } == {row["relname"] for row in rows}


async def test_one_trip_and_three_trips_set_the_same_context(pool: DatabasePool) -> None:
    for visitor in (a_visitor(), a_visitor(Role.ADMINISTRATOR, new_id(), new_id()), a_visitor(None)):
        async with pool.acquire() as db, db.transaction():
            await db.execute("SELECT WHERE open_scope($1) IS NOT NULL", as_json(scope_of(visitor)))
            by_function = await context_on(db)
        async with transaction(pool, visitor) as db:
            by_transaction = await context_on(db)
        assert by_function == by_transaction
        assert str(visitor.user_id) == by_function["app.user"]


async def test_a_scope_without_compartments_sees_nothing_unless_it_says_that_it_has_all(
    referrals: Referrals, pool: DatabasePool
) -> None:
    await referrals.submit(a_visitor())
    everything = scope_of(a_visitor(Role.ADMINISTRATOR).model_copy(update={"all_organisations": True}))
    page = as_json(ListPage(0, 10))

    async def total(*, all_compartments: bool) -> int:
        scope = as_json(replace(everything, compartment_ids=None, all_compartments=all_compartments))
        async with pool.acquire() as db, db.transaction():
            by_query: int = await db.fetchval(LIST_OWN, scope, page)
            by_policy: int = await db.fetchval("SELECT count(*) FROM record")
            return min(by_query, by_policy) if all_compartments else max(by_query, by_policy)

    assert 0 < await total(all_compartments=True)
    assert 0 == await total(all_compartments=False)


def test_a_context_is_made_of_ids_and_codes_alone() -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        context_of(a_visitor(register_code="dsr', true); DROP TABLE record; --"))


@pytest.fixture
async def lone_pool(shared_database: Addresses) -> AsyncIterator[DatabasePool]:
    """A pool of one connection, which the next caller gets as the last one left it."""
    pool = await open_pool(shared_database.dsn("referrals"), size=1)
    yield pool
    await pool.close()


async def _commit(pool: DatabasePool, visitor: Visitor) -> None:
    assert 1 == len(await seen(pool, visitor, OWN_IDS["record"]))


async def _rollback(pool: DatabasePool, visitor: Visitor) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await seen(pool, visitor, "SELECT 1 / 0")


async def _cancelled(pool: DatabasePool, visitor: Visitor) -> None:
    asleep = asyncio.Event()

    async def long_work() -> None:
        async with transaction(pool, visitor) as db:
            asleep.set()
            await db.execute("SELECT pg_sleep(2)")

    task = asyncio.create_task(long_work())
    await asleep.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _one_trip(pool: DatabasePool, visitor: Visitor) -> None:
    assert 1 == await pool.fetchval(LIST_OWN, as_json(scope_of(visitor)), as_json(ListPage(0, 10)))


async def _failed_one_trip(pool: DatabasePool, visitor: Visitor) -> None:
    with pytest.raises(asyncpg.InvalidRowCountInResultOffsetClauseError):
        await pool.fetchval(LIST_OWN, as_json(scope_of(visitor)), as_json(ListPage(-1, 10)))


@pytest.mark.parametrize("ending", [_commit, _rollback, _cancelled, _one_trip, _failed_one_trip])
async def test_a_connection_that_is_used_again_remembers_nobody(
    referrals: Referrals, lone_pool: DatabasePool, ending: Callable[[DatabasePool, Visitor], Awaitable[None]]
) -> None:
    visitor = a_visitor()
    await referrals.submit(visitor)

    await ending(lone_pool, visitor)

    async with lone_pool.acquire(timeout=5) as db:
        assert not db.is_in_transaction()
        assert {""} == {value or "" for value in (await context_on(db)).values()}
        assert [] == await db.fetch(OWN_IDS["record"])


async def test_no_function_of_the_schema_is_there_for_everybody(owner: Owner) -> None:
    assert [] == [row["proname"] for row in await owner.rows(FOR_EVERYBODY)]
