"""Questions that the newest edition has retired: records of older editions are not asked them any more either."""

from collections.abc import Collection

from shared.registers.checks import SAVING_CHECKS
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition

RETIRED = {"retired": True, "show_if": (), "unless": (), "ages": ()}
"""A retired question is not asked, so its own conditions do not matter."""


def retired_since(older: Definition, newest: Definition) -> Definition:
    """
    Return the older edition without the questions that the newest has retired. Their answers stay on the records.

    A question stays if the older edition still relies on it, for consent or for another question's condition.
    """
    asked = {question.name for question in older.form.asked}
    names = [each.name for each in newest.form.all_questions if each.retired and each.name in asked]
    if not names:
        return older
    whole = _retire(older, names)
    if not _is_faulty(whole):
        return whole
    for name in reversed(names):  # a question that depends on another one comes after it
        changed = _retire(older, [name])
        older = older if _is_faulty(changed) else changed
    return older


def _is_faulty(register: Definition) -> bool:
    """Return whether records could not be saved by this definition. Its list and reports are those of the newest."""
    return any(True for check in SAVING_CHECKS for _ in check(register))


def _retire(register: Definition, names: Collection[str]) -> Definition:
    def changed(question: Question) -> Question:
        return question.model_copy(update=RETIRED) if question.name in names else question

    return register.model_copy(update={"form": register.form.with_questions(changed)})
