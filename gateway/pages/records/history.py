"""What was done to a record, each version with who and when, and what it said before and after."""

from dataclasses import dataclass

from gateway.showing import day_and_time
from shared.contracts.referrals import Act, Change, FieldChange
from shared.registers.definition import Definition
from shared.registers.form import show_answer


@dataclass(frozen=True)
class ShownChange:
    """One version, ready to be shown: `rows` are question, before, after; none where no answer was changed."""

    heading: str
    rows: list[list[str]]


def said_of(register: Definition, change: Change) -> str:
    """What was done, by whom and when."""
    words = register.words.history
    said: dict[Act, str] = {
        "updated": words.changed,
        "reviewed": words.reviewed,
        "archived": words.archived,
        "reinstated": words.reinstated,
    }
    return said[change.act].format(name=change.changed_by, when=day_and_time(change.changed_at))


def shown_change(register: Definition, change: Change) -> ShownChange:
    """In the words of the edition that the record is written in."""
    return ShownChange(said_of(register, change), [_row(register, field) for field in change.changes])


def _row(register: Definition, field: FieldChange) -> list[str]:
    question, nothing = register.form.by_name.get(field.name), register.words.page.not_recorded
    if question is None:
        return [field.name, nothing, nothing]
    return [
        question.label,
        show_answer(question, field.before) or nothing,
        show_answer(question, field.after) or nothing,
    ]
