"""Reads register definitions from TOML files, fills in the house's words and shared lists, and checks them."""

import csv
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from shared.registers.checks import check_succession, find_faults
from shared.registers.definition import Definition, Form, Option, Question, Rating
from shared.registers.faults import Fault, FaultyRegister, shape_faults

SHIPPED = Path(__file__).parent
HOUSE_WORDS = SHIPPED / "words.toml"
LISTS = SHIPPED / "lists"

Lists = Mapping[str, tuple[Option, ...]]


class UnknownRegister(LookupError):
    """No definition has this code and edition."""


@dataclass(frozen=True)
class Loaded:
    """A definition that passed every check, and the SHA-256 of the file that it came from."""

    definition: Definition
    sha256: str


class Registers:
    """The definitions that a process knows. Immutable: an edition that is added makes a new one."""

    def __init__(self, loaded: Iterable[Loaded]) -> None:
        self._loaded = {(each.definition.code, each.definition.edition): each for each in loaded}
        self._newest: dict[str, Definition] = {}
        for code, edition in sorted(self._loaded, key=lambda key: edition_order(key[1])):
            self._newest[code] = self._loaded[code, edition].definition

    def find(self, code: str, edition: str | None = None) -> Definition:
        """The definition of an edition, the newest when none is named. Raises `UnknownRegister`."""
        if edition is None and code in self._newest:
            return self._newest[code]
        return self._find(code, edition).definition

    def sha256(self, code: str, edition: str) -> str:
        return self._find(code, edition).sha256

    def newest(self) -> tuple[Definition, ...]:
        """The newest edition of every register, by code."""
        return tuple(self._newest[code] for code in sorted(self._newest))

    def every(self) -> tuple[Loaded, ...]:
        return tuple(self._loaded.values())

    def __contains__(self, code: object) -> bool:
        return code in self._newest

    def _find(self, code: str, edition: str | None) -> Loaded:
        try:
            return self._loaded[code, edition or ""]
        except KeyError:
            raise UnknownRegister from None


def edition_order(edition: str) -> tuple[int, ...]:
    """2022 before 2022.2 before 2022.10 before 2023."""
    return tuple(int(part) for part in edition.split("."))


def load_registers(folders: Iterable[Path] = ()) -> Registers:
    """The shipped definitions and those of further folders, `<code>/<edition>.toml`. Raises `FaultyRegister`."""
    loaded: dict[tuple[str, str], Loaded] = {}
    for path, each in (*_shipped(), *(found for folder in folders for found in _load_folder(folder))):
        key = (each.definition.code, each.definition.edition)
        if key in loaded and loaded[key].sha256 != each.sha256:
            raise FaultyRegister(
                str(path), [Fault("register", "this edition is there already and says something else")]
            )
        loaded[key] = each
    _check_editions(loaded.values())
    return Registers(loaded.values())


@cache
def _shipped() -> tuple[tuple[Path, Loaded], ...]:
    """Those that come with the code do not change while it runs."""
    return _load_folder(SHIPPED)


def _load_folder(folder: Path) -> tuple[tuple[Path, Loaded], ...]:
    return tuple((path, load_file(path)) for path in _definition_files(folder))


def _definition_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise FaultyRegister(str(folder), [Fault("the folder", "is not there")])
    return sorted(folder.glob("*/[0-9]*.toml"))


def load_file(path: Path) -> Loaded:
    """One definition, which must lie where its code and edition say. Raises `FaultyRegister`."""
    loaded = read_register(path.read_bytes(), str(path), read_lists((LISTS, path.parent.parent / "lists")))
    code, edition = path.parent.name, path.stem
    if (loaded.definition.code, loaded.definition.edition) != (code, edition):
        raise FaultyRegister(
            str(path), [Fault("register", f"code and edition must be {code} and {edition}, as the file")]
        )
    return loaded


def check(path: Path) -> list[Fault]:
    """Everything that is wrong with a definition, wherever its file lies; nothing when it can be used."""
    try:
        read_register(path.read_bytes(), str(path), read_lists((LISTS, path.parent.parent / "lists")))
    except FaultyRegister as faulty:
        return faulty.faults
    except OSError:
        return [Fault("the file", "cannot be read")]
    return []


