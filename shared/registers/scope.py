"""Who may see a record: the bodies that its answers name, its compartment, and who may read it after its end."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from shared.permissions import Visitor
from shared.registers.bodies import Compartment, compartment_of, organisation_compartment
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, codes_of


def compartment_for(register: Definition, answers: Mapping[str, Answer], organisation_id: UUID) -> Compartment:
    """Return the compartment of a record with these answers, which an organisation submitted."""
    if register.scope is None:
        return organisation_compartment(organisation_id)
    return compartment_of(register.code, bodies_named(register, register.scope.by, answers))


def bodies_named(register: Definition, questions: Iterable[str], answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Return the bodies that the answers to these questions name, as `list:code`: each once, in this order."""
    named = ((register.form.by_name[name], codes_of(answers.get(name))) for name in questions)
    return tuple(dict.fromkeys(f"{question.body_list}:{code}" for question, codes in named for code in codes if code))


def sees_ended(register: Definition | None, visitor: Visitor) -> bool:
    """Return whether the visitor's role finds records that have ended, in the list of records and in reports."""
    return bool(register and visitor.role and visitor.role.value in register.access.ended_seen_by)


def reads_ended(register: Definition | None, visitor: Visitor) -> bool:
    """Return whether the visitor's role may open records that have ended."""
    if register is None or visitor.role is None:
        return False
    return visitor.role.value in (register.access.ended_read_by or register.access.ended_seen_by)
