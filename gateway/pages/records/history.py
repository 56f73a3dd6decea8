"""The history of a record: who did what and when, with each answer before and after."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.ui.charts.rating_line import RatingLine, rating_line
from gateway.ui.formats import day, day_and_time
from gateway.ui.table import Column
from shared.contracts.outcomes import Outcomes
from shared.contracts.referrals.reading import FieldChange, History, Past, RecordChange, RecordShown
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, codes_of
from shared.registers.form.leaving import leaving_rows
from shared.registers.form.showing import show_answer


@dataclass(frozen=True, repr=False)
class ShownChange:
    """One version, ready to be rendered. `rows` hold question, before and after; empty if no answer changed."""

    heading: str
    rows: list[list[str]]


@dataclass(frozen=True)
class FoundOutcomes:
    """The outcomes of a record. `missing` means that the visitor may see them but they are unavailable now."""

    outcomes: Outcomes | None = None
    missing: bool = False


@dataclass(frozen=True)
class ShownPast:
    """A page of the history. `older` is how many updates to skip for the next page; 0 if there is none."""

    line: RatingLine | None
    without_outcomes: bool
    columns: tuple[Column, ...]
    updates: list[ShownChange]
    older: int
    created: str = field(repr=False)


def past_of(
    register: Definition, record: RecordShown, read: Past, found: FoundOutcomes, skipped: int, now: datetime
) -> ShownPast:
    """Return this page of the history. The rating line is only on the first page, because it ends today."""
    words, history = register.words, read.history
    return ShownPast(
        line=None if skipped else rating_line(register, record, read, found.outcomes, now),
        without_outcomes=found.missing,
        columns=(Column(words("history.question")), Column(words("history.before")), Column(words("history.after"))),
        updates=[shown_change(register, change) for change in history.updates],
        older=skipped + len(history.updates) if history.older else 0,
        created=_added(register, history),
    )


def _added(register: Definition, history: History) -> str:
    words, name = register.words, history.created_by
    if history.loaded_at is None:
        return words("history.created", name=name, when=day_and_time(history.created_at))
    return words("history.loaded", day=day(history.created_at), name=name, when=day_and_time(history.loaded_at))


def said_of(register: Definition, change: RecordChange) -> str:
    """Return a sentence: what was done, by whom and when."""
    words, name, when = register.words, change.changed_by, day_and_time(change.changed_at)
    if change.act == "ended" and not name:
        return words("history.ended_on_day", when=when)
    said = {
        "updated": words("history.changed", name=name, when=when),
        "reviewed": words("history.reviewed", name=name, when=when),
        "decided": words("history.decided", name=name, when=when),
        "archived": words("history.archived", name=name, when=when),
        "ended": words("history.ended", name=name, when=when),
        "reinstated": words("history.reinstated", name=name, when=when),
        "loaded": words("history.loaded_update", name=name, when=when),
    }
    return said[change.act]


def shown_change(register: Definition, change: RecordChange) -> ShownChange:
    """Return the change in the words of the record's edition."""
    nothing = register.words("page.not_recorded")
    left = [[row.label, nothing, row.text] for row in leaving_rows((register,), change.leaving, "")]
    return ShownChange(said_of(register, change), [*(_row(register, field) for field in change.changes), *left])


def _row(register: Definition, field: FieldChange) -> list[str]:
    """Return question, before and after. An answer that was taken back is said to be removed."""
    question, nothing = register.form.by_name.get(field.name), register.words("page.not_recorded")
    before, after = (_shown(question, answer) for answer in (field.before, field.after))
    label = question.label if question else field.name
    return [label, before or nothing, after or (register.words("history.removed") if before else nothing)]


def _shown(question: Question | None, answer: Answer | None) -> str:
    """Return an answer in words. One to a question that no edition has any more is shown as it is stored."""
    return show_answer(question, answer) if question else ", ".join(codes_of(answer))
