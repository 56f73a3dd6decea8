"""Downloads reports and reads them with LibreOffice, which shows what a reader would see in every sheet."""

import asyncio
import csv
from collections.abc import Sequence
from pathlib import Path

from deploy.build.find_office import OFFICE
from deploy.build.programs import find
from deploy.runner.waiting import until
from tests.walking import Walker

# Export filter options: commas, quotes, UTF-8, cells as shown, every sheet.
AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
SECONDS = 120

Rows = list[list[str]]


async def generated(somebody: Walker, report: str, **chosen: str) -> bytes:
    """Ask for a report and return its file once it is ready. `chosen` are further fields of the form."""
    fields = (await somebody.see(somebody.at("reporting/"))).fields("report")
    started = await somebody.go_on(somebody.at("reporting/"), fields | {"report": report} | chosen)
    job = started.partition("?")[0]

    async def is_ready() -> bool:
        return "Your report is ready." in (await somebody.see(job)).html

    assert await until(is_ready, seconds=30)
    return await somebody.download(f"{job}file")


async def opened_by_office(files: Sequence[Path], folder: Path) -> dict[str, dict[str, Rows]]:
    """
    Return what LibreOffice shows: file → sheet → rows.

    Raises `NotFound` if LibreOffice is missing and cannot be installed.
    """
    office = await asyncio.to_thread(find, OFFICE)
    shown = folder / "shown"
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = (office, profile, "--headless", "--norestore", "--convert-to", AS_SHOWN, "--outdir", shown, *files)
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(SECONDS):
        said, wrong = await process.communicate()
    assert 0 == process.returncode, (said + wrong).decode()
    return {file.name: _sheets_of(file, shown) for file in files}


def _sheets_of(file: Path, shown: Path) -> dict[str, Rows]:
    found = {}
    for each in sorted(shown.glob(f"{file.stem}-*.csv")):
        with each.open(encoding="utf-8", newline="") as text:
            found[each.stem.removeprefix(f"{file.stem}-")] = list(csv.reader(text))
    return found
