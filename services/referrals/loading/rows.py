"""Each row of a file as answers to the register's questions, and what keeps it from being loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from services.referrals.loading import sentences
from services.referrals.loading.cells import CLEAR
from services.referrals.loading.columns import ColumnReader, ColumnReaders, UnreadableCell
from services.referrals.loading.mapping import FileMapping
from services.referrals.loading.names import NameColumn
from services.referrals.loading.table import FileTable
from shared.cleaning import clean_line
from shared.contracts.referrals.loading import SPECIALS, CellFault, Special
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer


@dataclass(frozen=True)
class ReadRow:
    """
    A row of a file. `number` counts the rows of data from 1, and `cells` are as written.

    `answers` are those that the cells hold, `cleared` the questions whose answers are to be taken away, and `specials`
    what the row says besides answers. `headings` are the file's headings by question.
    """

    number: int
    cells: tuple[str, ...] = field(repr=False)
    answers: dict[str, Answer] = field(default_factory=dict, repr=False)
    cleared: frozenset[str] = frozenset()
    specials: dict[Special, str] = field(default_factory=dict, repr=False)
    faults: tuple[CellFault, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict, repr=False)
    faulty: frozenset[str] = frozenset()
    """The questions whose cells cannot be read."""


class RowReader:
    """Reads the rows of one file by its mapping."""

    def __init__(self, register: Definition, table: FileTable, mapping: FileMapping, today: date) -> None:
        self._table = table
        self._never_cleared = frozenset(register.minimum)
        self._given, self._family = register.person["given_name"], register.person["family_name"]
        readers = ColumnReaders(register, table, mapping.day_order, today)
        self._columns = tuple(_column(register, table, mapping, readers, place) for place in sorted(mapping.columns))
        self._headings = {column.target: column.heading for column in self._columns}
        for column in self._columns:
            if column.target == "whole_name":
                self._headings |= {self._given: column.heading, self._family: column.heading}

    def read(self, index: int) -> ReadRow:
        """Return a row by its place in the table, from 0."""
        cells = self._table.rows[index]
        if len(cells) != len(self._table.headings):
            return ReadRow(index + 1, cells, faults=(CellFault(says=sentences.OUT_OF_PLACE),), headings=self._headings)
        answers, faults, cleared, faulty = dict[str, Answer](), list[CellFault](), set[str](), set[str]()
        for column in self._columns:
            cell = cells[column.place]
            if not cell:
                continue
            if cell == CLEAR:
                self._clear(column, cleared, faults, faulty)
                continue
            found = column.known.get(cell) or column.read(cell)
            if found.says:
                faults.append(CellFault(heading=column.heading, says=found.says))
                faulty.add(column.target)
            elif found.answer is not None:
                answers[column.target] = found.answer
        specials = self._take_specials(answers, faulty)
        return ReadRow(
            index + 1, cells, answers, frozenset(cleared), specials, tuple(faults), self._headings, frozenset(faulty)
        )

    def _clear(self, column: ColumnReader, cleared: set[str], faults: list[CellFault], faulty: set[str]) -> None:
        if column.target in self._never_cleared or column.target in SPECIALS:
            faults.append(CellFault(heading=column.heading, says=sentences.NEVER_CLEARED))
            faulty.add(column.target)
        else:
            cleared.add(column.target)

    def _take_specials(self, answers: dict[str, Answer], faulty: set[str]) -> dict[Special, str]:
        """Move what is no answer out of the answers, and put the parts of a whole name into them."""
        specials: dict[Special, str] = {}
        for special in SPECIALS:
            said = answers.pop(special, None)
            if special == "whole_name" and isinstance(said, tuple):
                answers[self._given], answers[self._family] = said
            elif isinstance(said, str):
                specials[special] = said
        if "whole_name" in faulty:
            faulty |= {self._given, self._family}
        return specials


def _column(
    register: Definition, table: FileTable, mapping: FileMapping, readers: ColumnReaders, place: int
) -> ColumnReader:
    target, heading = mapping.columns[place], table.headings[place]
    if target == "reference":
        return ColumnReader(place, heading, target, readers.of_reference())
    if target in ("added_on", "rated_on"):
        return ColumnReader(place, heading, target, readers.of_day(place))
    if target == "organisation":
        return ColumnReader(place, heading, target, lambda text: clean_line(text) or None)
    if target == "whole_name":
        names = NameColumn(row[place] for row in table.rows if place < len(row))
        return ColumnReader(place, heading, target, lambda text: _whole_name(names, text))
    question = register.form.by_name[target]
    return ColumnReader(place, heading, target, readers.of_question(place, question, mapping.values.get(target, {})))


def _whole_name(names: NameColumn, text: str) -> Answer:
    parts = names.split(text)
    if parts is None:
        raise UnreadableCell(sentences.WHOLE_NAME)
    return parts
