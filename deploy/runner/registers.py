"""
Checks the registers before anything else starts, and copies their files to where every process loads them.

The copy makes sure that all processes load the same editions, also one that is started again later. The runner forks
this as a program, so that it need not import the definitions itself.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from services.referrals.store.editions import count_missing, find_used
from shared.database import open_pool, transaction
from shared.registers.faults import FaultyRegister
from shared.registers.folders import LISTS_FOLDER, Found, definition_files, find_registers
from shared.registers.in_use import UnfitEdition, unfit_editions

FOLDER, COPY, DATABASE = "ICS_REGISTERS", "ICS_REGISTERS_COPY", "ICS_DATABASE_URL"
MOST_SAID = 30
MORE = "There may be more faults once these are mended."


def said_of_files(found: Found) -> Iterator[str]:
    """Yield what an operator must know of the files: those that are left out, and what that means."""
    for stray in found.strays:
        yield str(stray)
    for each in found.left_out:
        yield f"{each.source} is left out: {_counted(len(each.faults))}."
        yield from (f"  {fault}" for fault in each.faults[:MOST_SAID])
        if len(each.faults) > MOST_SAID:
            yield f"  `ics register check` names the other {len(each.faults) - MOST_SAID}."
        if each.unfinished:
            yield f"  {MORE}"
    for code in dict.fromkeys(each.code for each in found.left_out):
        yield _served(found, code)


def _counted(faults: int) -> str:
    return "1 fault" if faults == 1 else f"{faults} faults"


def _served(found: Found, code: str) -> str:
    newest = found.newest(code)
    if newest:
        return f"{code}: new records use edition {newest} until this is mended."
    return f"{code}: is not served until this is mended. Its records stay as they are, and other registers are served."


def said_of_unfit(unfit: UnfitEdition) -> Iterator[str]:
    """Yield why a register with records is not served."""
    yield f"{unfit.source} does not fit its records, so {unfit.code} is not served. Other registers are."
    yield from (f"  {fault}" for fault in unfit.faults)
    yield f"  {unfit.advice}"


def copy_files(folder: Path, copy: Path) -> None:
    """Copy the definitions and lists of a folder. A file that cannot be read becomes an empty one, which is faulty."""
    shutil.rmtree(copy, ignore_errors=True)
    lists = [path for path in sorted((folder / LISTS_FOLDER).glob("*")) if path.is_file()]
    copy.mkdir(mode=0o700, parents=True)
    for path in (*definition_files(folder), *lists):
        target = copy / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(_content(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


async def unfit_in(dsn: str, found: Found) -> list[UnfitEdition]:
    """Return the editions that do not fit the records in the database of referrals."""
    pool = await open_pool(dsn, size=1)
    try:
        async with transaction(pool) as db:
            used = await count_missing(db, await find_used(db), found.loaded)
        return unfit_editions(found.loaded, used)
    finally:
        await pool.close()


def main() -> None:
    """Check the files alone, or the files and the records if a database is given."""
    folder = os.environ.get(FOLDER)
    try:
        found = find_registers([Path(folder)] if folder else [])
    except FaultyRegister as faulty:
        why = faulty.faults[0].says
        sys.exit(f"The folder {faulty.source} {why}. Set {FOLDER} to the folder of your registers.")
    if dsn := os.environ.get(DATABASE):
        said = [line for each in asyncio.run(unfit_in(dsn, found)) for line in said_of_unfit(each)]
    else:
        said = list(said_of_files(found))
        if folder:
            try:
                copy_files(Path(folder), Path(os.environ[COPY]))
            except OSError as error:
                sys.exit(f"The registers cannot be copied to {os.environ[COPY]}: {error.strerror}.")
    for line in said:
        print(line)


if __name__ == "__main__":
    main()
