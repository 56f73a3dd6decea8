"""What a record's answers say about the person, by the roles of its register's questions."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.cleaning import clean_line
from shared.registers.definition.base import Role
from shared.registers.definition.lifecycle import Level
from shared.registers.definition.questions import NOT_KNOWN
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers
from shared.registers.form.reading import Raw
from shared.registers.references import bare_reference
from shared.values import day_of, fold, match_key

PARTS = re.compile(r"[^\W_]+")
REFERENCE_MARK = "#"  # before the letters of a reference in the text that searches cover
MOST_JOINED = 6  # parts of a name that are also stored as one word
NAME_ROLES: tuple[Role, ...] = ("given_name", "family_name")


@dataclass(frozen=True, repr=False)
class Person:
    """The person that a record is about. `locality` is a code."""

    given_name: str
    family_name: str
    born: date | None = None
    nhs_number: str | None = None
    postcode: str | None = None
    locality: str | None = None
    lead_professional: str | None = None

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}"


def person_of(register: Definition, answers: Answers) -> Person:
    """Return the person that these answers are about. A date of birth that is not known becomes None."""
    return Person(
        given_name=_answer(register, answers, "given_name") or "",
        family_name=_answer(register, answers, "family_name") or "",
        born=_born(register, answers),
        nhs_number=_answer(register, answers, "nhs_number"),
        postcode=_answer(register, answers, "postcode"),
        locality=_answer(register, answers, "locality"),
        lead_professional=_answer(register, answers, "lead_professional"),
    )


def name_typed(register: Definition, raw: Raw) -> str:
    """Return the person's name as typed so far, checked or not; empty if there is none."""
    fields = (raw.get(register.person.get(role, ""), "") for role in NAME_ROLES)
    words = [
        word
        for field in fields
        for text in ([field] if isinstance(field, str) else field)
        for word in clean_line(text).split()
    ]
    return " ".join(words)


def rating_of(register: Definition, answers: Answers) -> Level | None:
    """Return the level of a record's rating, or None in a register without a rating."""
    if register.rating is None:
        return None
    code = answers.get(register.rating.question)
    return register.rating.level(code) if isinstance(code, str) else None


def search_text(register: Definition, answers: Answers, reference: str = "") -> str:
    """
    Return the text that the list's search covers: the words of the answers that the register names for it, the NHS
    number, the date of birth (see `birth_as_searched`) and the letters of the reference.

    The letters are marked. They are random, so one or two letters of a name must not find them.
    """
    found = [answers.get(name) for name in register.records.search]
    number, born = _answer(register, answers, "nhs_number") or "", _born(register, answers)
    numbers = (number, birth_as_searched(born) if born else "")
    words = searchable(*(answer for answer in found if isinstance(answer, str)), *numbers)
    return f"{words} {REFERENCE_MARK}{bare_reference(reference)}" if reference else words


def birth_as_searched(born: date) -> str:
    """Return a date as searches find it: year of two digits, month, day, century. So the century may be left out."""
    return f"{born:%y%m%d}{born.year // 100:02}"


def searchable(*texts: str) -> str:
    """
    Return a space and then the folded words of some texts, each once, separated by spaces.

    A name of several parts is found by its parts and as a whole: "O'Brien" and "O Brien" as o, brien and obrien.
    """
    found: dict[str, None] = {}
    for text in texts:
        folded = fold(text)
        parts = PARTS.findall(folded)
        wholes = ["".join(parts)] if len(parts) <= MOST_JOINED else _joined_where_written(folded)
        found |= dict.fromkeys([*parts, *wholes])
    found.pop("", None)
    return " " + " ".join(found)


def _joined_where_written(folded: str) -> list[str]:
    """Return each word of a long text without its apostrophes and hyphens."""
    return ["".join(PARTS.findall(word)) for word in folded.split()]


def match_values(register: Definition, answers: Answers) -> tuple[tuple[str, ...] | None, ...]:
    """
    Return the values to compare by, for each of the register's duplicate rules; None where one is not known.

    Case, accents, spaces and hyphens make no difference.
    """
    return tuple(_values(register, answers, roles) for roles in (rule.match for rule in register.duplicates.rules))


@dataclass(frozen=True)
class MatchKey:
    """A key by which records are compared. `rule` holds the roles of its rule, separated by spaces."""

    rule: str
    key: str


def match_keys(register: Definition, answers: Answers) -> tuple[MatchKey, ...]:
    """
    Return the keys by which a record is compared with others of its register, in the order of the register's rules.

    The rule is part of the hash, so keys of two rules never match. The hash needs no secret: the same schema holds the
    record in clear text.
    """
    rules = zip((rule.match for rule in register.duplicates.rules), match_values(register, answers), strict=True)
    return tuple(_match_key(" ".join(roles), values) for roles, values in rules if values)


def _match_key(rule: str, values: Sequence[str]) -> MatchKey:
    return MatchKey(rule, hashlib.sha256("\n".join((rule, *values)).encode()).hexdigest())


def _values(register: Definition, answers: Answers, roles: tuple[Role, ...]) -> tuple[str, ...] | None:
    values = [_value(register, answers, role) for role in roles]
    known = [match_key(value) for value in values if value and value != NOT_KNOWN]
    return tuple(known) if len(known) == len(roles) and all(known) else None


def _value(register: Definition, answers: Answers, role: Role) -> str | None:
    """Return the value to compare by. A text that is no date of birth is none: it says nothing about the person."""
    if role != "born":
        return _answer(register, answers, role)
    born = _born(register, answers)
    return born.isoformat() if born else None


def _born(register: Definition, answers: Answers) -> date | None:
    return day_of(answers.get(register.person.get("born", "")))


def _answer(register: Definition, answers: Answers, role: Role) -> str | None:
    answer = answers.get(register.person.get(role, ""))
    return answer if isinstance(answer, str) else None
