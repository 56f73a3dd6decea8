"""
Measure what the rows of a spreadsheet cost the database: new records, and changes of records.

    python -m tests.benchmarks.loading_rows --rows 10000 --sizes 0 100000

Printed are the CPU seconds of the Postgres backend and of this process for so many rows, in chunks as the load takes
them, on a register that is empty and on one of so many records. The goals are 3 s for 10,000 new rows and 6 s for as
many changes.
"""

import argparse
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from services.referrals.handlers.loaded import load_rows
from services.referrals.handlers.saving import content_of
from services.referrals.rules.answers import changes_between
from services.referrals.rules.ratings import rerating
from services.referrals.store.loaded import ChangedRow, NewRow, RowDone
from services.referrals.store.saving import NewRecord, Present
from shared.contracts.referrals.answers import Answer
from shared.database import DatabasePool, open_pool, transaction
from shared.ids import new_id
from shared.permissions import Role, Visitor
from shared.registers.bodies import organisation_compartment
from shared.registers.definition.register import Definition
from shared.registers.load import load_registers
from tests.benchmarks.loading import add_accounts, add_records
from tests.benchmarks.measuring import meter_of_backends
from tests.support.databases import database_copy
from tests.support.ending import run_to_its_end

REGISTER, EDITION = "dsr", "2022"
CHUNK = 500
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"
RATINGS = ("green", "green", "green", "amber", "red")


@dataclass(frozen=True)
class Stage:
    """A register and a user who loads rows into it."""

    pool: DatabasePool
    register: Definition
    visitor: Visitor

    async def load(self, new: Sequence[NewRow], changed: Sequence[ChangedRow]) -> list[RowDone]:
        """Load rows chunk by chunk, each in its own transaction."""
        done, upload_id = [], new_id()
        for start in range(0, max(len(new), len(changed)), CHUNK):
            some = (new[start : start + CHUNK], changed[start : start + CHUNK])
            async with transaction(self.pool, self.visitor) as db:
                done += await load_rows(db, self.visitor, self.register, upload_id, *some, datetime.now(UTC))
        return done


def a_visitor() -> Visitor:
    organisation_id = new_id()
    return Visitor(
        user_id=new_id(),
        full_name="Some Body",
        register_code=REGISTER,
        role=Role.ADMINISTRATOR,
        organisation_ids=(organisation_id,),
        home_organisation_id=organisation_id,
        session_id=new_id(),
        method="password_pin",
    )


def a_name(syllables: int) -> str:
    return "".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(syllables)).capitalize()


def a_person(number: int) -> dict[str, Answer]:
    """Return the answers of a row with sixteen columns."""
    born = date(1940, 1, 1) + timedelta(days=secrets.randbelow(24_000))
    return {
        "capacity_to_consent": "yes",
        "consent_given": "yes",
        "consent_date": "2024-03-05",
        "first_name": a_name(2),
        "last_name": a_name(3),
        "date_of_birth": born.isoformat(),
        "nhs_number": f"{secrets.randbelow(10**10):010}",
        "postcode": f"ST{number % 20} 1AA",
        "learning_disability_or_autism": "autism",
        "ethnicity": "A",
        "locality": ("south_staffordshire", "north_staffordshire_stoke")[number % 2],
        "lead_professional": "Lee Lead",
        "lead_professional_contact": "01632 960000",
        "risk_level": RATINGS[number % 5],
        "risk_level_date": "2025-11-20",
        "latest_update": "Seen at home, and the plan is being followed. " * 6,
    }


def new_rows(stage: Stage, many: int) -> list[NewRow]:
    here = stage.visitor.organisation_ids[0]
    record = NewRecord(new_id(), "", EDITION, stage.register.lifecycle.first_state, here, here)
    return [
        NewRow(
            number,
            replace(record, record_id=new_id()),
            organisation_compartment(here),
            content_of(stage.register, a_person(number)),
            date(2024, 3, 5),
            date(2025, 11, 20),
        )
        for number in range(many)
    ]


def changed_rows(stage: Stage, rows: Sequence[NewRow], done: Sequence[RowDone]) -> list[ChangedRow]:
    """Return a change of each row: of its rating and its update; of every tenth also of the family name."""
    return [_changed(stage, row, each) for row, each in zip(rows, done, strict=True)]


def _changed(stage: Stage, row: NewRow, done: RowDone) -> ChangedRow:
    before = dict(row.content.answers)
    after = before | {"risk_level": RATINGS[(row.number + 3) % 5], "latest_update": "Moved house. " * 20}
    after |= {"last_name": a_name(3)} if row.number % 10 == 0 else {}
    present = Present(
        record_id=done.record_id,
        reference=done.reference,
        edition=EDITION,
        state=row.record.state,
        is_open=True,
        version=0,
        organisation_id=row.record.organisation_id,
        bodies=row.compartment.bodies,
        created_by=stage.visitor.user_id,
        rating=row.content.rating,
        ends_on=None,
        decided=(),
        answers=before,
        is_held=False,
    )
    changes = changes_between(stage.register, before, after)
    return ChangedRow(
        row.number,
        present,
        row.compartment,
        content_of(stage.register, after, before, reference=done.reference),
        tuple((each.name, each.before, each.after) for each in changes),
        rerating(stage.register, before, after).is_new,
        date(2026, 1, 5),
    )


async def measure(stage: Stage, what: str, act: Callable[[], Awaitable[list[RowDone]]]) -> list[RowDone]:
    """Carry out the act, and print what it used."""
    meter = meter_of_backends([await stage.pool.fetchval("SELECT pg_backend_pid()")])
    before, began = meter(), time.perf_counter()
    done = await act()
    took, used = time.perf_counter() - began, meter()
    spent = {part: used[part] - before[part] for part in used}
    each = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in spent.items())
    print(f"{what}: {each} of CPU; {took:.2f} s in all; {len(done):,} rows", flush=True)
    if any(row.verdict != "done" for row in done):
        raise RuntimeError("rows were not stored")
    return done


async def measure_size(addresses: Addresses, size: int, many: int) -> None:
    if size:
        await add_records(addresses.databases["referrals"], await add_accounts(addresses), 1, size)
    pool = await open_pool(addresses.dsn("referrals"), size=1)
    stage = Stage(pool, load_registers().find(REGISTER, EDITION), a_visitor())
    rows = new_rows(stage, many)
    done = await measure(stage, f"{size:,} records, new rows", lambda: stage.load(rows, []))
    changes = changed_rows(stage, rows, done)
    await measure(stage, f"{size:,} records, changed rows", lambda: stage.load([], changes))
    await pool.close()


async def run(sizes: Sequence[int], many: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ics-rows-") as temporary:
        parts = EmbeddedParts(Path(temporary) / "state")
        await parts.start()
        for size in sizes:
            async with database_copy(parts) as addresses:
                await measure_size(addresses, size, many)
        await parts.stop()


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.loading_rows")
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--sizes", type=int, nargs="+", default=[0, 100_000], help="how many records are there")
    given = options.parse_args()
    run_to_its_end(run(given.sizes, given.rows))
