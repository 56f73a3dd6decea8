"""What all editors of a register's texts share: the register in force, reading fields, and showing differences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.ui.form import Form
from gateway.ui.table import Cell
from shared.cleaning import says_something
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.overlay import Overlay
from shared.values import read_line, read_text

Difference = tuple[str, Cell, Cell]
"""What changes, its text in force, and its new text."""


@dataclass(frozen=True)
class SettingState:
    """A register as it is in force: its editions, newest first, and the overlay on them with its version."""

    editions: tuple[Definition, ...]
    version: int
    overlay: Overlay

    @property
    def register(self) -> Definition:
        return self.editions[0]

    @property
    def words(self) -> Words:
        return self.register.words


class Editor(Protocol):
    """One thing that can be reworded. `part` names it in the history; `path` is its address under the settings."""

    @property
    def part(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def heading(self) -> str: ...

    @property
    def lead(self) -> tuple[str, ...]: ...

    @property
    def template(self) -> str:
        """The template of the form's fields and of the preview."""
        ...

    @property
    def summary(self) -> tuple[str, ...]:
        """What is in force, in a few lines."""
        ...

    def form(self, typed: Mapping[str, str] | None = None, more: int = 0) -> Form:
        """Return the form with what is in force, or with what was typed and `more` empty rows."""
        ...

    def read(self, form: Form) -> Overlay | None:
        """Return the overlay in force with the typed changes; None if the form says what is wrong."""
        ...

    def differences(self, overlay: Overlay) -> list[Difference]: ...


@dataclass(frozen=True)
class TextReader:
    """Reads texts from a form and marks faulty fields, whose text is returned as empty. So is one that says nothing."""

    form: Form
    words: Words

    def line(self, name: str, label: str, longest: int = 200) -> str:
        return self._checked(name, label, longest, lines=False)

    def text(self, name: str, label: str, longest: int) -> str:
        return self._checked(name, label, longest, lines=True)

    def _checked(self, name: str, label: str, longest: int, *, lines: bool) -> str:
        typed = self.form.value(name)
        read = read_text(typed) if lines else read_line(typed)
        if not says_something(read):
            return ""
        if len(read) > longest:
            self.form.wrong(name, self.words("faults.too_long", label=label, most=longest, count=len(read)))
        if "{" in read or "}" in read:
            self.form.wrong(name, self.words("settings.braces", label=label))
        return "" if self.form.error(name) else read
