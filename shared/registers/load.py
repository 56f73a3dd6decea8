"""Loading register definitions: reads TOML files, adds default words and shared lists, and checks the result."""

import csv
import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from shared.registers.checks import find_faults
from shared.registers.checks.succession import check_succession
from shared.registers.definition.lifecycle import Rating
from shared.registers.definition.questions import Option, Question
from shared.registers.definition.register import Definition
from shared.registers.definition.words import reworded
from shared.registers.faults import DefinitionFault, FaultyRegister, shape_faults
from shared.registers.overlay import Adaptation, apply

SHIPPED = Path(__file__).parent
LISTS = SHIPPED / "lists"
AS_WRITTEN = Adaptation()

Lists = Mapping[str, tuple[Option, ...]]


class UnknownRegister(LookupError):
    """Raised when no definition has this code and edition."""


@dataclass(frozen=True)
class LoadedRegister:
    """A definition that passed every check, and the SHA-256 of its file."""

    definition: Definition
    sha256: str


@dataclass(frozen=True)
class _InForce:
    """A consistent snapshot of the definitions: every edition, the newest of each register, and the overlays."""

    loaded: Mapping[tuple[str, str], LoadedRegister]
    newest: Mapping[str, Definition]
    adapted: Mapping[str, Adaptation]

    @classmethod
    def of(cls, loaded: Mapping[tuple[str, str], LoadedRegister], adapted: Mapping[str, Adaptation]) -> Self:
        in_order = sorted(loaded, key=lambda key: edition_order(key[1]))
        return cls(loaded, {code: loaded[code, edition].definition for code, edition in in_order}, adapted)


class Registers:
    """
    The definitions that a process knows, with the overlays of their administrators applied.

    Overlays can change between two calls. Hold on to the returned definition if one request needs a consistent view.
    """

    def __init__(self, loaded: Iterable[LoadedRegister]) -> None:
        self._written = {(each.definition.code, each.definition.edition): each for each in loaded}
        self._in_force = _InForce.of(self._written, {})

    def find(self, code: str, edition: str | None = None) -> Definition:
        """Return the definition of an edition, or the newest when none is named. Raise `UnknownRegister`."""
        if edition is None and code in self._in_force.newest:
            return self._in_force.newest[code]
        return self._find(code, edition).definition

    def newest_of(self, code: str) -> Definition | None:
        """Return the newest edition of a register; None if it is not installed."""
        return self._in_force.newest.get(code)

    def is_scoped_by_bodies(self, code: str) -> bool:
        """Return whether answers name the bodies that may see a record. No edition may change this."""
        newest = self.newest_of(code)
        return newest is not None and newest.scope is not None

    def sha256(self, code: str, edition: str) -> str:
        return self._find(code, edition).sha256

    def newest(self) -> tuple[Definition, ...]:
        """Return the newest edition of every register, sorted by code."""
        newest = self._in_force.newest
        return tuple(newest[code] for code in sorted(newest))

    def every(self) -> tuple[LoadedRegister, ...]:
        return tuple(self._in_force.loaded.values())

    def editions(self, code: str) -> tuple[Definition, ...]:
        """Return all known editions of a register, newest first."""
        known = [each.definition for each in self.every() if each.definition.code == code]
        return tuple(sorted(known, key=lambda each: edition_order(each.edition), reverse=True))

    def adaptation(self, code: str) -> Adaptation:
        """Return the overlay in force for a register, with its version."""
        return self._in_force.adapted.get(code, AS_WRITTEN)

    def adaptations(self) -> Mapping[str, int]:
        """Return the version of the overlay in force, by register. Registers without an overlay are left out."""
        return {code: each.version for code, each in self._in_force.adapted.items()}

    def adapt(self, adapted: Mapping[str, Adaptation]) -> tuple[FaultyRegister, ...]:
        """
        Apply these overlays, all at once. Ignore one that is not newer than the overlay in force.

        An edition that becomes faulty with its overlay stays as it was written. Return the faults.
        """
        newer = {code: each for code, each in adapted.items() if each.version > self.adaptation(code).version}
        faulty: list[FaultyRegister] = []
        loaded = dict(self._in_force.loaded)
        for key, each in self._written.items():
            if key[0] in newer:
                loaded[key] = _adapted(each, newer[key[0]], faulty)
        self._in_force = _InForce.of(loaded, {**self._in_force.adapted, **newer})
        return tuple(faulty)

    def __contains__(self, code: object) -> bool:
        return code in self._in_force.newest

    def _find(self, code: str, edition: str | None) -> LoadedRegister:
        try:
            return self._in_force.loaded[code, edition or ""]
        except KeyError:
            raise UnknownRegister from None


def _adapted(written: LoadedRegister, adaptation: Adaptation, faulty: list[FaultyRegister]) -> LoadedRegister:
    try:
        return replace(written, definition=apply(written.definition, adaptation.overlay))
    except FaultyRegister as fault:
        faulty.append(fault)
        return written


