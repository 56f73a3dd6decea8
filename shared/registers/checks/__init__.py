"""The checks of a definition beyond its shape. The table `CHECKS` lists each."""

import re
from collections.abc import Callable, Iterator, Sequence

from shared.registers.checks.forms import check_apart, check_form, check_labels, not_asked
from shared.registers.checks.lifecycle import check_duplicates, check_states, check_transitions
from shared.registers.checks.load import check_load
from shared.registers.checks.meetings import check_meetings
from shared.registers.checks.receipt import check_promises, check_receipt
from shared.registers.checks.references import (
    check_case_text,
    check_consent,
    check_floor,
    check_help,
    check_identity,
    check_notifications,
    check_person,
    check_rating,
    check_records,
)
from shared.registers.checks.reporting import (
    check_ages_at,
    check_bands,
    check_counted,
    check_reports,
    check_standing,
    check_weeks,
)
from shared.registers.checks.reviews import check_reviews
from shared.registers.checks.scope import check_bodies, check_registration, check_scope, check_scope_filters
from shared.registers.definition.questions import QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


def _check_forms(register: Definition) -> Iterator[DefinitionFault]:
    yield from check_form("form", register.form)
    if register.form.told:
        yield DefinitionFault("form", "told belongs to the outcome form")
    if register.outcome:
        born = register.form.by_name.get(register.person.get("born", ""))
        yield from check_form("outcome", register.outcome, {born.name: born} if born else None)
        yield from check_apart("outcome", register.outcome, register.form, "the form")
        yield from _check_told(register.outcome)
    if register.leaving:
        yield from check_form("leaving", register.leaving)
        yield from _check_leaving(register, register.leaving)


def _check_told(outcome: QuestionForm) -> Iterator[DefinitionFault]:
    for name in outcome.told:
        if name not in outcome.by_name:
            yield DefinitionFault("outcome, told", not_asked(outcome, name))


def _check_leaving(register: Definition, leaving: QuestionForm) -> Iterator[DefinitionFault]:
    """Check that an outcome ends a record, and that one page can ask both forms: they share no name."""
    if register.lifecycle.ends_by("outcome") is None:
        yield DefinitionFault("leaving", "asks why a record ends, and no transition is by an outcome")
    if not any(question.required and not question.show_if for question in leaving.asked):
        yield DefinitionFault("leaving", "asks nothing that must be answered: say required = true")
    taken = {name for form in register.every_form if form is not leaving for name in form.by_name}
    for name in sorted(leaving.by_name.keys() & taken):
        yield DefinitionFault("leaving", f"{name} is a question of another form: give it another name")


CHECKS: tuple[Callable[[Definition], Iterator[DefinitionFault]], ...] = (
    check_identity,
    _check_forms,
    check_person,
    check_floor,
    check_rating,
    check_reviews,
    check_consent,
    check_records,
    check_case_text,
    check_help,
    check_load,
    check_meetings,
    check_states,
    check_transitions,
    check_duplicates,
    check_receipt,
    check_notifications,
    check_promises,
    check_bands,
    check_counted,
    check_standing,
    check_ages_at,
    check_reports,
    check_weeks,
    check_scope,
    check_registration,
    check_bodies,
    check_scope_filters,
)


SAVING_CHECKS: tuple[Callable[[Definition], Iterator[DefinitionFault]], ...] = (
    _check_forms,
    check_person,
    check_floor,
    check_rating,
    check_consent,
    check_transitions,
    check_scope,
)
"""The checks of what a record is saved by."""


def find_faults(register: Definition, before: Sequence[DefinitionFault] = ()) -> list[DefinitionFault]:
    """
    Return every fault of a definition whose shape is right, causes first. `before` are those that were found already.

    A fault that may only follow from another is left out.
    """
    found = [*before, *(fault for check in CHECKS for fault in check(register))]
    causes = [fault for fault in found if fault.explains]
    explained = frozenset(name for cause in causes for name in cause.explains)
    return causes + [fault for fault in found if not (fault.explains or _mentions(fault, explained))]


def find_twins(register: Definition) -> list[DefinitionFault]:
    """Return the options of a written definition that users could not tell apart."""
    faults = list(check_labels("form", register.form))
    faults += check_labels("outcome", register.outcome) if register.outcome else ()
    faults += check_labels("leaving", register.leaving) if register.leaving else ()
    return faults + (list(check_labels("meetings.minutes", register.meetings.minutes)) if register.meetings else [])


def _mentions(fault: DefinitionFault, phrases: frozenset[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", str(fault)) for each in phrases)
