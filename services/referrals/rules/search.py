"""Rules about searches by name or reference."""

from dataclasses import dataclass

from shared.contracts.referrals.listing import MOST_MATCHES
from shared.registers.form.person import PARTS
from shared.registers.references import read_reference
from shared.values import fold

SHORTEST_WITHIN = 3
MOST_WORDS = 8
LAST_CHARACTER = "\U0010ffff"


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