def edition_order(edition: str) -> tuple[int, ...]:
    """Return a sort key: 2022 before 2022.2 before 2022.10 before 2023."""
    return tuple(int(part) for part in edition.split("."))


def load_registers(folders: Iterable[Path] = ()) -> Registers:
    """Return the shipped definitions and those of other folders, `<code>/<edition>.toml`. Raise `FaultyRegister`."""
    loaded: dict[tuple[str, str], LoadedRegister] = {}
    for path, each in (*_shipped(), *(found for folder in folders for found in _load_folder(folder))):
        key = (each.definition.code, each.definition.edition)
        if key in loaded and loaded[key].sha256 != each.sha256:
            raise FaultyRegister(
                str(path), [DefinitionFault("register", "this edition is there already and says something else")]
            )
        loaded[key] = each
    _check_editions(loaded.values())
    return Registers(loaded.values())


@cache
def _shipped() -> tuple[tuple[Path, LoadedRegister], ...]:
    """Return the shipped definitions. They are cached, because they do not change while the process runs."""
    return _load_folder(SHIPPED)


def _load_folder(folder: Path) -> tuple[tuple[Path, LoadedRegister], ...]:
    return tuple((path, load_file(path)) for path in _definition_files(folder))


def _definition_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise FaultyRegister(str(folder), [DefinitionFault("the folder", "is not there")])
    return sorted(folder.glob("*/[0-9]*.toml"))


def load_file(path: Path) -> LoadedRegister:
    """Return one definition, whose path must match its code and edition. Raise `FaultyRegister`."""
    loaded = read_register(path.read_bytes(), str(path), read_lists((LISTS, path.parent.parent / "lists")))
    code, edition = path.parent.name, path.stem
    if (loaded.definition.code, loaded.definition.edition) != (code, edition):
        raise FaultyRegister(
            str(path), [DefinitionFault("register", f"code and edition must be {code} and {edition}, as the file")]
        )
    return loaded


def check(path: Path) -> list[DefinitionFault]:
    """Return every fault of a definition, wherever its file is. An empty list means that it can be used."""
    try:
        read_register(path.read_bytes(), str(path), read_lists((LISTS, path.parent.parent / "lists")))
    except FaultyRegister as faulty:
        return faulty.faults
    except OSError:
        return [DefinitionFault("the file", "cannot be read")]
    return []


def read_register(content: bytes, source: str, lists: Lists) -> LoadedRegister:
    """Return the definition in a file's bytes. Raise `FaultyRegister`, which names `source`."""
    written = _read_toml(content, source)
    words, faults = reworded(written.get("words", {}))
    try:
        shaped = Definition.model_validate(written | {"words": words})
    except ValidationError as error:
        raise FaultyRegister(source, faults + shape_faults(error, written)) from None
    definition, unknown = _with_options(shaped, lists)
    faults += unknown + find_faults(definition)
    if faults:
        raise FaultyRegister(source, faults)
    return LoadedRegister(definition, hashlib.sha256(content).hexdigest())


def read_lists(folders: Iterable[Path]) -> dict[str, tuple[Option, ...]]:
    """Return shared option lists by file name: CSV files with the columns code, name and optionally group."""
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
        raise FaultyRegister(source, [DefinitionFault("the file", "is not written in UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise FaultyRegister(source, [DefinitionFault("the file", f"is not TOML: {error}")]) from None


def _with_options(shaped: Definition, lists: Lists) -> tuple[Definition, list[DefinitionFault]]:
    """Return the definition with its questions' options filled in: from a list, the rating's levels, or yes and no."""
    yes_no = (Option(code="yes", label=shaped.words("page.yes")), Option(code="no", label=shaped.words("page.no")))
    source = _Options(lists, shaped.rating, yes_no)
    form = shaped.form.with_questions(source.fill)
    outcome = shaped.outcome.with_questions(source.fill) if shaped.outcome else None
    return shaped.model_copy(update={"form": form, "outcome": outcome}), source.faults


class _Options:
    """The sources of questions' options."""

    def __init__(self, lists: Lists, rating: Rating | None, yes_no: tuple[Option, ...]) -> None:
        self.faults: list[DefinitionFault] = []
        self._lists = lists
        self._yes_no = yes_no
        self._rated = rating.question if rating else None
        self._levels = tuple(Option(code=level.code, label=level.label) for level in rating.levels) if rating else ()

    def fill(self, question: Question) -> Question:
        return question.model_copy(update={"options": self._of(question)})

    def _of(self, question: Question) -> tuple[Option, ...]:
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
            self.faults.append(
                DefinitionFault(f"question {question}, list", f"there is no list {name}; there are: {known}")
            )
        return self._lists.get(name, ())


def _check_editions(loaded: Iterable[LoadedRegister]) -> None:
    ordered = sorted((each.definition for each in loaded), key=lambda d: (d.code, edition_order(d.edition)))
    for older, newer in pairwise(ordered):
        if older.code == newer.code and (faults := check_succession(older, newer)):
            raise FaultyRegister(f"{newer.code} {newer.edition}", faults)
