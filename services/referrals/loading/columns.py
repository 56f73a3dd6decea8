"""Reads the cells of one column as answers to its question. Each different cell is read once."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.referrals.loading import sentences
from services.referrals.loading.cells import (
    bare,
    has_lost_letter,
    is_damaged,
    is_formula_error,
    is_no_answer,
    is_no_day,
    is_not_known,
    is_rounded,
)
from services.referrals.loading.dates import DayColumn, DayOrder, UnreadableDay, is_doubtful, is_swapped, read_day
from services.referrals.loading.options import OptionReader
from services.referrals.loading.table import FileTable
from shared.registers.definition.questions import NOT_KNOWN, OPTION_KINDS, Kind, Question
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer
from shared.registers.form.reading import read_one
from shared.registers.references import read_reference
from shared.values import Unreadable, fold

_WHOLE_FLOAT = re.compile(r"([0-9]{10})\.0+")
_NINE_DIGITS = re.compile(r"[0-9][ -]?(?:[0-9][ -]?){7}[0-9]")
_WITHOUT_ZERO = re.compile(r"(?P<digits>[1-9][0-9]{8,9})(\.0+)?")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z'-]*(?: [A-Za-z'-]+)*")
_MOST_NAMED = 8
_OPEN_KINDS: frozenset[Kind] = frozenset({"text", "long_text"})

Read = Callable[[str], Answer | None]


class UnreadableCell(ValueError):
    """Raised for a cell that cannot be read. `says` is a sentence without what is in it."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


@dataclass(frozen=True, repr=False)
class CellRead:
    """What a cell holds: an answer, or a fault in words, or neither."""

    answer: Answer | None = None
    says: str = ""


class ColumnReader:
    """The cells of one column: for each, its answer or what is wrong with it."""

    def __init__(self, place: int, heading: str, target: str, read: Read) -> None:
        self.place = place
        self.heading = heading
        self.target = target
        self._read = read
        self.known: dict[str, CellRead] = {}

    def read(self, cell: str) -> CellRead:
        """Return what a cell holds, and remember it in `known`."""
        found = self.known[cell] = self._read_new(bare(cell))
        return found

    def _read_new(self, text: str) -> CellRead:
        if text.startswith("#") and is_formula_error(text):
            return CellRead(says=sentences.NO_RESULT)
        try:
            return CellRead(self._read(text))
        except UnreadableDay as unreadable:
            return CellRead(says=unreadable.says)
        except UnreadableCell as unreadable:
            return CellRead(says=unreadable.says)


class ColumnReaders:
    """Makes the readers of a file's columns."""

    def __init__(self, register: Definition, table: FileTable, day_order: DayOrder, today: date) -> None:
        self._register = register
        self._table = table
        self._order = day_order
        self._today = today

    def of_question(self, place: int, question: Question, values: Mapping[str, str]) -> Read:
        """Return how cells are read that answer this question. `values` is what the user or the file said of them."""
        if question.kind in OPTION_KINDS:
            return _OptionCells(self._register, question, values).read
        if question.kind == "date":
            return _DayCells(question, self.days(place, question)).read
        if question.kind == "nhs_number":
            return lambda text: _read_number(question, text)
        if question.kind in _OPEN_KINDS:
            may_call = question.name == self._register.person.get("lead_professional_contact")
            return lambda text: _read_open(question, text, may_call=may_call)
        return lambda text: _read_formatted(question, text)

    def days(self, place: int, question: Question | None = None) -> DayColumn:
        """Return how the dates of a column are read, which depends on all of them."""
        cells = [bare(row[place]) for row in self._table.rows if place < len(row)]
        order: DayOrder = self._order
        return DayColumn(
            order=order,
            today=self._today,
            is_birth=question is not None and question.name == self._register.person["born"],
            has_future=question is not None and question.allow_future,
            is_doubtful=is_doubtful(cells, order),
            is_swapped=bool(self._table.reading.sheet) and is_swapped(cells),
        )

    def of_day(self, place: int) -> Read:
        """Return how cells are read that hold the day on which something was done."""
        days = self.days(place)
        return lambda text: None if is_no_answer(text) else _not_after(read_day(text, days), self._today).isoformat()

    def of_reference(self) -> Read:
        prefixes = (self._register.reference_prefix, self._register.code.upper())
        return lambda text: None if is_no_answer(text) else _read_reference(prefixes, text)


