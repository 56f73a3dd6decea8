"""The words on pages: the catalogue `words.toml`, and what a register says in its own words."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

from shared.accounts import LimitName, UserAct, UserState
from shared.permissions import AccountGrant, Role
from shared.registers.definition.base import LONGEST_TEXT, placeholders_in
from shared.registers.definition.lifecycle import LIKENESSES, Occasion
from shared.registers.definition.load import RowProblem
from shared.registers.definition.nouns import Nouns
from shared.registers.faults import DefinitionFault, FaultyRegister
from shared.values import ValueFault

CATALOGUE = Path(__file__).parents[1] / "words.toml"
STEP = re.compile(r"[a-z][a-z0-9_]*")

Said = str | tuple[str, ...]
"""A text, or several paragraphs."""

HOUSE = Nouns()

DUE = frozenset({"overdue", "soon"})  # the ways in which a review is due
BY_CODE: Mapping[str, frozenset[str]] = {
    "duplicate.why": frozenset(LIKENESSES),
    "faults": frozenset(ValueFault),
    "limits.said": frozenset(get_args(LimitName)),
    "load_row": frozenset(get_args(RowProblem)),
    "looked.acts": frozenset({"other"}),
    "mails.occasions": frozenset(get_args(Occasion)),
    "meetings.notices": frozenset(),
    "meetings.presence": frozenset({"present", "apologies", "absent"}),
    "meetings.reasons": frozenset({"urgent", "agenda", "carried", "overdue", "by_hand"}),
    "meetings.states": frozenset({"planned", "in_progress", "closed", "cancelled"}),
    "records.reviews": DUE,
    "records.sorts": frozenset(),
    "reviews.leads": DUE,
    "reviews.none": DUE,
    "user.acts.button": frozenset(UserAct),
    "user.acts.confirm": frozenset(UserAct),
    "user.acts.done": frozenset(UserAct),
    "users.grants": frozenset(AccountGrant),
    "users.role_hints": frozenset(Role),
    "users.roles": frozenset(Role),
    "users.states": frozenset(UserState),
}
"""The groups whose words pages look up by code, and the codes for which the catalogue must have words."""


class Words:
    """
    The words on the pages of one register, by key: `words("holding.found", count=3)`.

    Templates read a text as an attribute, with its placeholders unfilled: `words.holding.more`. An optional word is
    empty in the catalogue.
    """

    def __init__(self, said: Mapping[str, Said]) -> None:
        self._texts = {key: text for key, text in said.items() if isinstance(text, str)}
        self._lines = {key: texts for key, texts in said.items() if isinstance(texts, tuple)}
        self._placeholders = {key: _placeholders(each) for key, each in said.items()}
        self._groups = {group: _inside(group, self._texts) for group in BY_CODE}
        vars(self).update(vars(_as_attributes(said)))

    def __call__(self, key: str, /, **filled: object) -> str:
        """Return the text with its placeholders filled. Raise `TypeError` unless exactly its placeholders are given."""
        if filled.keys() != self._placeholders[key]:
            raise TypeError(f"{key} has the placeholders {_listed(self._placeholders[key])}")
        return self._texts[key].format(**filled) if filled else self._texts[key]

    def lines(self, key: str) -> tuple[str, ...]:
        """Return the paragraphs of a word that has several, with placeholders unfilled."""
        return self._lines[key]

    def unfilled(self, key: str) -> str:
        """Return the text with placeholders unfilled, for callers that fill in HTML, or row by row."""
        return self._texts[key]

    def group(self, key: str) -> Mapping[str, str]:
        """Return the words of a group in `BY_CODE` by their codes, with placeholders unfilled."""
        return self._groups[key]


@cache
def catalogue(nouns: Nouns = HOUSE) -> Mapping[str, Said]:
    """Return the default words by key, filled with a register's words for its records. Raise `FaultyRegister`."""
    said = read_catalogue(tomllib.loads(CATALOGUE.read_text("utf-8")))
    return {key: _filled(text, nouns) for key, text in said.items()}


def read_catalogue(written: Mapping[str, object]) -> Mapping[str, Said]:
    """Return the words of a catalogue, which must be complete. Raise `FaultyRegister`."""
    said = dict(_flat(written))
    faults = [DefinitionFault(key, why) for key, text in said.items() if (why := _fault_of_the_house(key, text))]
    for group, codes in BY_CODE.items():
        if missing := sorted(codes - {key.removeprefix(f"{group}.") for key in said}):
            faults.append(DefinitionFault(group, f"is missing {', '.join(missing)}"))
    if faults:
        raise FaultyRegister(CATALOGUE.name, faults)
    return {key: _tidy(text) for key, text in said.items()}


