"""What an author should look at in a definition that can be used: it works, but perhaps not as meant."""

from collections.abc import Iterator

from shared.registers.definition.dashboards import AgeBand, AgeFilter, AgeTile
from shared.registers.definition.nouns import LONGEST_NOUN
from shared.registers.definition.questions import OPTION_KINDS, Question
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault
from shared.values import is_within


def find_notes(register: Definition) -> Iterator[DefinitionFault]:
    """Yield each note with its place. No note keeps a register from being served."""
    for form in register.every_form:
        for question in form.all_questions:
            yield from _of_question(question)
    yield from _of_nouns(register)
    yield from _of_ages(register)
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
    if question.max_length and question.kind in OPTION_KINDS | {"date"}:
        yield DefinitionFault(place, f"has max_length, which does nothing for {question.kind}")


def _of_nouns(register: Definition) -> Iterator[DefinitionFault]:
    for key, noun in (("record", register.identity.record), ("records", register.identity.records)):
        if len(noun) > LONGEST_NOUN:
            why = f"has more than {LONGEST_NOUN} characters: sentences on pages say {key} in its place"
            yield DefinitionFault(f"register, {key}", why)


def _of_ages(register: Definition) -> Iterator[DefinitionFault]:
    """Find ranges of ages in which nobody can be: what is limited to them is always empty."""
    for place, bands in _bands(register):
        for band in bands:
            if band.last is not None and band.first > band.last:
                yield DefinitionFault(f"reporting, {place}", f"{band.label} holds no age: first is above last")


def _bands(register: Definition) -> Iterator[tuple[str, tuple[AgeBand, ...]]]:
    reporting = register.reporting
    yield from ((f"tile {each.title}", each.bands) for each in reporting.tiles if isinstance(each, AgeTile))
    yield from ((f"filter {each.label}", each.bands) for each in reporting.filters if isinstance(each, AgeFilter))
    yield from ((f"report {each.code}", (each.ages,)) for each in reporting.reports if each.ages)


def _of_organisations(register: Definition) -> Iterator[DefinitionFault]:
    """Find organisations whose users cannot register, though the register lets people do so."""
    for each in register.organisations:
        if not any(is_within(each.email_domain, domain) for domain in register.access.accepted_domains):
            why = f"{each.email_domain} is not within accepted_domains: its users cannot register themselves"
            yield DefinitionFault(f"organisation {each.name}", why)
