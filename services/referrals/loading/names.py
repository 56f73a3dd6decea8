"""Names in one cell: SMITH, John is the family name Smith and the first name John."""

import re
from collections.abc import Iterable

from services.referrals.rules.first_names import LINES_OF_NAME
from shared.cleaning import clean_line
from shared.values import fold

_TITLES = re.compile(r"(mr|mrs|ms|miss|mx|dr|master|rev|prof)\.?\s+", re.IGNORECASE)
_ENOUGH = 5
_TIMES = 20


class NameColumn:
    """
    A column of whole names. A comma or capitals tell the family name.

    Without these, two words are split only if the common first names of the column all stand at one place.
    """

    def __init__(self, cells: Iterable[str]) -> None:
        first, last = 0, 0
        for cell in dict.fromkeys(cells):
            words = _split_words(cell)
            if "," not in cell and len(words) == 2:
                known = [fold(word) in LINES_OF_NAME for word in words]
                first += known == [True, False]
                last += known == [False, True]
        self._given_first = first >= _ENOUGH and first >= last * _TIMES
        self._family_first = last >= _ENOUGH and last >= first * _TIMES

    def split(self, text: str) -> tuple[str, str] | None:
        """Return the first and the family name in a cell; None if it is not clear which is which."""
        if "," in text:
            return _by_comma(clean_line(text))
        words = _split_words(text)
        if by_capitals := _by_capitals(words):
            return by_capitals
        if len(words) != 2:
            return None
        if self._given_first or _TITLES.match(clean_line(text)):  # no one writes Mr Smith John
            return words[0], words[1]
        return (words[1], words[0]) if self._family_first else None


def _split_words(text: str) -> list[str]:
    return _TITLES.sub("", clean_line(text), count=1).split()


def _by_comma(name: str) -> tuple[str, str] | None:
    family, _, given = (part.strip() for part in name.partition(","))
    given = _TITLES.sub("", given, count=1) if _TITLES.match(given) else given
    return (given, family) if family and given and "," not in given else None


def _by_capitals(words: list[str]) -> tuple[str, str] | None:
    """Return the names if the family name, and that alone, is written in capitals at one end."""
    capitals = [len(word) > 1 and word.isupper() for word in words]
    times = sum(capitals)
    if not 0 < times < len(words):
        return None
    if all(capitals[:times]):
        return " ".join(words[times:]), " ".join(words[:times])
    return (" ".join(words[:-times]), " ".join(words[-times:])) if all(capitals[-times:]) else None
