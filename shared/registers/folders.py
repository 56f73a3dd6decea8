"""Finding the definitions in folders. A faulty file is left out and named; it never stops another register."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from shared.registers.checks.succession import check_succession
from shared.registers.faults import DefinitionFault, FaultyRegister, shown_name
from shared.registers.files import SHIPPED, LoadedRegister, lists_beside, load_file

EDITION_FILE = re.compile(r"[0-9]{4}(\.[0-9]{1,3})?\.toml")
LISTS_FOLDER = "lists"


@dataclass(frozen=True)
class LeftOut:
    """A file that is not loaded, and why. `contact` is whom users may ask, if the file says so."""

    code: str
    source: str
    faults: tuple[DefinitionFault, ...]
    unfinished: bool = False
    contact: str = ""


@dataclass(frozen=True)
class Found:
    """
    The definitions in some folders: the good ones by code and edition, and the files that are left out.

    `strays` are files that no register loads, because of their name or place.
    """

    loaded: dict[tuple[str, str], LoadedRegister] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    strays: tuple[DefinitionFault, ...] = ()

    def newest(self, code: str) -> str:
        """Return the edition that new records of a register use; empty if none can be loaded."""
        return max((edition for each, edition in self.loaded if each == code), key=edition_order, default="")

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted({code for code, _ in self.loaded} | {each.code for each in self.left_out}))


def edition_order(edition: str) -> tuple[int, ...]:
    """Return a sort key: 2022 before 2022.2 before 2022.10 before 2023."""
    return tuple(int(part) for part in edition.split("."))


def find_registers(folders: Iterable[Path] = ()) -> Found:
    """
    Return the shipped definitions and those of other folders, `<code>/<edition>.toml`.

    Raise `FaultyRegister` for a folder that is not there: that is a wrong setting, and not the fault of a file.
    """
    found = _shipped()
    for folder in folders:
        found = _together(found, _read_folder(folder))
    return _in_succession(found)


@cache
def _shipped() -> Found:
    """Return the shipped definitions. They are cached, because they do not change while the process runs."""
    return _read_folder(SHIPPED)


def _read_folder(folder: Path) -> Found:
    if not folder.is_dir():
        raise FaultyRegister(str(folder), [DefinitionFault("the folder", "is not there")])
    if not os.access(folder, os.R_OK | os.X_OK):
        raise FaultyRegister(str(folder), [DefinitionFault("the folder", "cannot be read by this user")])
    lists = lists_beside(folder)
    loaded: dict[tuple[str, str], LoadedRegister] = {}
    left_out: list[LeftOut] = []
    for path in definition_files(folder):
        try:
            each = load_file(path, lists)
        except FaultyRegister as faulty:
            faults, contact = tuple(faulty.faults), faulty.contact
            left_out.append(LeftOut(path.parent.name, _source(path), faults, faulty.unfinished, contact))
        else:
            loaded[each.definition.code, each.definition.edition] = each
    return Found(loaded, tuple(left_out), tuple(_strays(folder)))


def definition_files(folder: Path) -> list[Path]:
    """Return the files of editions in a folder of registers."""
    return [path for register in _register_folders(folder) for path in _files(register) if _is_edition(path)]


def _register_folders(folder: Path) -> list[Path]:
    return sorted(each for each in _files(folder) if each.is_dir() and each.name != LISTS_FOLDER)


def _files(folder: Path) -> list[Path]:
    """Return what is in a folder; nothing if it cannot be read, which the missing registers will tell."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_edition(path: Path) -> bool:
    return EDITION_FILE.fullmatch(path.name) is not None


def _source(path: Path) -> str:
    return shown_name(f"{path.parent.name}/{path.name}")


def _strays(folder: Path) -> Iterator[DefinitionFault]:
    """Find files that look like definitions and are not loaded."""
    if folder == SHIPPED:
        return
    for path in _files(folder):
        if path.suffix == ".toml":
            yield DefinitionFault(
                shown_name(path.name), "is not loaded: put it into a folder that is called as its register's code"
            )
    for register in _register_folders(folder):
        for path in _files(register):
            if not _is_edition(path) and (path.suffix == ".toml" or path.name[:1].isdigit()):
                yield DefinitionFault(
                    _source(path), "is not loaded: its name must be an edition, as 2031.toml or 2031.2.toml"
                )


def _together(one: Found, other: Found) -> Found:
    """Add the definitions of another folder. An edition that is there already stays as it is."""
    added, left_out = dict(one.loaded), list(one.left_out + other.left_out)
    for (code, edition), each in other.loaded.items():
        known = added.setdefault((code, edition), each)
        if known.sha256 != each.sha256:
            why = "this edition is there already and says something else: make a new edition"
            left_out.append(LeftOut(code, f"{code}/{edition}.toml", (DefinitionFault("register", why),)))
    return Found(added, tuple(left_out), one.strays + other.strays)


def _in_succession(found: Found) -> Found:
    """Leave out each edition that does not follow from the good one before it."""
    loaded, left_out = dict(found.loaded), list(found.left_out)
    last: LoadedRegister | None = None
    for code, edition in sorted(found.loaded, key=lambda key: (key[0], edition_order(key[1]))):
        each = found.loaded[code, edition]
        faults = _succession_faults(last, each)
        if faults:
            del loaded[code, edition]
            left_out.append(LeftOut(code, f"{code}/{edition}.toml", tuple(faults)))
        else:
            last = each
    return replace(found, loaded=loaded, left_out=tuple(left_out))


def _succession_faults(older: LoadedRegister | None, newer: LoadedRegister) -> list[DefinitionFault]:
    if older is None or older.definition.code != newer.definition.code:
        return []
    return check_succession(older.definition, newer.definition)
