"""
Measure the database's part for users who reach few, many or all of 3,000 compartments.

    python -m tests.benchmarks.compartments --sizes 100000 1000000 --write

Each figure is the CPU time in milliseconds of the Postgres backend for one statement, as the services send it, under
row-level security. The newest records lie in large compartments. The last forty compartments hold only the oldest
records, which is the worst case for a list in the order of the last update.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import md5
from pathlib import Path
from uuid import UUID

import asyncpg

from deploy.runner.stack import EmbeddedParts
from services.referrals.rules.search import read_search
from services.referrals.store import finding
from services.referrals.store.finding import ListFilters, ListPage
from services.reports.store import dashboards
from shared.database import Database, DatabasePool, open_pool, transaction
from shared.ids import new_id
from shared.permissions import Role, Visitor
from shared.registers.load import load_registers
from tests.benchmarks.document import machine_used
from tests.support.databases import database_copy

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance-compartments.md"
INTRODUCTION = f"""\
# Performance for users of few and of many compartments

Written by `python -m tests.benchmarks.compartments --write`; nobody edits it by hand.

Each figure is the CPU time in milliseconds of the Postgres backend for one statement, as the services send it, under
row-level security. There are 3,000 compartments. The last forty hold only the oldest records.

Measured on {datetime.now(UTC):%d %B %Y}: {machine_used()}.
"""
COMPARTMENTS, OLD, OLDEST = 3_000, 40, 2_000
SECONDS = 1.0
ADD_RECORDS = """
    INSERT INTO referrals.record (
        id, reference, register_code, edition, state, compartment_id, organisation_id, created_by, created_by_name,
        created_at, updated_at, rating, rated_at, locality, given_name, family_name, search, answers
    )
    SELECT
        md5('record ' || n)::uuid, 'DSR-' || n, 'dsr', '2022', 'active', md5('compartment ' || c)::uuid,
        md5('compartment ' || c)::uuid, md5('creator ' || n % 500)::uuid, 'Some Body', moment, moment,
        (ARRAY['green', 'green', 'green', 'amber', 'red'])[1 + n % 5], moment,
        (ARRAY['south_staffordshire', 'north_staffordshire_stoke'])[1 + n % 2], given, family,
        ' ' || given || ' ' || family, '{"latest_update": "Seen at home"}'
    FROM (
        SELECT
            n, timestamptz '2026-01-01' - n * interval '30 seconds' AS moment,
            CASE WHEN n > $1::integer - $3::integer THEN $2::integer - $4::integer + n % $4::integer
                ELSE floor(
                    ($2::integer - $4::integer) * power(((n * 7919::bigint) % 100003) / 100003.0, 3)
                )::integer END AS c,
            split_part('ann bert carol dilip eve farah george hana idris joan', ' ', 1 + n / 7 % 10) AS given,
            translate(((n * 48271::bigint) % 99991)::text, '0123456789', 'aeioulnrst') AS family
        FROM generate_series(1, $1::integer) AS n
    ) AS each
"""
ADD_TALLIES = """
    INSERT INTO reports.tally (register_code, compartment_id, question, answer, n)
    SELECT 'dsr', md5('compartment ' || c)::uuid, 'question ' || q / 5, 'answer ' || q % 5, 1 + q
    FROM generate_series(0, $1 - 1) AS c, generate_series(0, 29) AS q
    UNION ALL
    SELECT 'dsr', NULL, 'question ' || q / 5, 'answer ' || q % 5, $1 * (1 + q) FROM generate_series(0, 29) AS q
