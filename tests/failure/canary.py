"""A made-up person whose every fact is unique, and the search for these facts in places that must not hold any."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle, islice

from nhs_number import calculate_checksum

from shared.registers.definition.questions import Question, QuestionForm
from shared.values import show_nhs_number
from tests.walking import Fields

CONSONANTS, VOWELS = "bdfgklmnprstvwz", "aeiou"
BORN, FIRST_OTHER_DAY = date(2007, 3, 13), date(2021, 10, 19)  # under 16 at the consent, as every answer is "yes"
NHS_NUMBER = f"943271865{calculate_checksum('943271865')}"
POSTCODE = "ZQ9 4XV"
PHONE = "01632 960817"


def word(of: str) -> str:
    """Return a pronounceable word that appears nowhere else: the same for one text, different for others."""
    digest = hashlib.sha256(of.encode()).digest()
    letters = (letter[byte % len(letter)] for letter, byte in zip(cycle((CONSONANTS, VOWELS)), digest, strict=False))
    return "Zyq" + "".join(islice(letters, 11))


@dataclass(frozen=True)
class Sought:
    """One fact, and every way in which it may be written. Print `what`, never the ways."""

    what: str
    ways: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Return whether the text holds the fact. The text must be in lower case."""
        return any(way.casefold() in text for way in self.ways)


def sought_word(what: str, text: str) -> Sought:
    return Sought(what, (text,))


def sought_day(what: str, day: date) -> Sought:
    return Sought(what, (day.isoformat(), f"{day:%d/%m/%Y}", f"{day.day} {day:%B} {day.year}", f"{day:%Y%m%d}"))


@dataclass(frozen=True)
class Filled:
    """A register's form with every question answered, and the facts to search for afterwards."""

    fields: Fields
    sought: tuple[Sought, ...]


def fill(form: QuestionForm, about: str, **chosen: str) -> Filled:
    """Answer each question by its kind. `chosen` has the answers that must differ from the first option."""
    fields: Fields = {}
    sought: list[Sought] = []
    for number, question in enumerate(form.asked):
        answers, found = _answer(question, f"{about} {question.name}", number)
        fields |= answers
        sought += found
    return Filled(fields | chosen, tuple(sought))


def _answer(question: Question, about: str, number: int) -> tuple[Fields, list[Sought]]:
    match question.kind:
        case "date":
            day = BORN if question.name == "date_of_birth" else FIRST_OTHER_DAY + timedelta(days=number)
            parts = {"day": day.day, "month": day.month, "year": day.year}
            return {f"{question.name}-{part}": str(value) for part, value in parts.items()}, [sought_day(about, day)]
        case "yes_no":
            return {question.name: "yes"}, []
        case "choice" | "choices" | "select":
            return {question.name: question.options[0].code}, []
        case _:
            ways = _ways(question, about)
            return {question.name: ways[0]}, [Sought(about, ways)]


def _ways(question: Question, about: str) -> tuple[str, ...]:
    """Return the answer as typed, and the other forms in which it may be written."""
    match question.kind:
        case "nhs_number":
            return (NHS_NUMBER, show_nhs_number(NHS_NUMBER))
        case "postcode":
            return (POSTCODE, POSTCODE.replace(" ", ""))
        case "email":
            return (f"{word(about)}@{word(about)}.example",)
        case "phone":
            return (PHONE, PHONE.replace(" ", ""))
        case _:
            return (word(about),)


@dataclass(frozen=True)
class Place:
    """A place to search, with its text."""

    name: str
    text: str


def hits(sought: Iterable[Sought], places: Iterable[Place]) -> list[str]:
    """Return which facts are found in which places, without the facts themselves."""
    wanted = tuple(sought)
    return list(dict.fromkeys(_hits(wanted, places)))


def _hits(sought: tuple[Sought, ...], places: Iterable[Place]) -> Iterator[str]:
    for place in places:
        text = place.text.casefold()
        yield from (f"{each.what} is in {place.name}" for each in sought if each.is_in(text))


def without(fields: Fields, *names: str) -> Fields:
    """Return the form without these fields."""
    return {name: value for name, value in fields.items() if name not in names}
