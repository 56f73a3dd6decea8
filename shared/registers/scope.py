"""The compartment in which a record lies, by its answers."""

from collections.abc import Mapping
from uuid import UUID

from shared.registers.bodies import Compartment, compartment_of, organisation_compartment
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer


def compartment_for(register: Definition, answers: Mapping[str, Answer], organisation_id: UUID) -> Compartment:
    """Return the compartment of a record with these answers, which an organisation submitted."""
    if register.scope is None:
        return organisation_compartment(organisation_id)
    named = ((register.form.by_name[name], answers.get(name)) for name in register.scope.by)
    return compartment_of(register.code, (f"{question.body_list}:{code}" for question, code in named if code))
