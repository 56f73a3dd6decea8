"""
Row-level security alone: what statements without any condition do in the context of a user who may see nothing.

The tables and the rights of each service's role are read from the database, so a new table is tested too.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from shared.database import Database, context_of
from shared.permissions import Role, Visitor
from shared.registers.load import Registers
from tests.services.referrals.builders import a_visitor
from tests.services.walls.conftest import world_in
from tests.services.walls.world import WALLED, Owners, World

# The tables with row-level security on which the service's role has a right, with the columns that it may change.
TABLES = """
    SELECT c.relname AS name,
        has_any_column_privilege(current_schema() || '_app', c.oid, 'SELECT') AS selects,
        has_any_column_privilege(current_schema() || '_app', c.oid, 'INSERT') AS inserts,
        has_table_privilege(current_schema() || '_app', c.oid, 'DELETE') AS deletes,
        (
            SELECT min(a.attname)
            FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0
                AND has_column_privilege(current_schema() || '_app', c.oid, a.attnum, 'UPDATE')
        ) AS updated
    FROM pg_class AS c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relrowsecurity
        AND has_any_column_privilege(current_schema() || '_app', c.oid, 'SELECT, INSERT, UPDATE')
    ORDER BY c.relname
"""
# Texts of registers, which name no person.
OPEN_TO_ALL = {"overlay"}
# What every administrator of the register may read and change. It names no person of the register.
OF_THE_REGISTER = {"meeting", "meeting_series"}
# Every row of the world is in a table that one of these users sees.
SEEN_BY_NOBODY = {"record_moved"}
NOTHING = {"SELECT 0", "UPDATE 0", "DELETE 0", "refused"}
# The service's own work has the whole queue of mails: a mail about an account belongs to no compartment.
OWN_WORK = {"mail", "record_moved"}


@pytest.fixture(scope="module")
async def closed_world(
    walled: Addresses, registers: Registers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[World, Owners]]:
    """A world in a database as it is. These tests roll back everything that they change."""
    folder: Path = tmp_path_factory.mktemp("walls")
    async with world_in(walled, registers, folder) as found:
        yield found


@pytest.fixture(params=WALLED)
async def service(request: pytest.FixtureRequest, walled: Addresses) -> AsyncIterator[tuple[str, Database]]:
    """The name of a service, and a connection with its role."""
    name: str = request.param
    pool = await asyncpg.create_pool(walled.dsn(name), min_size=1, max_size=1)
    async with pool.acquire() as db:
        yield name, db
    pool.terminate()


def strangers(world: World) -> dict[str, Visitor | None]:
    found: dict[str, Visitor | None] = {**world.strangers(), "nobody": None}
    pretender = a_visitor(Role.MASTER_ADMIN, world.organisation_id, user_id=world.creator.user_id)
    return found | {"a master admin with the id of its creator": pretender}


async def tried(db: Database, visitor: Visitor | None, statement: str, *values: object) -> str:
    """Run a statement in the visitor's context, and roll it back. Return what happened."""
    await db.execute(context_of(visitor))
    try:
        return str(await db.execute(statement, *values))
    except asyncpg.InsufficientPrivilegeError:
        return "refused"
    finally:
        await db.execute("ROLLBACK")


async def about_the_world(owner: "asyncpg.Connection[asyncpg.Record]", table: str, world: World) -> list[str]:
    """Return the rows of a table that belong to the world, as JSON."""
    query = f"SELECT to_jsonb(t)::text AS row FROM {table} AS t WHERE t::text LIKE ANY($1)"
    belonging = [
        *world.ids,
        *map(str, (world.job.job_id, world.mail_id, world.upload_id, world.organisation_id, world.meetings.series_id)),
    ]
    return [row["row"] for row in await owner.fetch(query, [f"%{each}%" for each in belonging])]


@pytest.mark.requirement("R-DSR-007", "R-DSR-009", "R-DSR-013", "R-DSR-014", "R-DSR-155")
async def test_no_stranger_reads_or_changes_a_row(
    closed_world: tuple[World, Owners], service: tuple[str, Database]
) -> None:
    (world, owners), (name, db) = closed_world, service
    happened = []
    for table in await owners[name].fetch(TABLES):
        for who, stranger in strangers(world).items():
            if table["name"] in OPEN_TO_ALL or (stranger is None and table["name"] in OWN_WORK):
                continue
            if is_of_the_register(table["name"], who):
                continue
            results = [(each, await tried(db, stranger, each)) for each in statements(table)]
            happened += [(who, each, result) for each, result in results if result not in NOTHING]

    assert [] == happened


def is_of_the_register(table: str, who: str) -> bool:
    """Return whether a stranger may have this table, as an administrator of the same register."""
    return table in OF_THE_REGISTER and who == "an administrator elsewhere"


def statements(table: asyncpg.Record) -> list[str]:
    """Return a statement on every row for each right that the service's role has on the table."""
    name, column = table["name"], table["updated"]
    found = {
        f"SELECT FROM {name}": table["selects"],
        f"UPDATE {name} SET {column} = {column}": column,
        f"DELETE FROM {name}": table["deletes"],
    }
    return [statement for statement, allowed in found.items() if allowed]


@pytest.mark.requirement("R-DSR-010", "R-DSR-013", "R-DSR-116")
async def test_no_stranger_adds_a_row_like_one_of_these(
    closed_world: tuple[World, Owners], service: tuple[str, Database]
) -> None:
    (world, owners), (name, db) = closed_world, service
    happened = []
    for table in await owners[name].fetch(TABLES):
        if table["name"] in OPEN_TO_ALL or not table["inserts"]:
            continue
        row = (await about_the_world(owners[name], table["name"], world))[0]
        columns = await _insertable(owners[name], table["name"])
        add = (
            f"INSERT INTO {table['name']} ({columns}) SELECT {columns} "
            f"FROM jsonb_populate_record(NULL::{name}.{table['name']}, $1::text::jsonb)"
        )
        for who, stranger in strangers(world).items():
            if is_of_the_register(table["name"], who):
                continue
            if (stranger is None and name == "notifier") or await tried(db, stranger, add, row) == "refused":
                continue
            happened.append((who, table["name"]))

    assert [] == happened


async def _insertable(owner: "asyncpg.Connection[asyncpg.Record]", table: str) -> str:
    found: str = await owner.fetchval(
        "SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_attribute AS a WHERE a.attrelid = $1::text::regclass "
        "AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' "
        "AND has_column_privilege(current_schema() || '_app', a.attrelid, a.attnum, 'INSERT')",
        table,
    )
    return found


async def test_each_table_holds_rows_that_a_rightful_user_sees(
    closed_world: tuple[World, Owners], service: tuple[str, Database]
) -> None:
    (world, owners), (name, db) = closed_world, service
    rightful = (world.creator, world.administrator, world.second, world.reporter)
    for table in await owners[name].fetch(TABLES):
        if table["name"] in OPEN_TO_ALL | SEEN_BY_NOBODY or not table["selects"]:
            continue
        seen = [await tried(db, each, f"SELECT FROM {table['name']}") for each in rightful]
        assert {"SELECT 0"} < {"SELECT 0", *seen}, table["name"]
