"""Rules about the bodies that a dashboard or report may be limited to, and their labels."""

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from shared.contracts.reports import BodyChoice
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.bodies import organisation_compartment
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition


def bodies_named(organisation_id: UUID | None, bodies: Collection[str] = ()) -> tuple[str, ...]:
    """Return the chosen bodies, each once. In a register without a scope of bodies it is one organisation."""
    named = organisation_compartment(organisation_id).bodies if organisation_id else ()
    return tuple(dict.fromkeys((*named, *bodies)))


def organisations_named(visitor: Visitor, bodies: Sequence[str]) -> tuple[UUID, ...]:
    """Return the visitor's organisation that is the chosen body. Refused as `not_found` if it is not theirs."""
    found = tuple(each for each in visitor.organisation_ids if organisation_compartment(each).bodies == tuple(bodies))
    if not found:
        raise Refused("not_found")
    return found


def reaches_all(visitor: Visitor, compartment_ids: Collection[UUID] | None) -> bool:
    """Return whether the visitor reaches all of these compartments; None stands for the whole register."""
    if visitor.all_compartments:
        return True
    return compartment_ids is not None and set(compartment_ids).issubset(visitor.compartment_ids)


def body_labels(editions: Sequence[Definition]) -> dict[str, str]:
    """Return the label of every body that a record can name, in the order of the newest edition's options."""
    labels: dict[str, str] = {}
    for question in (each for edition in editions for each in _scope_questions(edition)):
        for code, label in question.labels.items():
            labels.setdefault(f"{question.body_list}:{code}", label)
    return labels


def _scope_questions(register: Definition) -> Iterator[Question]:
    for name in register.scope.by if register.scope else ():
        yield register.form.by_name[name]


def body_choices(editions: Sequence[Definition], found: Collection[str]) -> tuple[BodyChoice, ...]:
    """Return a choice for each body that was found. One without a label is shown by its code."""
    labels = body_labels(editions)
    unlabelled = {each: each.partition(":")[2] for each in sorted(found) if each not in labels}
    return tuple(BodyChoice(body=body, label=label) for body, label in (labels | unlabelled).items() if body in found)
