"""Checks of a later edition against the one before: old records must stay readable, and the floor may only rise."""

from collections.abc import Iterator

from shared.registers.definition.questions import QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


def check_succession(older: Definition, newer: Definition) -> list[DefinitionFault]:
    """Return the faults of an edition that follows another of the same register."""
    faults = list(_check_kept("form", older.form, newer.form))
    if older.outcome and newer.outcome:
        faults += _check_kept("outcome", older.outcome, newer.outcome)
    if older.scope != newer.scope:
        faults.append(DefinitionFault("scope", f"differs from edition {older.edition}: it decides who sees a record"))
    let_go = [name for name in older.minimum if name not in newer.minimum]
    return faults + [
        DefinitionFault("floor", f"lets go of {name}, which edition {older.edition} holds") for name in let_go
    ]


def _check_kept(called: str, older: QuestionForm, newer: QuestionForm) -> Iterator[DefinitionFault]:
    for question in older.all_questions:
        kept = newer.by_name.get(question.name)
        if kept is None:
            yield DefinitionFault(called, f"{question.name} is gone: keep it and say retired = true")
        elif kept.kind != question.kind:
            yield DefinitionFault(
                called, f"{question.name} was {question.kind} and is {kept.kind}: give the new one a new name"
            )
