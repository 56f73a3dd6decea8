"""Checks of a later edition against the one before: old records must stay readable, and the floor may only rise."""

from collections.abc import Iterator

from shared.registers.definition.lifecycle import Transition
from shared.registers.definition.questions import QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


def check_succession(older: Definition, newer: Definition) -> list[DefinitionFault]:
    """Return the faults of an edition that follows another of the same register."""
    faults = list(_check_kept("form", older.form, newer.form))
    if older.outcome and newer.outcome:
        faults += _check_kept("outcome", older.outcome, newer.outcome)
    faults += _check_scope(older, newer)
    faults += _check_transitions(older, newer)
    let_go = [name for name in older.minimum if name not in newer.minimum]
    return faults + [
        DefinitionFault("floor", f"lets go of {name}, which edition {older.edition} holds") for name in let_go
    ]


def _check_scope(older: Definition, newer: Definition) -> Iterator[DefinitionFault]:
    """Check that the records of both editions lie in the same compartments, with the same codes of bodies."""
    if older.scope != newer.scope:
        yield DefinitionFault("scope", f"differs from edition {older.edition}: it decides who sees a record")
    for name in older.scope.by if older.scope else ():
        before, after = older.form.by_name.get(name), newer.form.by_name.get(name)
        if before and after and before.body_list != after.body_list:
            yield DefinitionFault("scope", f"{name} named bodies of {before.body_list}, and of {after.body_list} now")


def _check_transitions(older: Definition, newer: Definition) -> Iterator[DefinitionFault]:
    """Check that records of the older edition end as they would have: one job ends those of both."""
    kept = {each.code: each for each in newer.lifecycle.transitions}
    for each in older.lifecycle.transitions:
        other = kept.get(each.code)
        place = f"transition {each.code}"
        if other is None:
            yield DefinitionFault(place, f"is gone, and records of edition {older.edition} end by it")
        elif _course(each) != _course(other):
            yield DefinitionFault(place, f"leads elsewhere, or by other means, than in edition {older.edition}")


def _course(transition: Transition) -> tuple[str | None, ...]:
    return transition.from_state, transition.to_state, transition.by, transition.question


def _check_kept(called: str, older: QuestionForm, newer: QuestionForm) -> Iterator[DefinitionFault]:
    for question in older.all_questions:
        kept = newer.by_name.get(question.name)
        if kept is None:
            yield DefinitionFault(called, f"{question.name} is gone: keep it and say retired = true")
        elif kept.kind != question.kind:
            yield DefinitionFault(
                called, f"{question.name} was {question.kind} and is {kept.kind}: give the new one a new name"
            )
