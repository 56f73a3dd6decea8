"""What was done to a record, each version with who and when, and what it said before and after."""

from dataclasses import dataclass
from datetime import datetime

from gateway.ui.charts.rating_line import RatingLine, rating_line
from gateway.ui.formats import day_and_time
from gateway.ui.table import Column
from shared.contracts.outcomes import Outcomes
from shared.contracts.referrals.reading import Act, FieldChange, History, RecordChange, RecordShown
from shared.registers.definition.register import Definition
from shared.registers.form.showing import show_answer


@dataclass(frozen=True)
class ShownChange:
    """One version, ready to be shown: `rows` are question, before, after; none where no answer was changed."""

    heading: str
    rows: list[list[str]]


@dataclass(frozen=True)
class FoundOutcomes:
    """The outcomes of a record, for those who may see them; `missing`: they may, and cannot just now."""

    outcomes: Outcomes | None = None
    missing: bool = False


@dataclass(frozen=True)
class Past:
    """What was done to a record so far. `older` says how many to leave out to see what was done before."""

    line: RatingLine | None
    without_outcomes: bool
    columns: tuple[Column, ...]
    updates: list[ShownChange]
    older: int
    created: str


def past_of(
    register: Definition, record: RecordShown, history: History, found: FoundOutcomes, skipped: int, now: datetime
) -> Past:
    """The line is drawn where the newest is: it leads up to today."""
    words = register.words
    return Past(
        line=None if skipped else rating_line(register, record, history, found.outcomes, now),
        without_outcomes=found.missing,
        columns=(Column(words("history.question")), Column(words("history.before")), Column(words("history.after"))),
        updates=[shown_change(register, change) for change in history.updates],
        older=skipped + len(history.updates) if history.older else 0,
        created=words("history.created", name=history.created_by, when=day_and_time(history.created_at)),
    )


def said_of(register: Definition, change: RecordChange) -> str:
    """What was done, by whom and when."""
    words, name, when = register.words, change.changed_by, day_and_time(change.changed_at)
    said: dict[Act, str] = {
        "updated": words("history.changed", name=name, when=when),
        "reviewed": words("history.reviewed", name=name, when=when),
        "archived": words("history.archived", name=name, when=when),
        "reinstated": words("history.reinstated", name=name, when=when),
    }
    return said[change.act]


def shown_change(register: Definition, change: RecordChange) -> ShownChange:
    """In the words of the edition that the record is written in."""
    return ShownChange(said_of(register, change), [_row(register, field) for field in change.changes])


def _row(register: Definition, field: FieldChange) -> list[str]:
    question, nothing = register.form.by_name.get(field.name), register.words("page.not_recorded")
    if question is None:
        return [field.name, nothing, nothing]
    return [
        question.label,
        show_answer(question, field.before) or nothing,
        show_answer(question, field.after) or nothing,
    ]
