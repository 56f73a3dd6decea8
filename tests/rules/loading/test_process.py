"""Tests that a file is read in a process of its own, and that no file costs more than its limits."""

import asyncio
import resource
import sys
import time

import pytest

from services.referrals.loading import __main__ as reader
from services.referrals.loading import process
from services.referrals.loading.files import read_table
from services.referrals.loading.parts import TablePart
from services.referrals.loading.process import read_in_process
from services.referrals.loading.table import Limits, UnreadableFile
from tests.rules.loading.workbooks import with_part, workbook

pytestmark = pytest.mark.programs

LIMITS = Limits(most_rows=1000, most_columns=50, most_cell=10_000)
HEAD = ("Surname", "Forename", "DOB", "RAG")
ROWS = [(f"Smith{number}", "Zoë", "17/06/1990", "Red\nsince May") for number in range(900)]


def children_cpu() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


async def fault_of(content: bytes, most_seconds: float = 60) -> str:
    with pytest.raises(UnreadableFile) as unreadable:
        await read_in_process(content, "dsr.xlsx", LIMITS, most_seconds=most_seconds)
    return unreadable.value.fault


async def test_a_process_reads_the_same_table() -> None:
    content = workbook([HEAD, *ROWS], title="People")
    here = read_table(content, "dsr.xlsx", LIMITS, "People")

    there = await read_in_process(content, "dsr.xlsx", LIMITS, "People")

    assert (here.reading, here.headings, here.rows) == (there.reading, there.headings, there.rows)


async def test_a_fault_comes_back_from_the_process() -> None:
    assert "wrong_type" == await fault_of(b"%PDF-1.7")


@pytest.mark.parametrize("limit", ["MOST_MEMORY = 250_000_000", "MOST_CPU_SECONDS = 0"])
async def test_a_file_that_costs_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    limited = f"import services.referrals.loading.__main__ as reader; reader.{limit}; raise SystemExit(reader.main())"
    content = workbook([HEAD, *ROWS])
    costly = with_part(content, "xl/worksheets/sheet1.xml", lambda xml: xml + " " * 100_000_000)
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", limited))

    assert "too_much_work" == await fault_of(costly)


def test_a_sheet_of_millions_of_cells_without_their_places_is_refused() -> None:
    """The library makes room for each of them, and their places do not say how many there are."""
    cells = "<row>" + "<c><v>1</v></c>" * 3_000 + "</row>"
    content = with_part(
        workbook([HEAD, *ROWS]),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("</sheetData>", cells * 1_001 + "</sheetData>"),
    )

    with pytest.raises(UnreadableFile) as unreadable:
        read_table(content, "dsr.xlsx", LIMITS)

    assert "too_much_work" == unreadable.value.fault


async def test_a_file_that_takes_too_long_is_given_up_and_its_process_ended() -> None:
    started, cpu = time.monotonic(), children_cpu()

    fault = await fault_of(workbook([HEAD, *ROWS]), most_seconds=0.05)

    assert "too_much_work" == fault
    assert time.monotonic() - started < 5
    assert children_cpu() - cpu < 2


async def test_a_cancelled_read_ends_its_process() -> None:
    work = asyncio.create_task(read_in_process(workbook([HEAD, *ROWS]), "dsr.xlsx", LIMITS))
    await asyncio.sleep(0.05)
    work.cancel()

    with pytest.raises(asyncio.CancelledError):
        await work


def test_the_process_limits_its_memory_and_time_before_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []

    def read(source: object) -> list[TablePart]:
        done.append("read")
        return []

    monkeypatch.setattr(resource, "setrlimit", lambda what, limits: done.append((what, limits[0])))
    monkeypatch.setattr(reader, "_answer", read)

    assert 0 == reader.main()
    assert [
        (resource.RLIMIT_AS, reader.MOST_MEMORY),
        (resource.RLIMIT_CPU, reader.MOST_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        "read",
    ] == done
