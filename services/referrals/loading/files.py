"""Reading a file as a table, whatever program wrote it."""

import re
from collections.abc import Sequence

from services.referrals.loading.dates import find_day_order, has_dates
from services.referrals.loading.decoding import decode
from services.referrals.loading.finding import find_table
from services.referrals.loading.separated import split_text
from services.referrals.loading.table import FileTable, Grid, Limits, UnreadableFile
from services.referrals.loading.workbook import read_workbook
from shared.contracts.referrals.loading import FileReading

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OTHER_PROGRAMS = (
    *(
        b"%PDF",
        b"{\\rtf",
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"GIF8",
        b"\x1f\x8b",
        b"BZh",
        b"7z\xbc\xaf",
        b"Rar!",
        b"\x7fELF",
    ),
    *(b"MZ", b"\xfd7zXZ", b"PAR1", b"SQLite format"),
)
_MARKUP = re.compile(rb"\s*<(!doctype|html|table|\?xml|meta|head|body|div)\b", re.IGNORECASE)
_BLANKS = " \t\n\r\f\v\u00a0\ufeff\u200b"


def read_table(content: bytes, file_name: str, limits: Limits, sheet: str = "") -> FileTable:
    """
    Return the table in a file, by what the file holds and not by its name. `sheet` names the sheet of a workbook.

    Raise `UnreadableFile`. Call it in a process of its own: a file may be made to cost time and memory.
    """
    if content.startswith(_ZIP):
        table = read_workbook(content, limits, sheet)
    else:
        _refuse_other_types(content, file_name)
        table = _read_text(content, limits)
    return _with_day_order(table)


def _refuse_other_types(content: bytes, file_name: str) -> None:
    if content.startswith(_OLD_OFFICE):
        raise UnreadableFile("password" if _ENCRYPTED in content else "wrong_type")
    if content.startswith(_OTHER_PROGRAMS) or _MARKUP.match(content.removeprefix(b"\xef\xbb\xbf")):
        raise UnreadableFile("wrong_type")
    if file_name.lower().endswith((".xlsx", ".xlsm")) and b"\0" in content[:4096]:
        raise UnreadableFile("not_a_table")


def _read_text(content: bytes, limits: Limits) -> FileTable:
    text, encoding = decode(content)
    rows, delimiter = split_text(text, limits.most_cell)
    reading = FileReading(encoding=encoding, delimiter=delimiter)
    return find_table(_tidied(rows), limits, reading)


def _tidied(rows: Sequence[Sequence[str]]) -> Grid:
    return [[cell.strip(_BLANKS).replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]


def _with_day_order(table: FileTable) -> FileTable:
    columns = ([row[place] for row in table.rows if place < len(row)] for place in range(len(table.headings)))
    order = find_day_order(filter(has_dates, columns))
    return FileTable(table.reading.model_copy(update={"day_order": order}), table.headings, table.rows)
