"""Rules about searches by name, and about the references of records."""

import re
from dataclasses import dataclass

from shared.contracts.referrals.listing import MOST_MATCHES
from shared.values import fold

SHORTEST_WITHIN = 3
MOST_WORDS = 8
LAST_CHARACTER = "\U0010ffff"

PARTS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, repr=False)
class Search:
    """
    What to search for: a reference, or words. At most `most` people are found.

    A name is found by comparison if one of its words is at least `beginning` and less than `until`. `within` says that
    the first of the `patterns`, that of the longest word, may also match inside words. All patterns must match.
    """

    reference: str | None
    beginning: str
    until: str
    within: bool
    patterns: tuple[str, ...]
    most: int = MOST_MATCHES


def read_search(register_code: str, text: str) -> Search | None:
    """Return the search for the typed text; None if the text holds nothing to search for."""
    reference = read_reference(register_code, text)
    words = sorted(dict.fromkeys(PARTS.findall(fold(text))), key=len, reverse=True)[:MOST_WORDS]
    if not words:
        return None
    longest = words[0]
    within = len(longest) >= SHORTEST_WITHIN
    return Search(reference, longest, longest + LAST_CHARACTER, within, tuple(_pattern(word) for word in words))


def _pattern(word: str) -> str:
    """Return the LIKE pattern of a word. Words hold only letters and digits, so nothing needs escaping."""
    return f"%{word}%" if len(word) >= SHORTEST_WITHIN else f"% {word}%"


def searchable(text: str) -> str:
    """
    Return a space and then the words of a folded text, each once, separated by spaces.

    A word with an apostrophe or a hyphen is found by its parts and as a whole: "o'brien" as o, brien and obrien.
    """
    words: dict[str, None] = {}
    for written in text.split():
        parts = PARTS.findall(written)
        words |= dict.fromkeys([*parts, "".join(parts)] if len(parts) > 1 else parts)
    return " " + " ".join(words)


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
    code, typed = register_code.upper(), text.strip().upper()
    found = _REFERENCE.fullmatch(typed.removeprefix(code)) if typed.startswith(code) else None
    return f"{code}-{found[1]}-{found[2]}" if found else None
