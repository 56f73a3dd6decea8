"""Reading one register definition: its file, the shared lists that it names, and every check of its content."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from shared import log
from shared.registers.checks import find_faults, find_twins
from shared.registers.decoding import read_text_of
from shared.registers.definition.lifecycle import Rating
from shared.registers.definition.nouns import Nouns
from shared.registers.definition.questions import Option, Question
from shared.registers.definition.register import Definition
from shared.registers.definition.words import reworded
from shared.registers.faults import DefinitionFault, FaultyRegister, did_you_mean, shown_name
from shared.registers.list_files import OptionLists
from shared.registers.shape import shape_faults
from shared.registers.toml_text import read_toml
from shared.values import Unreadable, read_email

SHIPPED = Path(__file__).parent
LISTS = SHIPPED / "lists"


@dataclass(frozen=True)
class LoadedRegister:
    """A definition that passed every check, and the SHA-256 of its file."""

    definition: Definition
    sha256: str


def lists_beside(folder: Path) -> OptionLists:
    """Return the lists that the definitions in a folder of registers can name."""
    return OptionLists.within((LISTS, folder / "lists"))


def read_file(path: Path, lists: OptionLists) -> LoadedRegister:
    """Return the definition in a file, whatever it is called. Raise `FaultyRegister`, whatever is wrong with it."""
    source = shown_name(f"{path.parent.name}/{path.name}")
    try:
        if not path.is_file():
            raise FaultyRegister(source, [DefinitionFault("the file", "is not there, or is no file")])
        return read_register(path.read_bytes(), source, lists)
    except OSError:
        raise FaultyRegister(source, [DefinitionFault("the file", "cannot be read")]) from None


def load_file(path: Path, lists: OptionLists | None = None) -> LoadedRegister:
    """Return one definition, whose path must match its code and edition. Raise `FaultyRegister`."""
    loaded = read_file(path, lists or lists_beside(path.parent.parent))
    if faults := place_faults(path, loaded.definition):
        raise FaultyRegister(shown_name(f"{path.parent.name}/{path.name}"), faults)
    return loaded


def place_faults(path: Path, definition: Definition) -> list[DefinitionFault]:
    """Return how a file's place differs from what it says: the folder is the code, and the file is the edition."""
    code, edition = definition.code, definition.edition
    faults = []
    if path.parent.name != code:
        why = f"is {code}, and the folder is called {shown_name(path.parent.name)}: both must be the same"
        faults.append(DefinitionFault("register, code", why))
    if path.name != f"{edition}.toml":
        why = f"is {edition}, and the file is called {shown_name(path.name)}: it must be called {edition}.toml"
        faults.append(DefinitionFault("register, edition", why))
    return faults


def read_register(content: bytes, source: str, lists: OptionLists) -> LoadedRegister:
    """
    Return the definition in a file's bytes. Raise `FaultyRegister`, which names `source`.

    A file that breaks the check itself is faulty too: it must not stop other registers.
    """
    try:
        return _read_register(content, source, lists)
    except FaultyRegister:
        raise
    except RecursionError:
        raise FaultyRegister(source, [DefinitionFault("the file", "has too many parts inside one another")]) from None
    except Exception as error:  # noqa: BLE001  the edge of a file: its author may have written anything
        why = f"breaks the check itself ({log.place_of(error)}): please report this"
        raise FaultyRegister(source, [DefinitionFault("the file", why)]) from None


def _read_register(content: bytes, source: str, lists: OptionLists) -> LoadedRegister:
    written = read_toml(read_text_of(content, source), source)
    words, faults = reworded(written.get("words", {}), Nouns.of(written))
    try:
        shaped = Definition.model_validate(written | {"words": words})
    except ValidationError as error:
        shape = shape_faults(error, written, Definition)
        raise FaultyRegister(source, faults + shape, unfinished=True, contact=_contact_in(written)) from None
    definition, unknown = _with_options(shaped, lists)
    faults += [*find_faults(definition, unknown), *find_twins(definition)]
    if faults:
        raise FaultyRegister(source, faults, contact=_contact_in(written))
    return LoadedRegister(definition, hashlib.sha256(content).hexdigest())


def _contact_in(written: dict[str, object]) -> str:
    """Return the address that a faulty definition gives for questions, if it can be used."""
    contact = written.get("contact")
    address = contact.get("administrator_email") if isinstance(contact, dict) else None
    try:
        return read_email(address) if isinstance(address, str) else ""
    except Unreadable:
        return ""


def _with_options(shaped: Definition, lists: OptionLists) -> tuple[Definition, list[DefinitionFault]]:
    """Return the definition with its questions' options filled in: from a list, the rating's levels, or yes and no."""
    yes_no = (Option(code="yes", label=shaped.words("page.yes")), Option(code="no", label=shaped.words("page.no")))
    source = _Options(lists, shaped.rating, yes_no)
    form = shaped.form.with_questions(source.fill)
    outcome = shaped.outcome.with_questions(source.fill) if shaped.outcome else None
    leaving = shaped.leaving.with_questions(source.fill) if shaped.leaving else None
    meetings = shaped.meetings.with_questions(source.fill) if shaped.meetings else None
    filled = {"form": form, "outcome": outcome, "leaving": leaving, "meetings": meetings}
    return shaped.model_copy(update=filled), source.faults


class _Options:
    """The sources of questions' options."""

    def __init__(self, lists: OptionLists, rating: Rating | None, yes_no: tuple[Option, ...]) -> None:
        self.faults: list[DefinitionFault] = []
        self._lists = lists
        self._yes_no = yes_no
        self._rated = rating.question if rating else None
        self._levels = tuple(Option(code=level.code, label=level.label) for level in rating.levels) if rating else ()
        self._told: set[str] = set()

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
        found = self._lists.find(name)
        place = f"question {question}, list"
        if found is None:
            why = f"there is no list {name}{_offer(name, self._lists.names())}"
            self.faults.append(DefinitionFault(place, why, frozenset({f"answers of {question}"})))
            return ()
        for fault in () if name in self._told else found.faults:
            self.faults.append(replace(fault, explains=frozenset({f"answers of {question}"})))
        self._told.add(name)
        if not found.faults and len(found.options) < 2:
            self.faults.append(DefinitionFault(place, f"the list {name} needs two options at least"))
        return found.options


MOST_OFFERED = 8


def _offer(name: str, known: tuple[str, ...]) -> str:
    """Return the nearest list, or all if there are few."""
    if near := did_you_mean(name, known):
        return near
    return f"; there are: {', '.join(known)}" if len(known) <= MOST_OFFERED else ""
