"""
Reads one file as a table: takes the file on the input, and writes the table in parts to the output.

    python -m services.referrals.loading

The process limits its own memory and time before it reads. It writes nothing until the whole table is read.
"""

import resource
import sys
from collections.abc import Iterator
from typing import BinaryIO

from services.referrals.loading.files import read_table
from services.referrals.loading.parts import LENGTH_BYTES, ReadingOrder, TablePart
from services.referrals.loading.table import FileTable, UnreadableFile

MOST_MEMORY = 1_000_000_000
MOST_CPU_SECONDS = 30
ROWS_OF_A_PART = 200


def main() -> int:
    """Return the exit code: 0 if there is an answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_SECONDS, MOST_CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        for part in _answer(sys.stdin.buffer):
            _write(sys.stdout.buffer, part)
        sys.stdout.buffer.flush()
    except Exception:  # noqa: BLE001  stops every error here: its text might be about a person
        return 1
    return 0


def _answer(source: BinaryIO) -> Iterator[TablePart]:
    order = ReadingOrder.model_validate_json(source.readline())
    try:
        table = read_table(source.read(), order.file_name, order.limits, order.sheet)
    except UnreadableFile as unreadable:
        yield TablePart(fault=unreadable.fault)
    except MemoryError:
        yield TablePart(fault="too_much_work")
    else:
        yield from _parts_of(table)


def _parts_of(table: FileTable) -> Iterator[TablePart]:
    yield TablePart(reading=table.reading, headings=table.headings)
    for first in range(0, len(table.rows), ROWS_OF_A_PART):
        yield TablePart(rows=tuple(table.rows[first : first + ROWS_OF_A_PART]))
    yield TablePart(end=True)


def _write(target: BinaryIO, part: TablePart) -> None:
    """Write the length of a part and the part."""
    content = part.model_dump_json(exclude_defaults=True).encode()
    target.write(len(content).to_bytes(LENGTH_BYTES, "big"))
    target.write(content)


if __name__ == "__main__":
    sys.exit(main())
