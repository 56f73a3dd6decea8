"""References of records, which are safe to say aloud and to write in mails."""

import re

from shared.cleaning import clean_line
from shared.values import plain_signs

ALPHABET = "234679CDFGHJKMNPQRTVWXY"  # no characters that look alike, and no vowels, so that no words come up
REFERENCES = len(ALPHABET) ** 8

_REFERENCE = re.compile(rf"[ -]?([{ALPHABET}]{{4}})[ -]?([{ALPHABET}]{{4}})")


def write_reference(register_code: str, number: int) -> str:
    """Return the reference for a number below `REFERENCES`, such as DSR-7KQ2-M9XP."""
    letters = ""
    for _ in range(8):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return f"{register_code.upper()}-{letters[:4]}-{letters[4:]}"


def read_reference(register_code: str, text: str) -> str | None:
    """
    Return the typed reference in its standard form; None if the text is not a reference of this register.

    Any case is accepted, with hyphens, spaces or neither.
    """
    code, typed = register_code.upper(), plain_signs(clean_line(text)).upper()
    found = _REFERENCE.fullmatch(typed.removeprefix(code)) if typed.startswith(code) else None
    return f"{code}-{found[1]}-{found[2]}" if found else None


def bare_reference(reference: str) -> str:
    """Return the letters of a reference as searches find them: 7kq2m9xp."""
    return "".join(reference.split("-")[1:]).lower()
