"""Checks of meetings: the form of the minutes, the decision that carries people over, and what an agenda is made of."""

from collections.abc import Iterator

from shared.registers.checks.forms import check_apart, check_condition, check_form, not_asked
from shared.registers.definition.meetings import MeetingRules
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault

PLACE = "meetings"


def check_meetings(register: Definition) -> Iterator[DefinitionFault]:
    """Check the form of the minutes, and that records have the rating and the area from which agendas are made."""
    if register.meetings is None:
        return
    minutes = register.meetings.minutes
    yield from check_form(f"{PLACE}.minutes", minutes)
    yield from check_apart(f"{PLACE}.minutes", minutes, register.form, "the form")
    if register.outcome:
        yield from check_apart(f"{PLACE}.minutes", minutes, register.outcome, "the outcome form")
    yield from _check_decision(register.meetings)
    if register.rating is None:
        yield DefinitionFault(PLACE, "needs [rating]: an agenda is made of the ratings of records")
    if "locality" not in register.person:
        yield DefinitionFault(PLACE, "needs locality in [person]: a meeting is held for an area")


def _check_decision(rules: MeetingRules) -> Iterator[DefinitionFault]:
    question = rules.minutes.by_name.get(rules.decision)
    if question is None or question.retired:
        yield DefinitionFault(f"{PLACE}, decision", not_asked(rules.minutes, rules.decision))
    elif question.kind != "select" or not question.required or question.show_if or question.unless:
        yield DefinitionFault(f"{PLACE}, decision", f"{rules.decision} must be a required select, asked always")
    elif rules.carried_by:
        condition = {rules.decision: rules.carried_by}
        yield from check_condition(f"{PLACE}, carried_by", condition, rules.minutes.by_name, "goes by")
