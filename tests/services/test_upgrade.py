"""Upgrading the schema of outcomes while requests run on it: no request fails."""

import asyncio
import itertools
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from deploy.runner.places import migration_folders
from deploy.runner.waiting import until
from services.outcomes.store import outcomes, standings, tasks
from services.outcomes.store.outcomes import NewOutcome
from shared.contracts.referrals.standing import RecordStanding
from shared.database import DatabasePool, open_pool, transaction
from shared.migrate import MigrationRefused, Phase, migrate
from shared.permissions import Role, Visitor
from shared.registers.bodies import organisation_compartment
from shared.release import RELEASE
from shared.tasks import end
from tests.services.referrals.builders import a_visitor, new_id

CLIENTS = 16
CONNECTIONS = 6
BETWEEN = 10
"""So many requests of each client pass between two steps of an upgrade."""

WITH_VERSION = """
CREATE OR REPLACE FUNCTION list_agenda_{round}(p_register text, p_compartments uuid [], p_take integer) RETURNS TABLE (
    task_id uuid, opened_at timestamptz, record_version integer
)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT t.id, t.opened_at, t.record_version
    FROM task AS t
    WHERE t.register_code = p_register AND t.compartment_id = ANY(p_compartments) AND t.kind = 'agenda'
        AND t.closed_at IS NULL
    ORDER BY t.opened_at
    LIMIT p_take
$$;
GRANT EXECUTE ON FUNCTION list_agenda_{round}(text, uuid [], integer) TO outcomes_app;
"""
READ_WITH_VERSION = "SELECT task_id, opened_at, record_version FROM list_agenda_{round}($1, $2, 25)"
OTHER_POLICY = """
DO $$
DECLARE
    scope text := (SELECT with_check FROM pg_policies WHERE tablename = 'task' AND policyname = 'scope');
BEGIN
    EXECUTE format('ALTER POLICY scope ON task USING (%1$s AND kind <> ''{round}'') WITH CHECK (%1$s)', scope);
END
$$;
"""
COLUMN_WITH_TRIGGER = """
ALTER TABLE task ADD COLUMN note_{round} text;
CREATE FUNCTION note_task_{round}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    new.note_{round} := new.reference;
    RETURN new;
END
$$;
CREATE TRIGGER note_task_{round} BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION note_task_{round}();
"""
DROP_OLD = "DROP FUNCTION IF EXISTS list_agenda_{round}(text, uuid [], integer);"

Act = Callable[[], Awaitable[object]]


class Load:
    """Clients that use the schema as the service does. They keep their failures and the number of requests."""

    def __init__(self, pool: DatabasePool) -> None:
        self.failed: list[str] = []
        self.done = 0
        self.read_agenda = tasks.LIST_AGENDA
        self._pool = pool

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        clients = [asyncio.create_task(self._client(place)) for place in range(CLIENTS)]
        try:
            yield
        finally:
            self.failed += [repr(fault) for fault in await end(clients)]

    async def pass_by(self) -> None:
        """Wait until the clients together have made `BETWEEN` more requests per client."""
        wanted = self.done + BETWEEN * CLIENTS

        async def passed() -> bool:
            return self.done >= wanted

        assert await until(passed, seconds=60)

    async def _client(self, place: int) -> None:
        visitor = a_visitor(Role.ADMINISTRATOR)
        acts: list[Act] = [
            lambda: self._open_task(visitor),
            lambda: self._record_outcome(visitor),
            lambda: self._read(visitor),
        ]
        for act in itertools.islice(itertools.cycle(acts), place, None):
            try:
                await act()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                self.failed.append(f"{type(error).__name__}: {error}")
            self.done += 1

    async def _open_task(self, visitor: Visitor) -> None:
        """Open a task as the handler of an event does, without a visitor."""
        standing = a_standing(visitor)
        async with transaction(self._pool) as db:
            await standings.hold_standings(db, {standing.record_id: standing})
            task = standings.new_task(new_id(), "agenda", standing)
            await standings.open_tasks(db, [task])
            await standings.keep_tasks(db, [(task.task_id, standing)])

    async def _record_outcome(self, visitor: Visitor) -> None:
        outcome = NewOutcome(new_id(), "2022", new_id(), 1, visitor.organisation_ids[0], {}, ending=False)
        async with transaction(self._pool, visitor) as db:
            await outcomes.add_outcome(db, visitor, outcome)
            listed = await outcomes.list_outcomes(db, visitor.register_code, outcome.record_id, 0, 25)
        assert 1 == listed.recorded

    async def _read(self, visitor: Visitor) -> None:
        async with transaction(self._pool, visitor) as db:
            parameters = (visitor.register_code, visitor.organisation_ids)
            paged = (0, 25) if self.read_agenda == tasks.LIST_AGENDA else ()
            await db.fetch(self.read_agenda, *parameters, *paged)
            await tasks.count_tasks(db, visitor)


