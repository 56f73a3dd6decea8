"""How people are found by any spelling of their name: the patterns of what is typed, for the words that are stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.registers.form.person import PARTS
from shared.values import fold

SHORTEST_WITHIN = 3
MOST_WORDS = 8


@dataclass(frozen=True, repr=False)
class Patterns:
    """
    LIKE patterns of typed words, for `searchable` text. All of `each` must match, or all of `joined` where it is given.

    `joined` has short words together with the next one, as in "Delacruz" for "De La Cruz".
    """

    longest: str
    each: tuple[str, ...]
    joined: tuple[str, ...] | None = None


def patterns_of(words: Sequence[str]) -> Patterns | None:
    """Return the patterns of folded words in the order typed; None if there are none."""
    if not words:
        return None
    each, joined = _longest_first(words), _longest_first(_joined(words))
    return Patterns(each[0], tuple(map(_pattern, each)), tuple(map(_pattern, joined)) if joined else None)


def words_in(text: str) -> list[str]:
    return PARTS.findall(fold(text))


def _joined(words: Sequence[str]) -> list[str]:
    """
    Return the words with each short one put before the next, the last ones behind the last; empty if that finds
    nothing more.

    A short word is found where a stored word begins with it. So one at the very beginning needs no joining.
    """
    joined: list[str] = []
    held: list[str] = []
    finds_more = False
    for word in words:
        held.append(word)
        if len(word) >= SHORTEST_WITHIN:
            finds_more = finds_more or len(held) > (1 if joined else 2)
            joined.append("".join(held))
            held = []
    if not held:
        return joined if finds_more else []
    last = joined.pop() if joined else ""
    return [*joined, "".join((last, *held))] if last or len(held) > 1 else []


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(words), key=len, reverse=True)[:MOST_WORDS]


def _pattern(word: str) -> str:
    """Return the LIKE pattern of a word. Words hold only letters and digits, so nothing needs escaping."""
    return f"%{word}%" if len(word) >= SHORTEST_WITHIN else f"% {word}%"
