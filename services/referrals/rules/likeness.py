"""
Rules about pairs that the register's team should look at: one person entered with swapped, other or mistyped values.

They stop nobody. What stops a referrer is the register's rules for duplicates, which compare keys.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from services.referrals.rules.first_names import LINES_OF_NAME
from shared.registers.definition.lifecycle import Likeness
from shared.spelling import words_in
from shared.values import EARLIEST_YEAR, match_key

SHORTEST_MISTYPED = 5
SHORTEST_FAMILY_NAME = 3
SHORTEST_SHORT_FORM = 3
SHORTEST_SOUND = 3

_SOUNDS = (("ph", "f"), ("ck", "k"), ("gh", "g"), ("c", "k"), ("q", "k"), ("z", "s"), ("v", "f"))
_DOUBLED = re.compile(r"(.)\1+")
_UNHEARD = re.compile(r"[aeiouyhw]")
_FIRST_LETTERS = ("ck", "kc", "gj", "jg", "sz", "zs", "iy", "yi", "fp", "pf", "ae", "ea")
_FEMININE = ("a", "ia", "ina", "ine", "elle", "le", "lle", "ette")


@dataclass(frozen=True, repr=False)
class ComparedPerson:
    """A person as two records are compared."""

    record_id: UUID
    given_name: str
    family_name: str
    born: date
    nhs_number: str | None

    @property
    def names(self) -> tuple[str, str]:
        return match_key(self.given_name), match_key(self.family_name)


def likeness(one: ComparedPerson, other: ComparedPerson, wanted: Collection[Likeness]) -> Likeness | None:
    """
    Return why two records may be about one person; None if nothing wanted speaks for it, or a rule has found it.

    Two different NHS numbers speak against two spellings and two dates: those are more often two people. A name without
    a letter or digit, such as a dash for one that is not known, is like no other.
    """
    if not (all(one.names) and all(other.names)):
        return None
    if one.born != other.born:
        found = _by_date(one, other)
    elif one.names == other.names:
        found = None
    else:
        found = _by_names(one, other)
    numbers_differ = bool(one.nhs_number and other.nhs_number) and one.nhs_number != other.nhs_number
    if numbers_differ and found in ("name_spelling", "date_slip"):
        return None
    return found if found in wanted else None


def _by_date(one: ComparedPerson, other: ComparedPerson) -> Likeness | None:
    return "date_slip" if one.names == other.names and other.born in dates_like(one.born) else None


def _by_names(one: ComparedPerson, other: ComparedPerson) -> Likeness | None:
    if one.names == other.names[::-1]:
        return "names_swapped"
    if _has_more_names(one, other):
        return "middle_name"
    if _have_given_alike(one, other) and _have_family_alike(one, other):
        return "name_spelling"
    return None


# --------------------------------------------------------------------------------------------------------------- names
def _has_more_names(one: ComparedPerson, other: ComparedPerson) -> bool:
    """Return whether one has further names or initials between the same first and last one, in either order."""
    mine, theirs = _orders(one), _orders(other)
    return any(_is_longer(a, b) or _is_longer(b, a) for a in mine for b in theirs)


def _orders(person: ComparedPerson) -> tuple[list[str], list[str]]:
    given, family = words_in(person.given_name), words_in(person.family_name)
    return given + family, family + given


def _is_longer(longer: list[str], shorter: list[str]) -> bool:
    if len(shorter) < 2 or longer[0] != shorter[0] or longer[-1] != shorter[-1]:
        return False
    left = iter(longer)
    return longer != shorter and all(any(_is_initial(each, word) for each in left) for word in shorter)


def _is_initial(longer: str, shorter: str) -> bool:
    return longer == shorter or (len(shorter) == 1 and longer.startswith(shorter))


def _have_given_alike(one: ComparedPerson, other: ComparedPerson) -> bool:
    """Return whether the given names may be one. Of two names each must: twins may share a second one."""
    mine, theirs = words_in(one.given_name), words_in(other.given_name)
    if len(mine) == len(theirs):
        return all(_may_be_given(a, b) for a, b in zip(mine, theirs, strict=True))
    return _may_be_given(one.names[0], other.names[0])


def _may_be_given(one: str, other: str) -> bool:
    """Return whether two first names may be spellings or short forms of one. Ava and Ada are not, nor Dan and Don."""
    lines, other_lines = LINES_OF_NAME.get(one), LINES_OF_NAME.get(other)
    if one == other or (lines and other_lines):
        return one == other or bool(lines and other_lines and lines & other_lines)
    if (
        _is_short_form(one, other)
        or _is_short_form(other, one)
        or _DOUBLED.sub(r"\1", one) == _DOUBLED.sub(r"\1", other)
    ):
        return True
    return _begin_alike(one, other) and (_is_one_slip(one, other, SHORTEST_MISTYPED) or _sound_alike(one, other))


def _is_short_form(short: str, long: str) -> bool:
    if len(short) < SHORTEST_SHORT_FORM or not long.startswith(short):
        return False
    return long.removeprefix(short) not in _FEMININE


def _have_family_alike(one: ComparedPerson, other: ComparedPerson) -> bool:
    """Return whether two family names may be one: mistyped, spelt otherwise, or one part of a double name."""
    family, other_family = one.names[1], other.names[1]
    if family == other_family:
        return True
    mine, theirs = words_in(one.family_name), words_in(other.family_name)
    is_part = len(mine) != len(theirs) and (set(mine) <= set(theirs) or set(theirs) <= set(mine))
    return is_part or _is_one_slip(family, other_family, SHORTEST_FAMILY_NAME) or _sound_alike(family, other_family)


def _begin_alike(one: str, other: str) -> bool:
    return bool(one and other) and (one[0] == other[0] or one[0] + other[0] in _FIRST_LETTERS)


def _sound_alike(one: str, other: str) -> bool:
    heard = _sound(one)
    return len(heard) >= SHORTEST_SOUND and heard == _sound(other)


def _sound(name: str) -> str:
    """Return the consonants that are heard: ktrn for Catherine and Kathryn."""
    heard = name
    for written, sound in _SOUNDS:
        heard = heard.replace(written, sound)
    return _DOUBLED.sub(r"\1", _UNHEARD.sub("", _DOUBLED.sub(r"\1", heard)))


def _is_one_slip(one: str, other: str, shortest: int) -> bool:
    """Return whether one letter was left out, added, changed, or two were exchanged."""
    if min(len(one), len(other)) < shortest or abs(len(one) - len(other)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    mine, theirs = one[start:], other[start:]
    exchanged = mine[:2] == theirs[1::-1] and mine[2:] == theirs[2:]
    return mine[1:] == theirs[1:] or mine[1:] == theirs or mine == theirs[1:] or exchanged


# --------------------------------------------------------------------------------------------------------------- dates
def dates_like(born: date) -> frozenset[date]:
    """Return the days that one slip makes of a date: day and month exchanged, one digit changed, or two exchanged."""
    written = f"{born.day:02}{born.month:02}{born.year:04}"
    slips = {written[2:4] + written[:2] + written[4:], *_digits_changed(written), *_digits_exchanged(written)}
    found = {day for each in slips if (day := _day(each))}
    return frozenset(found - {born})


def _digits_changed(written: str) -> Iterator[str]:
    for place in range(len(written)):
        yield from (written[:place] + digit + written[place + 1 :] for digit in "0123456789")


def _digits_exchanged(written: str) -> Iterator[str]:
    for place in range(len(written) - 1):
        yield written[:place] + written[place + 1] + written[place] + written[place + 2 :]


def _day(written: str) -> date | None:
    day, month, year = int(written[:2]), int(written[2:4]), int(written[4:])
    if not (1 <= month <= 12 and 1 <= day <= 31 and year >= EARLIEST_YEAR):
        return None
    found = date(year, month, 1) + timedelta(days=day - 1)
    return found if found.month == month else None
