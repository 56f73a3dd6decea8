"""Checks of a register's states and transitions, and of its rules for duplicates."""

from collections.abc import Iterator

from shared.registers.checks.forms import check_condition, twice
from shared.registers.definition.lifecycle import Transition
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


def check_states(register: Definition) -> Iterator[DefinitionFault]:
    """Check that a new record is open, and that each transition leads from an open state to a closed one."""
    life = register.lifecycle
    for code in twice(state.code for state in life.states):
        yield DefinitionFault("lifecycle", f"has the state {code} more than once")
    if not life.states[0].is_open:
        yield DefinitionFault(
            "lifecycle", f"the first state is that of a new record: {life.states[0].code} must be open"
        )
    for code in twice(each.code for each in life.transitions):
        yield DefinitionFault("lifecycle", f"has the transition {code} more than once")
    for means in twice(each.by for each in life.transitions):
        yield DefinitionFault("lifecycle", f"has more than one transition by {means}")
    known = {state.code: state.is_open for state in life.states}
    for each in life.transitions:
        if known.get(each.from_state) is not True or known.get(each.to_state) is not False:
            yield DefinitionFault(f"transition {each.code}", "must lead from a state that is open to one that is not")


def check_transitions(register: Definition) -> Iterator[DefinitionFault]:
    """Check that each transition has what its kind needs, and nothing that only another kind uses."""
    for each in register.lifecycle.transitions:
        yield from _check_date(register, each) if each.by == "date" else _check_outcome(register, each)


def _check_outcome(register: Definition, transition: Transition) -> Iterator[DefinitionFault]:
    place = f"transition {transition.code}"
    if register.outcome is None:
        yield DefinitionFault(place, "a record ends by an outcome, and there is no outcome form")
    asked = {question.name: question for question in register.outcome.asked} if register.outcome else {}
    for condition in transition.when:
        yield from check_condition(f"{place}, when", condition, asked, "depends on", "in the outcome form")
    yield from _check_written(register, transition)
    if transition.question or transition.decisions or transition.confirm:
        yield DefinitionFault(place, "question, decisions and confirm belong to a transition by a date")


def _check_written(register: Definition, transition: Transition) -> Iterator[DefinitionFault]:
    if transition.written is None:
        return
    question = register.leaving.by_name.get(transition.written) if register.leaving else None
    if question is None or question.retired or question.kind not in ("text", "long_text"):
        yield DefinitionFault(f"transition {transition.code}", "written must name a text of the form leaving")


def _check_date(register: Definition, transition: Transition) -> Iterator[DefinitionFault]:
    place = f"transition {transition.code}"
    question = register.form.by_name.get(transition.question or "")
    if question is None or question.retired or question.kind != "date" or question.required:
        yield DefinitionFault(place, "question must name a date of the form that need not be given")
    elif question.not_known:
        yield DefinitionFault(place, f"{question.name} offers not_known, which is no day on which a record can end")
    if transition.when:
        yield DefinitionFault(place, "when belongs to a transition by an outcome")
    if transition.written:
        yield DefinitionFault(place, "written belongs to a transition by an outcome")
    if transition.confirm is None:
        yield DefinitionFault(place, "confirm is missing: nobody may end a record by a slip")
    for name in transition.decisions:
        if name not in (register.scope.by if register.scope else ()):
            yield DefinitionFault(place, f"{name} is not part of the scope: only a body of the scope can decide")


def check_duplicates(register: Definition) -> Iterator[DefinitionFault]:
    roles = {role for rule in register.duplicates.rules for role in (*rule.match, rule.only_without) if role}
    for role in sorted(roles - register.person.keys()):
        yield DefinitionFault("duplicates", f"compares {role}, which person does not name")
    if register.duplicates.entry == "refused" and register.duplicates.unseen == "silent":
        yield DefinitionFault("duplicates", "an entry that is refused must say so: unseen must be said")
