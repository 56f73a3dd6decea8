"""The editor of a question's options: their labels, their order, and which are retired."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from gateway.pages.settings.editor import Difference, SettingState, TextReader
from gateway.ui.form import Field, Form, number_of
from gateway.ui.formats import lines
from shared.registers.definition.questions import Option, Question
from shared.registers.definition.words import Words
from shared.registers.overlay import Overlay, new_code, rules_naming
from shared.values import fold

EMPTY_ROWS = 3
MOST_NEW = 30
LONGEST_LABEL = 200
TICKED = "yes"


@dataclass(frozen=True)
class OptionRow:
    """One option in the form: the names of its fields, and why it cannot be retired (`stays`)."""

    heading: str
    label: str
    place: str
    retire: str
    stays: str


@dataclass(frozen=True)
class Placed:
    """An option as typed, its old position, and its new one."""

    option: Option
    was: int
    place: int

    @property
    def order(self) -> tuple[int, int, int]:
        """
        The sort key. At one position, an option that moved up comes before the one already there, and one that moved
        down after it.
        """
        return self.place, (self.place > self.was) - (self.place < self.was), self.was


@dataclass(frozen=True)
class ListEditor:
    """The editor for the options of one question."""

    standing: SettingState
    question: Question
    template: str = "settings/list.html"

    @property
    def part(self) -> str:
        return f"options:{self.question.name}"

    @property
    def path(self) -> str:
        return f"lists/{self.question.name}/"

    @property
    def heading(self) -> str:
        return self._words("settings.lists.heading", label=self.question.label)

    @property
    def lead(self) -> tuple[str, ...]:
        return self._words.lines("settings.lists.lead")

    @property
    def summary(self) -> tuple[str, ...]:
        return tuple(self._shown(option) for option in self.question.options)

    @property
    def _words(self) -> Words:
        return self.standing.words

    # ------------------------------------------------------------------------------------------------------ the form
    def form(self, typed: Mapping[str, str] | None = None, more: int = 0) -> Form:
        values = self._in_force() if typed is None else dict(typed)
        count = min(number_of(values.get("rows"), 4) or EMPTY_ROWS, MOST_NEW) + more
        values["rows"] = str(min(count, MOST_NEW))
        return Form(list(self._fields(min(count, MOST_NEW))), values)

    def _in_force(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for place, option in enumerate(self.question.options, start=1):
            values |= {f"label-{option.code}": option.label, f"place-{option.code}": str(place)}
            values |= {f"retire-{option.code}": TICKED} if option.retired else {}
        return values

    def _fields(self, new: int) -> Iterator[Field]:
        for row in (*self._rows, *self.new_rows(new)):
            yield Field(row.label, self._words("settings.lists.label"))
            yield Field(row.place, self._words("settings.lists.place"), "whole_number", width=3)
            if row.retire:
                yield Field(row.retire, self._words("settings.lists.retire"))
        yield Field("rows", "")

    def rows(self, form: Form) -> tuple[OptionRow, ...]:
        return (*self._rows, *self.new_rows(number_of(form.value("rows"), 4) or 0))

    @property
    def _rows(self) -> tuple[OptionRow, ...]:
        return tuple(
            OptionRow(
                self._words("settings.lists.option", count=number),
                f"label-{option.code}",
                f"place-{option.code}",
                f"retire-{option.code}",
                self._stays(option.code),
            )
            for number, option in enumerate(self.question.options, start=1)
        )

    def new_rows(self, count: int) -> tuple[OptionRow, ...]:
        return tuple(
            OptionRow(
                self._words("settings.lists.new_option", count=number),
                f"new-label-{number}",
                f"new-place-{number}",
                "",
                "",
            )
            for number in range(1, count + 1)
        )

    @cached_property
    def _rules(self) -> dict[str, tuple[str, ...]]:
        return rules_naming(self.standing.register, self.question.name)

    def _stays(self, code: str) -> str:
        follows = self._rules.get(code)
        return self._words("settings.lists.must_stay", label=", ".join(follows)) if follows else ""

    # --------------------------------------------------------------------------------------------------- what is read
    def read(self, form: Form) -> Overlay | None:
        placed = [*self._read_known(form), *self._read_new(form)]
        options = tuple(each.option for each in sorted(placed, key=lambda each: each.order))
        if not form.errors and all(option.retired for option in options):
            form.refuse(self._words("settings.lists.none_left"))
        if form.summary:
            return None
        overlay = self.standing.overlay
        return overlay.model_copy(update={"options": {**overlay.options, self.question.name: options}})

    def _read_known(self, form: Form) -> Iterator[Placed]:
        """
        Yield the existing options. An option without a field was added after the form was opened, and stays unchanged.
        """
        reader = TextReader(form, self.standing.words)
        for was, option in enumerate(self.question.options, start=1):
            name = f"label-{option.code}"
            if not form.has(name):
                yield Placed(option, was, was)
                continue
            label = reader.line(name, self._words("settings.lists.label"), LONGEST_LABEL)
            if not label:
                form.wrong(name, self._words("settings.lists.label_missing"))
            self._check_twice(form, name, label)
            retired = form.value(f"retire-{option.code}") == TICKED
            if retired and (stays := self._stays(option.code)):
                form.wrong(name, stays)
            place = self._place(form, f"place-{option.code}", was)
            yield Placed(option.model_copy(update={"label": label, "retired": retired}), was, place)

    def _read_new(self, form: Form) -> Iterator[Placed]:
        reader, taken = TextReader(form, self.standing.words), self._codes()
        last = len(self.question.options)
        for number in range(1, (number_of(form.value("rows"), 4) or 0) + 1):
            name = f"new-label-{number}"
            label = reader.line(name, self._words("settings.lists.label"), LONGEST_LABEL)
            if label:
                self._check_twice(form, name, label)
                was, code = last + number, new_code(label, taken)
                taken.add(code)
                yield Placed(Option(code=code, label=label), was, self._place(form, f"new-place-{number}", was))

    def _codes(self) -> set[str]:
        """Return every code that an edition uses for this question."""
        forms = [form for each in self.standing.editions for form in each.every_form]
        known = (form.by_name[self.question.name] for form in forms if self.question.name in form.by_name)
        return {code for question in known for code in question.labels}

    def _check_twice(self, form: Form, name: str, label: str) -> None:
        """Mark the field if an earlier field has the same label."""
        for other in form.fields:
            if other == name:
                return
            if other.startswith(("label-", "new-label-")) and label and fold(form.value(other)) == fold(label):
                form.wrong(name, self._words("settings.lists.label_twice", label=label))

    def _place(self, form: Form, name: str, otherwise: int) -> int:
        typed = form.value(name).strip()
        if not typed:
            return otherwise
        place = number_of(typed, 4) or 0
        if not 1 <= place <= 999:
            form.wrong(name, self._words("settings.lists.place_wrong"))
        return place

    # ---------------------------------------------------------------------------------------------------- what differs
    def differences(self, overlay: Overlay) -> list[Difference]:
        options = overlay.options.get(self.question.name, self.question.options)
        before = {option.code: option for option in self.question.options}
        found: list[Difference] = []
        for option in options:
            old = before.get(option.code)
            if old is None:
                found.append((self._words("settings.lists.added"), "", option.label))
            elif self._shown(old) != self._shown(option):
                found.append((self._words("settings.lists.reworded"), self._shown(old), self._shown(option)))
        return found + self._order(options)

    def _order(self, options: tuple[Option, ...]) -> list[Difference]:
        """Return the change of order, if existing options moved or a new one was inserted between them."""
        old = [option.code for option in self.question.options]
        if [option.code for option in options][: len(old)] == old:
            return []
        before, after = (lines(*(option.label for option in each)) for each in (self.question.options, options))
        return [(self._words("settings.lists.order"), before, after)]

    def _shown(self, option: Option) -> str:
        return self._words("settings.lists.retired", label=option.label) if option.retired else option.label