def reworded(own: object, nouns: Nouns = HOUSE) -> tuple[Words, list[DefinitionFault]]:
    """
    Return the default words with a register's own applied, and the faults of its own.

    `nouns` fill both, so that a register which calls its records households reads so without repeating every text.
    """
    house = catalogue(nouns)
    if not isinstance(own, Mapping):
        return Words(house), [DefinitionFault("words", "must be a table")]
    written = {key: _with_nouns(text, nouns) for key, text in _flat(own)}
    wrong = {key: why for key, text in written.items() if (why := _fault(key, text, house))}
    good = {key: _tidy(text) for key, text in written.items() if key not in wrong}
    return Words({**house, **good}), [DefinitionFault(_place(key), why) for key, why in wrong.items()]


def _filled(said: Said, nouns: Nouns) -> Said:
    return nouns.fill(said) if isinstance(said, str) else tuple(nouns.fill(each) for each in said)


def _with_nouns(text: object, nouns: Nouns) -> object:
    """Return what a register wrote for a key, filled. What is no text stays as it is, for its fault."""
    if isinstance(text, list):
        return [_with_nouns(each, nouns) for each in text]
    return nouns.fill(text) if isinstance(text, str) else text


def _flat(written: Mapping[str, object], *above: str) -> Iterator[tuple[str, object]]:
    for name, value in written.items():
        if isinstance(value, Mapping):
            yield from _flat(value, *above, name)
        else:
            yield ".".join((*above, name)), value


def _fault_of_the_house(key: str, text: object) -> str:
    if not all(STEP.fullmatch(step) for step in key.split(".")) or hasattr(Words, key.partition(".")[0]):
        return "cannot be the name of a word"
    return "" if text == "" else _fault_of_text(text)


def _fault(key: str, text: object, house: Mapping[str, Said]) -> str:
    """Return why a register cannot use this text for the key, or an empty string if it can."""
    if key not in house:
        near = get_close_matches(key, house, n=1)
        return f"is not a word that a definition knows{f'; did you mean {near[0]}?' if near else ''}"
    expected = house[key]
    if isinstance(expected, str) and not isinstance(text, str):
        return "must be text in quotes"
    if isinstance(expected, tuple) and not isinstance(text, list):
        return "must be a list in square brackets"
    return _fault_of_text(text) or _fault_of_placeholders(text, expected)


def _fault_of_text(text: object) -> str:
    for each in text if isinstance(text, list) else [text]:
        if not isinstance(each, str):
            return "must be text in quotes"
        if not each.strip():
            return "must not be empty"
        if len(each.strip()) > LONGEST_TEXT:
            return f"must be {LONGEST_TEXT} characters or fewer"
        try:
            placeholders_in(each)
        except ValueError as why:
            return str(why)
    return ""


def _fault_of_placeholders(text: object, expected: Said) -> str:
    has, wanted = _placeholders(_tidy(text)), _placeholders(expected)
    return "" if has == wanted else f"must have the placeholders {_listed(wanted)}; it has {_listed(has)}"


def _tidy(text: object) -> Said:
    return tuple(str(each).strip() for each in text) if isinstance(text, list) else str(text).strip()


def _placeholders(said: Said) -> frozenset[str]:
    return frozenset().union(*map(placeholders_in, (said,) if isinstance(said, str) else said))


def _listed(placeholders: frozenset[str]) -> str:
    return ", ".join(f"{{{each}}}" for each in sorted(placeholders)) or "none"


def _place(key: str) -> str:
    return ", ".join(("words", *key.split(".")))


def _inside(group: str, texts: Mapping[str, str]) -> Mapping[str, str]:
    return {key.removeprefix(f"{group}."): text for key, text in texts.items() if key.startswith(f"{group}.")}


def _as_attributes(said: Mapping[str, Said]) -> SimpleNamespace:
    """Return groups as nested namespaces for templates. They have no methods, so a word may be called `items`."""
    top = SimpleNamespace()
    for key, text in said.items():
        *groups, name = key.split(".")
        here = top
        for group in groups:
            here = vars(here).setdefault(group, SimpleNamespace())
        setattr(here, name, text)
    return top