def _says(text: str, word: Callable[[str], bool]) -> bool:
    """Return whether this is one of such words. Most cells of numbers and dates are not, as their first sign tells."""
    return not text[:1].isdigit() and word(text)


class _OptionCells:
    def __init__(self, register: Definition, question: Question, values: Mapping[str, str]) -> None:
        self._question = question
        self._options = OptionReader(register, question)
        self._said = {fold(written): code for written, code in values.items()}

    def read(self, text: str) -> Answer | None:
        codes = [self._code_of(part) for part in self._options.parts_of(text)]
        chosen = tuple(dict.fromkeys(filter(None, codes)))
        if not chosen:
            return None
        if self._question.kind == "choices":
            return tuple(code for code in self._question.labels if code in chosen)
        return chosen[0]

    def _code_of(self, part: str) -> str:
        said = self._said.get(fold(part))
        if said is not None:
            return said
        code = "" if is_no_answer(part) else self._options.code_of(part)
        if code is None:
            raise UnreadableCell(_name_options(self._question))
        return code


def _name_options(question: Question) -> str:
    labels = [option.label for option in question.offered]
    if len(labels) > _MOST_NAMED or sum(map(len, labels)) > 300:
        return sentences.UNKNOWN_OPTION_OF_MANY
    return sentences.UNKNOWN_OPTION.format(options=", ".join(labels))


class _DayCells:
    def __init__(self, question: Question, days: DayColumn) -> None:
        self._question = question
        self._days = days
        self._not_known = {NOT_KNOWN, fold(question.not_known or NOT_KNOWN)}

    def read(self, text: str) -> Answer | None:
        if is_no_day(text) or _says(text, is_not_known) or fold(text) in self._not_known:
            return NOT_KNOWN if self._question.not_known else None
        if _says(text, is_no_answer):
            return None
        day = read_day(text, self._days)
        return (day if self._question.allow_future else _not_after(day, self._days.today)).isoformat()


def _not_after(day: date, today: date) -> date:
    if day > today:
        raise UnreadableCell(sentences.IN_FUTURE)
    return day


def _read_number(question: Question, text: str) -> Answer | None:
    if _says(text, is_no_answer) or _says(text, is_not_known):
        return None
    if is_rounded(text):
        raise UnreadableCell(sentences.DAMAGED_NUMBER)
    whole = _WHOLE_FLOAT.fullmatch(text)
    if _NINE_DIGITS.fullmatch(text):
        raise UnreadableCell(sentences.NINE_DIGITS)
    return _as_in_the_form(question, whole[1] if whole else text)


def _read_open(question: Question, text: str, *, may_call: bool) -> Answer | None:
    if _PLAIN.fullmatch(text) and len(text) <= question.longest:  # most names are, and the form would not change them
        return text
    if is_damaged(text) or (question.kind == "text" and has_lost_letter(text)):
        raise UnreadableCell(sentences.DAMAGED_TEXT)
    if text[:1].isdigit() and is_rounded(text):
        raise UnreadableCell(sentences.DAMAGED_NUMBER)
    return _as_in_the_form(question, _with_zero(text) if may_call else text)


def _read_formatted(question: Question, text: str) -> Answer | None:
    if _says(text, is_no_answer) or _says(text, is_not_known):
        return None
    if question.kind == "phone" and is_rounded(text):
        raise UnreadableCell(sentences.DAMAGED_NUMBER)
    return _as_in_the_form(question, _with_zero(text) if question.kind == "phone" else text)


def _with_zero(text: str) -> str:
    """
    Return a telephone number with the 0 that a spreadsheet program drops from it.

    Ten digits that begin with 1, 2 or 7 can be nothing else in the United Kingdom. Of others it is not clear.
    """
    found = _WITHOUT_ZERO.fullmatch(text)
    if found is None:
        return text
    if len(found["digits"]) == 10 and found["digits"][0] in "127":
        return f"0{found['digits']}"
    raise UnreadableCell(sentences.LOST_ZERO)


def _as_in_the_form(question: Question, text: str) -> Answer | None:
    """Return the answer as the form reads it."""
    try:
        return read_one(question, {question.name: text})
    except Unreadable as unreadable:
        raise UnreadableCell(sentences.OF_VALUES[unreadable.wrong].format(most=question.longest)) from None


def _read_reference(prefixes: Sequence[str], text: str) -> str:
    reference = read_reference(prefixes, text)
    if reference is None:
        raise UnreadableCell(sentences.REFERENCE)
    return reference
