"""What is looked for by name, and the references that records are known by."""

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
    What to look for: a reference, or words.

    Names in which a word has this `beginning` are found by comparison (`beginning` ≤ word < `until`). `within` says
    that the first of the `patterns`, the longest word's, may be looked for inside words too. All patterns must match.
    At most `most` people are found.
    """

    reference: str | None
    beginning: str
    until: str
    within: bool
    patterns: tuple[str, ...]
    most: int = MOST_MATCHES


def read_search(register_code: str, text: str) -> Search | None:
    """What was typed into the search box; None when there is nothing to look for in it."""
    reference = read_reference(register_code, text)
    words = sorted(dict.fromkeys(PARTS.findall(fold(text))), key=len, reverse=True)[:MOST_WORDS]
    if not words:
        return None
    longest = words[0]
    within = len(longest) >= SHORTEST_WITHIN
    return Search(reference, longest, longest + LAST_CHARACTER, within, tuple(_pattern(word) for word in words))


def _pattern(word: str) -> str:
    """Words hold letters and digits alone, so nothing in a pattern needs escaping."""
    return f"%{word}%" if len(word) >= SHORTEST_WITHIN else f"% {word}%"


def searchable(text: str) -> str:
    """
    A space, then the words of a folded text, each once, with a space between.

    What an apostrophe or a hyphen parts is found by its parts and as one: "o'brien" as o, brien and obrien.
    """
    words: dict[str, None] = {}
    for written in text.split():
        parts = PARTS.findall(written)
        words |= dict.fromkeys([*parts, "".join(parts)] if len(parts) > 1 else parts)
    return " " + " ".join(words)


ALPHABET = "234679CDFGHJKMNPQRTVWXY"  # nothing that is taken for another letter or digit, and no vowel: no words
REFERENCES = len(ALPHABET) ** 8

_REFERENCE = re.compile(rf"[ -]?([{ALPHABET}]{{4}})[ -]?([{ALPHABET}]{{4}})")


def write_reference(register_code: str, number: int) -> str:
    """The reference for a number below `REFERENCES`, like DSR-7KQ2-M9XP."""
    letters = ""
    for _ in range(8):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return f"{register_code.upper()}-{letters[:4]}-{letters[4:]}"


def read_reference(register_code: str, text: str) -> str | None:
    """The reference that was typed, in any case, with hyphens, spaces or neither; None for anything else."""
    code, typed = register_code.upper(), text.strip().upper()
    found = _REFERENCE.fullmatch(typed.removeprefix(code)) if typed.startswith(code) else None
    return f"{code}-{found[1]}-{found[2]}" if found else None