"""
TIDY = ("SELECT referrals.fold_deltas()", "VACUUM ANALYZE referrals.record", "VACUUM ANALYZE referrals.record_word")
ROLES: dict[str, range | None] = {
    "1 large": range(1),
    "5 middling": range(500, 505),
    "5 old": range(COMPARTMENTS - 5, COMPARTMENTS),
    "40 middling": range(400, 440),
    "40 old": range(COMPARTMENTS - OLD, COMPARTMENTS),
    "400 middling": range(400, 800),
    "400 small and old": range(COMPARTMENTS - 400, COMPARTMENTS),
    "all": None,
}
Act = Callable[[Database], Awaitable[object]]


@dataclass(frozen=True)
class Acts:
    """The statements of one user."""

    visitor: Visitor

    def by_name(self) -> dict[str, Act]:
        return {
            "list": lambda db: finding.list_records(db, self.visitor, ListPage(0, 25)),
            "page 40": lambda db: finding.list_records(db, self.visitor, ListPage(39 * 25, 25)),
            "filtered": lambda db: finding.filter_records(db, self.visitor, ListPage(0, 25), ListFilters(("red",))),
            "search": self._search,
            "read": self._read,
        }

    async def _search(self, db: Database) -> None:
        search = read_search(("DSR",), "annae")
        assert search is not None
        await finding.search_records(db, self.visitor, ListPage(0, 25), search)

    async def _read(self, db: Database) -> None:
        await finding.read_record(db, self.visitor, UUID(md5(b"record 1").hexdigest()), ended=False)

    async def dashboard(self, db: Database) -> None:
        reach = None if self.visitor.all_compartments else self.visitor.compartment_ids
        await dashboards.read_standing(db, load_registers().find("dsr"), reach, date(2026, 1, 1))


def visitor_of(numbers: range | None) -> Visitor:
    reached = [UUID(md5(f"compartment {c}".encode()).hexdigest()) for c in numbers or ()]
    return Visitor(
        user_id=new_id(),
        full_name="Some Body",
        register_code="dsr",
        role=Role.ADMINISTRATOR,
        organisation_ids=tuple(reached),
        all_organisations=numbers is None,
        home_organisation_id=None,
        session_id=new_id(),
        method="password_pin",
    )


async def cost_of(db: Database, act: Act, seconds: float) -> float:
    """Return the CPU milliseconds of the backend for one act, the mean of some seconds after eight first runs."""
    for _ in range(8):
        await act(db)
    clock = Path(f"/proc/{db.get_server_pid()}/schedstat")
    before, runs, until = _used(clock), 0, time.perf_counter() + seconds
    while not runs or time.perf_counter() < until:
        await act(db)
        runs += 1
    return (_used(clock) - before) / runs / 1e6


def _used(clock: Path) -> int:
    return int(clock.read_text(encoding="ascii").split()[0])


async def measure(parts: EmbeddedParts, records: int, seconds: float = SECONDS) -> list[str]:
    """Measure each role at this number of records, print the table as it grows, and return its lines."""
    async with database_copy(parts) as addresses:
        superuser = await asyncpg.connect(addresses.databases["referrals"].admin_dsn)
        await superuser.execute(ADD_RECORDS, records, COMPARTMENTS, OLDEST, OLD, timeout=1800)
        await superuser.execute(ADD_TALLIES, COMPARTMENTS)
        for statement in TIDY:
            await superuser.execute(statement, timeout=600)
        await superuser.close()
        referrals = await open_pool(addresses.dsn("referrals"), size=1)
        reports = await open_pool(addresses.dsn("reports"), size=1)
        heads = f"| compartments | {' | '.join(HEADS)} |"
        lines = [f"## {records:,} records\n", heads, "| --- |" + " --- |" * len(HEADS)]
        print("\n".join(lines), flush=True)
        for name, numbers in ROLES.items():
            spent = await costs(referrals, reports, numbers, seconds)
            lines.append(f"| {name} | {' | '.join(f'{cost:.2f}' for cost in spent)} |")
            print(lines[-1], flush=True)
        await referrals.close()
        await reports.close()
    return [*lines, ""]


HEADS = ("list", "page 40", "filtered", "search", "read", "dashboard")


async def costs(
    referrals: DatabasePool, reports: DatabasePool, numbers: range | None, seconds: float
) -> Sequence[float]:
    acts = Acts(visitor_of(numbers))
    async with referrals.acquire() as db:
        found = [await cost_of(db, act, seconds) for act in acts.by_name().values()]
    async with transaction(reports, acts.visitor) as db:
        return [*found, await cost_of(db, acts.dashboard, seconds)]


async def run(sizes: Sequence[int], page: Path | None) -> None:
    lines = [INTRODUCTION]
    with tempfile.TemporaryDirectory(prefix="ics-compartments-") as folder:
        parts = EmbeddedParts(Path(folder), durable=False)
        await parts.start_postgres()
        try:
            for records in sizes:
                lines += await measure(parts, records)
        finally:
            await parts.stop()
    if page:
        page.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.compartments")
    options.add_argument("--sizes", type=int, nargs="+", default=[100_000], help="how many records")
    options.add_argument("--write", type=Path, nargs="?", const=PAGE, help="write the page on compartments")
    chosen = options.parse_args()
    asyncio.run(run(chosen.sizes, chosen.write))
