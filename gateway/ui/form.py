"""A form: its fields, what the user typed, and what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal
from uuid import UUID

from aiohttp import web
from markupsafe import Markup, escape
from multidict import MultiMapping

from gateway.ui.shell import Hole, Holes, Name
from gateway.ui.table import Cell
from shared.cleaning import clean_line, clean_text, says_something
from shared.ids import new_id
from shared.messages import Refused

DATE_PARTS = ("day", "month", "year")
SELECTED, CHECKED = Markup(" selected"), Markup(" checked")

Kind = Literal["text", "email", "password", "whole_number", "long_text", "choice", "choices", "select", "date", "file"]
Posted = MultiMapping[str | bytes | bytearray | web.FileField]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: the code that is stored, and the label that is shown."""

    code: str
    label: str
    hint: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """
    One question of a form. `missing` is the error for an empty answer; without it the field may stay empty.

    `width` is in characters, for answers of a known length: 2, 3, 4, 5, 10, 20 or 30.

    `clear` is the button that takes back a choice, and `no_answer` the choice for the same without scripts. Without
    them a choice cannot be taken back.
    """

    name: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    missing: str = ""
    autocomplete: str = ""
    placeholder: str = ""
    choices: tuple[Choice, ...] = ()
    width: int = 0
    inline: bool = False
    clear: str = ""
    no_answer: str = ""

    @property
    def anchor(self) -> str:
        """The id that the error summary links to: the first input of the field."""
        return f"{self.name}-day" if self.kind == "date" else self.name

    @property
    def groups(self) -> list[tuple[str, list[Choice]]]:
        """The choices under the headings of their groups, in their given order."""
        return [(group, list(choices)) for group, choices in groupby(self.choices, lambda choice: choice.group)]


