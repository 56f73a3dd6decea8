"""
Measure how fast a report is written: send rows of thirty columns to the workbook process, as reports does.

    python -m tests.benchmarks.exports --rows 100000

CPU time is that of the workbook process from start to end. Memory is its peak.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from services.reports.rules.choosing import ReportChoice
from services.reports.rules.columns import Planner, ReportRequest
from services.reports.workbook.plan import END
from shared.registers.load import load_registers
from tests.support.ending import run_to_its_end

COLUMNS = 30
AT_ONCE = 500
HOME = UUID(int=1)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def plan_line() -> bytes:
    """Return the plan of the DSR's first report, cut to `COLUMNS` columns."""
    register = load_registers().find("dsr")
    names = tuple(question.name for question in register.form.asked if not question.retired)
    report = register.reporting.reports[0]
    own = len(Planner([register], {}).plan(ReportChoice(report, (), None, {}), _asked()).columns) - len(names)
    narrowed = report.model_copy(update={"questions": names[: COLUMNS - own]})
    return (
        Planner([register], {HOME: "Midlands (@mpft.nhs.uk)"})
        .plan(ReportChoice(narrowed, (), None, {}), _asked())
        .line()
    )


def _asked() -> ReportRequest:
    return ReportRequest("Some Body", (HOME,), date(2026, 11, 22), NOW)


def lines(rows: int) -> Iterator[bytes]:
    """Yield made-up records in batches. Names, dates and free text differ; codes repeat."""
    for first in range(0, rows, AT_ONCE):
        yield "".join(f"{json.dumps(_record(n))}\n" for n in range(first, min(first + AT_ONCE, rows))).encode()


def _record(n: int) -> dict[str, object]:
    moment = (NOW - timedelta(minutes=7 * n)).isoformat()
    born = (date(1940, 1, 1) + timedelta(days=n * 104_729 % 29_000)).isoformat()
    own = {"reference": f"DSR-{n:08}", "organisation_id": str(HOME), "created_by": f"Some Body {n % 50}", "born": born}
    moments = {"created_at": moment, "updated_at": moment, "rated_at": moment, "ended_at": None}
    said = f"Seen at home for the {n}th time, and the plan is being followed. " * 4
    answers = dict.fromkeys(("capacity_to_consent", "consent_given", "family_consulted", "information_shared"), "yes")
    people = {"first_name": f"Fenella {n}", "last_name": f"Bodara {n}", "date_of_birth": born, "postcode": "ST16 3SR"}
    codes = {"ethnicity": "A", "locality": "south_staffordshire", "risk_level": ("green", "amber", "red")[n % 3]}
    answers |= {**people, **codes, "latest_update": said}
    return {"record": own | moments, "answers": answers, "outcomes": [], "apart": False}


async def measure(rows: int, folder: Path) -> None:
    own = folder / "own"
    own.mkdir(mode=0o700)
    prepared = list(lines(rows))
    began, file = time.perf_counter(), folder / "report.xlsx"
    with file.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.reports.workbook", str(own), stdin=asyncio.subprocess.PIPE, stdout=out
        )
        assert process.stdin is not None
        for part in (plan_line(), *prepared, END):
            process.stdin.write(part)
            await process.stdin.drain()
        process.stdin.close()
        code = await process.wait()
    took, used = time.perf_counter() - began, os.times()
    cpu = used.children_user + used.children_system
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{rows:,} rows of {COLUMNS} columns: exit {code}, {took:.1f} s, CPU {cpu:.1f} s ({rows / cpu:,.0f} rows/s)")
    print(f"file {file.stat().st_size / 1_048_576:.1f} MB, memory at most {memory:.0f} MB")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.exports")
    options.add_argument("--rows", type=int, default=100_000)
    with tempfile.TemporaryDirectory(prefix="ics-exports-") as folder:
        run_to_its_end(measure(options.parse_args().rows, Path(folder)))


if __name__ == "__main__":
    main()
