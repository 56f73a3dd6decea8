"""Shared lists of options: CSV files in a folder `lists`. They are checked like definitions, and read when used."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from shared.registers.decoding import read_text_of
from shared.registers.definition.questions import Option
from shared.registers.faults import DefinitionFault, FaultyRegister, nearest, shown_name
from shared.registers.shape import shape_faults
from shared.values import fold

COLUMNS = ("code", "name", "group", "retired")
NEEDED = ("code", "name")
INSTEAD = {"label": "name", "title": "name", "description": "name", "id": "code", "key": "code", "value": "name"}
YES, NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"", "no", "n", "false", "0"})
MOST_TOLD = 20


@dataclass(frozen=True)
class OptionList:
    """The options of one list, and its faults. A list with faults has no options."""

    options: tuple[Option, ...] = ()
    faults: tuple[DefinitionFault, ...] = ()


@dataclass
class OptionLists:
    """The lists in some folders. A file is read once, when a definition first names it: others can do no harm."""

    files: Mapping[str, Path]
    _read: dict[str, OptionList] = field(default_factory=dict)

    @classmethod
    def within(cls, folders: Iterable[Path]) -> "OptionLists":
        """Return the lists of these folders. The last folder that has a list counts."""
        return cls({path.stem: path for folder in folders for path in _csv_files(folder)})

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.files))

    def find(self, name: str) -> OptionList | None:
        """Return a list, or None if there is no such file."""
        if name not in self._read and name in self.files:
            self._read[name] = read_list(self.files[name])
        return self._read.get(name)


def _csv_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file())


def read_list(path: Path) -> OptionList:
    """Return the options of a list, or its faults with their file and line."""
    source = f"lists/{shown_name(path.name)}"
    try:
        text = read_text_of(path.read_bytes(), source)
        return read_options(text, source)
    except FaultyRegister as faulty:
        return OptionList(faults=tuple(DefinitionFault(f"{source}, {each.place}", each.says) for each in faulty.faults))
    except OSError:
        return OptionList(faults=(DefinitionFault(source, "cannot be read"),))


def read_options(text: str, source: str) -> OptionList:
    """Return the options in the text of a CSV file. Raise `FaultyRegister` with the line of each fault."""
    rows = _rows(text, source)
    if not rows:
        raise FaultyRegister(source, [DefinitionFault("the file", f"is empty: {_headings()}")])
    (number, heading), *others = rows
    columns = [fold(each) for each in heading]
    if faults := _heading_faults(columns):
        raise FaultyRegister(source, [DefinitionFault(f"line {number}", each) for each in faults])
    options: dict[str, tuple[int, Option]] = {}
    faults_found: list[DefinitionFault] = []
    for line, cells in others:
        said, option = _option(columns, cells)
        if option is not None and option.code in options:
            said = [f"has the code {option.code}, which line {options[option.code][0]} has too"]
        faults_found += [DefinitionFault(f"line {line}", each) for each in said]
        if option is not None:
            options.setdefault(option.code, (line, option))
    faults_found += _same_names(options.values())
    if faults_found:
        raise FaultyRegister(source, faults_found[:MOST_TOLD] + _and_more(len(faults_found)))
    return OptionList(tuple(option for _, option in options.values()))


def _and_more(found: int) -> list[DefinitionFault]:
    return [DefinitionFault("the file", f"has {found - MOST_TOLD} more faults")] if found > MOST_TOLD else []


def _rows(text: str, source: str) -> list[tuple[int, list[str]]]:
    """Return each row that is not blank, with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
    rows: list[tuple[int, list[str]]] = []
    first = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((first, [cell.strip() for cell in row]))
            first = reader.line_num + 1
    except csv.Error:
        fault = DefinitionFault(f"line {first}", "cannot be read: a quotation mark may not be closed")
        raise FaultyRegister(source, [fault]) from None
    return rows


def _delimiter(text: str) -> str:
    """Return what stands between the headings: Excel writes semicolons where the comma is the decimal sign."""
    heading = next((line for line in text.split("\n") if line.strip()), "")
    return max(",;\t", key=heading.count)


def _headings() -> str:
    return "the first line names the columns, code and name, and if needed group and retired"


def _heading_faults(columns: Sequence[str]) -> list[str]:
    """Return what is wrong with the heading. A column that is only misspelt is not told as missing too."""
    twice = [each for each in COLUMNS if columns.count(each) > 1]
    unknown = {each: INSTEAD.get(each) or nearest(each, COLUMNS) for each in columns if each not in COLUMNS}
    missing = [each for each in NEEDED if each not in columns and each not in unknown.values()]
    faults = [f"names the column {each} more than once" for each in twice]
    faults += [f"names no column {' and no column '.join(missing)}: {_headings()}"] if missing else []
    return faults + [
        f"has a column {each or 'without a name'}{f'; did you mean {near}?' if near else ''}"
        for each, near in unknown.items()
        if near or len(missing) < len(NEEDED)
    ]


def _option(columns: Sequence[str], cells: Sequence[str]) -> tuple[list[str], Option | None]:
    """Return what is wrong with a row, and its option if nothing is."""
    if any(cells[len(columns) :]):
        return ["has more cells than columns: a name with a comma stands in quotation marks"], None
    row = dict(zip(columns, cells, strict=False))
    faults = [f"has no {each}" for each in NEEDED if not row.get(each)]
    faults += [
        f"has a line break in the {each}: a quotation mark may not be closed" for each in row if "\n" in row[each]
    ]
    retired = fold(row.get("retired", ""))
    if retired not in YES | NO:
        faults.append(f"says {retired} under retired: write yes, or leave it empty")
    if faults:
        return faults, None
    written = {"code": row["code"], "label": row["name"], "group": row.get("group") or None, "retired": retired in YES}
    try:
        return [], Option.model_validate(written)
    except ValidationError as error:
        said = shape_faults(error, written)
        return [f"{each.place.replace('label', 'name')} {each.says}" for each in said], None


def _same_names(options: Iterable[tuple[int, Option]]) -> Iterator[DefinitionFault]:
    """Find options that a user could not tell apart."""
    seen: dict[tuple[str, str | None], int] = {}
    for line, option in options:
        known = (fold(option.label), option.group)
        if known in seen and not option.retired:
            yield DefinitionFault(f"line {line}", f"has the name {option.label}, which line {seen[known]} has too")
        if not option.retired:
            seen.setdefault(known, line)
