"""What an author should look at in a definition that can be used: it works, but perhaps not as meant."""

from collections.abc import Iterator

from shared.registers.definition.questions import OPTION_KINDS, Question
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault
from shared.values import is_within


def find_notes(register: Definition) -> Iterator[DefinitionFault]:
    """Yield each note with its place. No note keeps a register from being served."""
    for form in filter(None, (register.form, register.outcome)):
        for question in form.all_questions:
            yield from _of_question(question)
    if register.access.self_registration:
        yield from _of_organisations(register)
    if register.outcome and register.lifecycle.transitions and register.lifecycle.ends_by("outcome") is None:
        yield DefinitionFault("outcome", "no outcome ends a record: no transition is by an outcome")
    if "actions" not in {column.shows for column in register.records.columns}:
        yield DefinitionFault("records", "no column shows actions, so the person opens the record, or the first column")


def _of_question(question: Question) -> Iterator[DefinitionFault]:
    place = f"question {question.name}"
    if question.retired and question.required:
        yield DefinitionFault(place, "is required and retired: it is not asked any more, so nobody must answer it")
    if question.missing and not question.required:
        yield DefinitionFault(place, "has a text for a missing answer, and is not required: the text is never shown")
    if question.max_length and question.kind in OPTION_KINDS:
        yield DefinitionFault(place, f"has max_length, which does nothing for {question.kind}")


def _of_organisations(register: Definition) -> Iterator[DefinitionFault]:
    """Find organisations whose users cannot register, though the register lets people do so."""
    for each in register.organisations:
        if not any(is_within(each.email_domain, domain) for domain in register.access.accepted_domains):
            why = f"{each.email_domain} is not within accepted_domains: its users cannot register themselves"
            yield DefinitionFault(f"organisation {each.name}", why)
