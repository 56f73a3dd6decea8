"""The bodies whose decision about the end of a record is missing."""

from shared.contracts.referrals.reading import RecordShown
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.form.showing import body_label
from shared.registers.scope import bodies_named


def awaited_bodies(register: Definition, record: RecordShown) -> list[str]:
    """Return the bodies that must still decide before the record ends, as `list:code`."""
    transition = register.lifecycle.ends_by("date")
    if transition is None or record.ends_on is None or not record.is_open:
        return []
    decided = {each.body for each in record.decisions}
    return [each for each in bodies_named(register, transition.decisions, record.answers) if each not in decided]


def decided_by_bodies(register: Definition) -> bool:
    """Return whether bodies decide about the end of a record in this register."""
    transition = register.lifecycle.ends_by("date")
    return bool(transition and transition.decisions)


def waiting_of(register: Definition, record: RecordShown) -> str:
    """Return the sentence that names the bodies whose decision is missing; empty if none is."""
    labels = [body_label(register, each) for each in awaited_bodies(register, record)]
    return register.words("ending.waiting", bodies=", ".join(labels)) if labels else ""


def deciding(visitor: Visitor, register: Definition, record: RecordShown) -> list[str]:
    """Return the bodies for which the visitor may decide now."""
    awaited = awaited_bodies(register, record) if record.may_update else []
    return [each for each in awaited if visitor.all_organisations or each in visitor.bodies]
