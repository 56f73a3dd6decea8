"""How a file was read, as facts with labels: its sheet, its headings, its dates, and what was left out."""

from collections.abc import Iterator

from shared.contracts.referrals.loading import FileReading, UploadShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

LETTERS = 26


def reading_facts(register: Definition, upload: UploadShown) -> tuple[tuple[str, str], ...]:
    words, reading = register.words, upload.reading
    facts = [(words("load.file_name"), upload.file_name)]
    if reading is not None:
        facts += _facts(words, reading)
    left_out = [column_name(words, each.place, each.heading) for each in upload.columns if not each.target]
    if left_out:
        facts.append((words("load.read.left_out"), ", ".join(left_out)))
    return tuple(facts)


def _facts(words: Words, reading: FileReading) -> Iterator[tuple[str, str]]:
    if reading.sheet:
        yield words("load.read.sheet"), reading.sheet
    if reading.other_sheets:
        yield words("load.read.other_sheets"), ", ".join(reading.other_sheets)
    yield words("load.read.header_row"), words("load.read.in_row", row=reading.header_row)
    if reading.skipped:
        yield words("load.read.skipped"), ", ".join(map(str, reading.skipped))
    if reading.day_order in ("day_first", "month_first"):
        is_day_first = reading.day_order == "day_first"
        order = words("load.map.day_first") if is_day_first else words("load.map.month_first")
        yield words("load.read.dates"), order
    if reading.encoding:
        yield words("load.read.encoding"), reading.encoding
    if reading.delimiter:
        yield words("load.read.delimiter"), _delimiter(words, reading.delimiter)


def _delimiter(words: Words, delimiter: str) -> str:
    named = {
        ",": words("load.read.comma"),
        ";": words("load.read.semicolon"),
        "\t": words("load.read.tab"),
        "|": words("load.read.bar"),
    }
    return named.get(delimiter, delimiter)


def column_name(words: Words, place: int, heading: str) -> str:
    """Return the name of a column as its user knows it: Excel's letters, and the heading."""
    letters = letters_of(place)
    return (
        words("load.map.column", letters=letters, heading=heading)
        if heading
        else words("load.map.unnamed", letters=letters)
    )


def letters_of(place: int) -> str:
    """Return Excel's letters for a column by its number from 0: A, B, … Z, AA."""
    above, own = divmod(place, LETTERS)
    return (letters_of(above - 1) if above else "") + chr(ord("A") + own)