def a_standing(visitor: Visitor) -> RecordStanding:
    return RecordStanding(
        record_id=new_id(),
        register_code=visitor.register_code,
        bodies=organisation_compartment(visitor.organisation_ids[0]).bodies,
        reference=secrets.token_hex(4),
        version=1,
        is_open=True,
        urgency="alert",
        rated_at=datetime.now(UTC),
        locality="north",
    )


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """The base schema, and a copy of the service's files that a test may add to."""
    spine, own = migration_folders("outcomes")
    return [spine, Path(shutil.copytree(own, tmp_path / "sql"))]


@pytest.fixture
async def pool(own_addresses: Addresses) -> AsyncIterator[DatabasePool]:
    opened = await open_pool(own_addresses.background_dsn("outcomes"), CONNECTIONS)
    yield opened
    await opened.close()


@pytest.mark.slow
async def test_no_request_fails_while_the_schema_is_upgraded(
    own_addresses: Addresses, pool: DatabasePool, folders: list[Path], rounds: int
) -> None:
    upgrade = Upgrade(own_addresses.migrator_dsn("outcomes"), folders)
    load = Load(pool)
    async with load.running():
        for number in range(1, rounds + 1):
            await upgrade.change_a_body(number)
            await load.pass_by()
            await upgrade.run_the_old_release()  # in the first round it has functions only
            await upgrade.add_a_function_with_another_column(number)
            await load.pass_by()
            load.read_agenda = READ_WITH_VERSION.format(round=number)
            await load.pass_by()
            await upgrade.change_a_policy(number)
            await load.pass_by()
            await upgrade.add_a_column_with_its_trigger(number)
            await load.pass_by()
            load.read_agenda = tasks.LIST_AGENDA
            await load.pass_by()
            await upgrade.drop_the_function(number)
            await load.pass_by()

    assert [] == load.failed
    filled = await pool.fetchval("SELECT count(*) FROM pg_attribute WHERE attname LIKE 'note\\_%' AND attnum > 0")
    assert rounds == filled


class Upgrade:
    """The steps of an upgrade, applied one by one as an operator does."""

    def __init__(self, dsn: str, folders: list[Path]) -> None:
        self._dsn = dsn
        self._folders = folders
        self._release = RELEASE

    @property
    def _own(self) -> Path:
        return self._folders[-1]

    async def change_a_body(self, number: int) -> None:
        file = self._own / "functions" / "tasks.sql"
        file.write_text(file.read_text().replace("\nBEGIN", f"\n-- Round {number}.\nBEGIN"))
        await self._release_of(Phase.PRE, "sql/functions/tasks.sql")

    async def add_a_function_with_another_column(self, number: int) -> None:
        (self._own / "functions" / "agenda.sql").write_text(WITH_VERSION.format(round=number))
        await self._release_of(Phase.PRE, "sql/functions/agenda.sql")

    async def change_a_policy(self, number: int) -> None:
        await self._add("pre_policy", OTHER_POLICY.format(round=number))

    async def add_a_column_with_its_trigger(self, number: int) -> None:
        await self._add("pre_column", COLUMN_WITH_TRIGGER.format(round=number))

    async def drop_the_function(self, number: int) -> None:
        """Drop the old function, in the release after the last one that calls it."""
        (self._own / "functions" / "agenda.sql").unlink()
        await self._add("post_drop", DROP_OLD.format(round=number))

    async def run_the_old_release(self) -> None:
        before = await self._ledger()
        with pytest.raises(MigrationRefused, match="older code"):
            await migrate(self._dsn, "outcomes", migration_folders("outcomes"), Phase.ALL)
        assert before == await self._ledger()

    async def _add(self, name: str, sql: str) -> None:
        number = len(list(self._own.glob("*.sql"))) + 1
        phase = Phase.POST if name.startswith("post") else Phase.PRE
        (self._own / f"{number:04}_{name}_{number}.sql").write_text(sql)
        await self._release_of(phase, f"sql/{number:04}_{name}_{number}.sql")

    async def _release_of(self, phase: Phase, expected: str) -> None:
        self._release += 1
        applied = await migrate(self._dsn, "outcomes", self._folders, phase, release=self._release)
        assert [expected] == applied

    async def _ledger(self) -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute("SET ROLE outcomes_owner; SET search_path = outcomes")
            rows = await connection.fetch(
                "SELECT name, sha256 FROM migration UNION ALL SELECT name, sha256 FROM functions_file ORDER BY 1"
            )
            return [tuple(row.values()) for row in rows]
        finally:
            await connection.close()


@pytest.fixture(params=[1, pytest.param(10, marks=pytest.mark.full_rounds)])
def rounds(request: pytest.FixtureRequest) -> int:
    wanted: int = request.param
    return wanted
