"""The editor of the review intervals: after how many days each level is reviewed, and the policy that says so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.pages.reviews.due_list import level_label
from gateway.pages.settings.editor import Difference, SettingState, TextReader
from gateway.ui.form import Field, Form, number_of
from shared.registers.definition.register import Definition
from shared.registers.definition.reviews import MOST_DAYS, ReviewIntervals, ReviewRules
from shared.registers.definition.words import Words
from shared.registers.overlay import Overlay

DAYS = "days-"
LONGEST_SOURCE = 200


@dataclass(frozen=True)
class ReviewsEditor:
    """The editor of the intervals of a register that reviews its records."""

    standing: SettingState
    rules: ReviewRules
    part: str = "reviews"
    path: str = "reviews/"
    template: str = "settings/reviews.html"

    @property
    def heading(self) -> str:
        return self._words("settings.reviews.heading")

    @property
    def lead(self) -> tuple[str, ...]:
        return self._words.lines("settings.reviews.lead")

    @property
    def summary(self) -> tuple[str, ...]:
        return summary_of(self.standing.register)

    @property
    def _words(self) -> Words:
        return self.standing.words

    def form(self, typed: Mapping[str, str] | None = None, more: int = 0) -> Form:
        words = self._words
        days = [
            Field(f"{DAYS}{name}", words("settings.reviews.days", level=self._label(name)), "whole_number", width=3)
            for name in self.rules.names
        ]
        hint = words("settings.reviews.source_hint")
        source = Field("source", words("settings.reviews.source"), hint=hint)
        return Form([*days, source], self._in_force() if typed is None else typed)

    def _in_force(self) -> dict[str, str]:
        entered = self.rules.intervals
        if entered is None:
            return {}
        return {**{f"{DAYS}{name}": str(days) for name, days in entered.days.items()}, "source": entered.source}

    def _label(self, name: str) -> str:
        return level_label(self.standing.register, name)

    def read(self, form: Form) -> Overlay | None:
        days = {name: each for name in self.rules.names if (each := self._days(form, name)) is not None}
        source = TextReader(form, self._words).line("source", self._words("settings.reviews.source"), LONGEST_SOURCE)
        if not source and not form.error("source"):
            form.wrong("source", self._words("settings.reviews.source_missing"))
        if form.summary:
            return None
        return self.standing.overlay.model_copy(update={"reviews": ReviewIntervals(days=days, source=source)})

    def _days(self, form: Form, name: str) -> int | None:
        """Return the typed interval; None if there is none, which takes the level's due dates away."""
        typed = form.value(f"{DAYS}{name}").strip()
        if not typed:
            return None
        days = number_of(typed, 4) or 0
        if not 1 <= days <= MOST_DAYS:
            form.wrong(f"{DAYS}{name}", self._words("settings.reviews.days_wrong", most=MOST_DAYS))
            return None
        return days

    def differences(self, overlay: Overlay) -> list[Difference]:
        old, new = self.rules.intervals, overlay.reviews
        if new is None:
            return []
        found = [
            (self._label(name), self._shown(old, name), self._shown(new, name))
            for name in self.rules.names
            if (old.days.get(name) if old else None) != new.days.get(name)
        ]
        before = old.source if old else ""
        return found + ([(self._words("settings.reviews.source"), before, new.source)] if before != new.source else [])

    def _shown(self, intervals: ReviewIntervals | None, name: str) -> str:
        return interval_of(self._words, intervals, name)


def summary_of(register: Definition) -> tuple[str, ...]:
    """Return each level with its interval, and the source, as texts."""
    return tuple(_lines(register, register.reviews)) if register.reviews else ()


def _lines(register: Definition, rules: ReviewRules) -> Iterator[str]:
    for name in rules.names:
        said = interval_of(register.words, rules.intervals, name)
        yield register.words("settings.reviews.line", level=level_label(register, name), interval=said)
    if rules.intervals:
        yield register.words("settings.reviews.from_source", source=rules.intervals.source)


def interval_of(words: Words, intervals: ReviewIntervals | None, name: str) -> str:
    """Return an interval as text, or that there is none."""
    days = intervals.days.get(name) if intervals else None
    return words("settings.reviews.unset") if days is None else words("settings.reviews.every_days", count=days)