def read_register(content: bytes, source: str, lists: Lists) -> Loaded:
    """The definition that a file's bytes say. Raises `FaultyRegister`, which names `source`."""
    written = _read_toml(content, source)
    house = tomllib.loads(HOUSE_WORDS.read_text("utf-8"))
    whole = written | {"words": _merged(house, written.get("words", {}))}
    try:
        shaped = Definition.model_validate(whole)
    except ValidationError as error:
        raise FaultyRegister(source, shape_faults(error, whole)) from None
    definition, faults = _with_options(shaped, lists)
    faults += find_faults(definition)
    if faults:
        raise FaultyRegister(source, faults)
    return Loaded(definition, hashlib.sha256(content).hexdigest())


def read_lists(folders: Iterable[Path]) -> dict[str, tuple[Option, ...]]:
    """Shared option lists: CSV files with the columns code, name and perhaps group, named by their file."""
    return {path.stem: _read_list(path) for folder in folders for path in sorted(folder.glob("*.csv"))}


def _read_list(path: Path) -> tuple[Option, ...]:
    with path.open(newline="", encoding="utf-8") as lines:
        return tuple(
            Option(code=row["code"], label=row["name"], group=row.get("group") or None) for row in csv.DictReader(lines)
        )


def _read_toml(content: bytes, source: str) -> dict[str, object]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise FaultyRegister(source, [Fault("the file", "is not written in UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise FaultyRegister(source, [Fault("the file", f"is not TOML: {error}")]) from None


def _merged(house: object, own: object) -> object:
    """The register's own words over the house's, group by group."""
    if not (isinstance(house, dict) and isinstance(own, dict)):
        return own
    return house | {key: _merged(house.get(key, {}), value) for key, value in own.items()}


def _with_options(shaped: Definition, lists: Lists) -> tuple[Definition, list[Fault]]:
    """The definition with its questions' options filled in: from a list, from the rating's levels, or yes and no."""
    yes_no = (Option(code="yes", label=shaped.words.page.yes), Option(code="no", label=shaped.words.page.no))
    source = _Options(lists, shaped.rating, yes_no)
    form = _fill_form(shaped.form, source)
    outcome = _fill_form(shaped.outcome, source) if shaped.outcome else None
    return shaped.model_copy(update={"form": form, "outcome": outcome}), source.faults


class _Options:
    """Where the options of questions come from."""

    def __init__(self, lists: Lists, rating: Rating | None, yes_no: tuple[Option, ...]) -> None:
        self.faults: list[Fault] = []
        self._lists = lists
        self._yes_no = yes_no
        self._rated = rating.question if rating else None
        self._levels = tuple(Option(code=level.code, label=level.label) for level in rating.levels) if rating else ()

    def of(self, question: Question) -> tuple[Option, ...]:
        if question.list_name:
            return question.options + self._list(question.name, question.list_name)
        if question.kind == "yes_no":
            return question.options or self._yes_no
        if question.name == self._rated:
            return question.options or self._levels
        return question.options

    def _list(self, question: str, name: str) -> tuple[Option, ...]:
        if name not in self._lists:
            known = ", ".join(sorted(self._lists))
            self.faults.append(Fault(f"question {question}, list", f"there is no list {name}; there are: {known}"))
        return self._lists.get(name, ())


def _fill_form(form: Form, source: _Options) -> Form:
    sections = tuple(
        section.model_copy(
            update={"questions": tuple(q.model_copy(update={"options": source.of(q)}) for q in section.questions)}
        )
        for section in form.sections
    )
    return form.model_copy(update={"sections": sections})


def _check_editions(loaded: Iterable[Loaded]) -> None:
    ordered = sorted((each.definition for each in loaded), key=lambda d: (d.code, edition_order(d.edition)))
    for older, newer in pairwise(ordered):
        if older.code == newer.code and (faults := check_succession(older, newer)):
            raise FaultyRegister(f"{newer.code} {newer.edition}", faults)