class Form:
    """
    Keeps what a user typed and what is wrong with it, so that nothing has to be typed twice.

    `command` is the id of what the form is about to do. `status` is that of the page that shows a sent form again.
    `reason` is the refusal of what it asked for. Forms may share one mapping of fields by name, which never changes.
    """

    def __init__(
        self,
        fields: Sequence[Field] | Mapping[str, Field],
        values: Mapping[str, str | Iterable[str]] | None = None,
    ) -> None:
        self.command: UUID = new_id()
        self.status = 200
        self.reason: Refused | None = None
        self.fields: Mapping[str, Field] = fields if isinstance(fields, Mapping) else by_name(fields)
        self.errors: dict[str, str] = {}
        self.refusal = ""
        self._refused: frozenset[str] = frozenset()
        self._refused_at = ""
        self._typed: dict[str, list[str]] = {
            name: [value] if isinstance(value, str) else list(value) for name, value in (values or {}).items()
        }

    def read(self, posted: Posted) -> dict[str, str] | None:
        """
        Return the answers by name; None if something is missing (then show the page again).

        Text is cleaned and trimmed; a password is not. An answer that must not be missing needs a letter or a digit. A
        date is "day/month/year" as typed, or empty if all three are. Read several choices with `chosen`. Files are left
        to the caller.
        """
        for name, clean in self._inputs():
            self._typed[name] = [clean(value) for value in posted.getall(name, ()) if isinstance(value, str)]
        answers = {name: self._answer(field) for name, field in self.fields.items() if field.kind != "file"}
        for name, answer in answers.items():
            if self.fields[name].missing and not self._is_answered(name, answer):
                self.wrong(name, self.fields[name].missing)
        return None if self.errors else answers

    def wrong(self, name: str, message: str, *, status: int = 422) -> None:
        """Say what is wrong with one answer, at its field and in the summary."""
        self.errors.setdefault(name, message)
        self.status = status

    def refuse(self, message: str, *names: str, status: int = 422, at: str = "") -> None:
        """
        Say what is wrong with the whole form, in the summary alone. Mark the named fields.

        `at` is the id of a part of the page that says more. Otherwise the summary links to the first named field.
        """
        self.refusal = message
        self._refused_at = at
        self.status = status
        self._refused = frozenset(names)

    def value(self, name: str) -> str:
        """Return what the field shows again. A password is never sent back."""
        field = self.fields.get(name)
        if field is not None and field.kind == "password":
            return ""
        return next(iter(self._typed.get(name, ())), "")

    def has(self, name: str) -> bool:
        """Return whether the field was sent, even if empty."""
        return name in self._typed

    def value_attribute(self, name: str) -> str | Hole:
        """Return the attribute of an input that shows its value again."""
        value = self.value(name)
        return _attribute(value) if value else ""

    def mark(self, field: Field, code: str) -> str | Hole:
        """Return the attribute of a choice that is chosen."""
        if field.kind == "select":
            return SELECTED if code == self.value(field.name) else ""
        return CHECKED if code in self.chosen(field.name) else ""

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def chosen(self, name: str) -> list[str]:
        return [code for code in self._typed.get(name, ()) if code]

    def is_marked(self, name: str) -> bool:
        return name in self.errors or name in self._refused

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The error summary in the order of the questions: link target and text. Empty when there are no errors."""
        whole = [(self._refused_at or self._first_refused(), self.refusal)] if self.refusal else []
        return whole + [(field.anchor, self.errors[name]) for name, field in self.fields.items() if name in self.errors]

    def filled(self) -> dict[Name, Cell]:
        """Return what the holes of a kept page take from this form; see `HoledForm`."""
        return dict(self._filled())

    def _filled(self) -> Iterator[tuple[Name, Cell]]:
        yield "command", self.command.hex
        for field in self.fields.values():
            if field.kind == "select":
                yield ("mark", field.name, self.value(field.name)), SELECTED
            elif field.kind in ("choice", "choices"):
                yield from ((("mark", field.name, code), CHECKED) for code in self.chosen(field.name))
        for name in self._typed:
            if value := self.value(name):
                yield ("value", name), value
                yield ("attribute", name), _attribute(value)

    def _first_refused(self) -> str:
        return next((field.anchor for name, field in self.fields.items() if name in self._refused), "")

    def _inputs(self) -> Iterator[tuple[str, Callable[[str], str]]]:
        """Return the name of each input, with what makes its text fit to be read."""
        for name, field in self.fields.items():
            if field.kind == "date":
                yield from ((f"{name}-{part}", clean_line) for part in DATE_PARTS)
            else:
                yield name, _storable if field.kind == "password" else clean_text

    def _is_answered(self, name: str, answer: str) -> bool:
        return bool(answer) if self.fields[name].kind == "password" else says_something(answer)

    def _answer(self, field: Field) -> str:
        if field.kind == "date":
            parts = [self.value(f"{field.name}-{part}").strip() for part in DATE_PARTS]
            return "/".join(parts) if any(parts) else ""
        typed = next(iter(self.chosen(field.name)), "")
        return typed if field.kind == "password" else typed.strip()


@dataclass(frozen=True, slots=True)
class HoledCommand:
    hex: Hole


class HoledForm:
    """
    A form as the template of a kept page sees it: the fields, without errors, and holes for everything typed or chosen.
    """

    summary: tuple[tuple[str, str], ...] = ()

    def __init__(self, fields: Mapping[str, Field], holes: Holes) -> None:
        self.fields = fields
        self._holes = holes

    @property
    def command(self) -> HoledCommand:
        return HoledCommand(self._holes.hole("command"))

    def value(self, name: str) -> str | Hole:
        return self._holes.hole(("value", name))

    def value_attribute(self, name: str) -> str | Hole:
        return self._holes.hole(("attribute", name))

    def mark(self, field: Field, code: str) -> str | Hole:
        return self._holes.hole(("mark", field.name, code))

    def error(self, _name: str) -> str:
        return ""

    def is_marked(self, _name: str) -> bool:
        return False


def by_name(fields: Iterable[Field]) -> Mapping[str, Field]:
    return {field.name: field for field in fields}


def _attribute(value: str) -> Markup:
    return Markup(f' value="{escape(value)}"')  # noqa: S704  escaped


def _storable(password: str) -> str:
    """Remove NUL characters: only programs send them. Nothing else of a password is changed."""
    return password.replace("\0", "")


def number_of(text: object, digits: int = 9) -> int | None:
    """Return an unsigned number of at most `digits` digits; None for anything else."""
    said = str(text)
    return int(said) if said.isascii() and said.isdigit() and len(said) <= digits else None


def sent_number(sent: Posted, name: str, digits: int = 9, otherwise: str = "") -> int:
    """Return a number that our page put into a form or an address. Raise 400 if it is not a number."""
    number = number_of(sent.get(name, otherwise), digits)
    if number is None:
        raise web.HTTPBadRequest
    return number
