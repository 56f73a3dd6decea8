"""References of records, which are safe to say aloud and to write in mails."""

import re
from collections.abc import Iterable

from shared.cleaning import clean_line
from shared.values import plain_signs

ALPHABET = "234679CDFGHJKMNPQRTVWXY"  # no characters that look alike, and no vowels, so that no words come up
LETTERS = ALPHABET[6:]
BLOCKS = len(LETTERS) * len(ALPHABET) ** 3
REFERENCES = BLOCKS**2

_REFERENCE = re.compile(rf"[ -]?([{ALPHABET}]{{4}})[ -]?([{ALPHABET}]{{4}})")


def write_reference(prefix: str, number: int) -> str:
    """
    Return the reference for a number below `REFERENCES`, such as DSR-K7Q2-M9XP.

    Each block begins with a letter, so that a block typed alone is never taken for a part of an NHS number or a date.
    """
    first, second = divmod(number, BLOCKS)
    return f"{prefix.upper()}-{_write_block(first)}-{_write_block(second)}"


def _write_block(number: int) -> str:
    number, place = divmod(number, len(LETTERS))
    block = LETTERS[place]
    for _ in range(3):
        number, place = divmod(number, len(ALPHABET))
        block += ALPHABET[place]
    return block


def read_reference(prefixes: Iterable[str], text: str) -> str | None:
    """
    Return the typed reference in its standard form; None if it has none of a register's prefixes.

    Any case is accepted, with hyphens, spaces or neither.
    """
    typed = plain_signs(clean_line(text)).upper()
    for prefix in sorted(map(str.upper, prefixes), key=len, reverse=True):
        found = _REFERENCE.fullmatch(typed.removeprefix(prefix)) if typed.startswith(prefix) else None
        if found:
            return f"{prefix}-{found[1]}-{found[2]}"
    return None


def bare_reference(reference: str) -> str:
    """Return the letters of a reference as searches find them: 7kq2m9xp."""
    return "".join(reference.split("-")[1:]).lower()
