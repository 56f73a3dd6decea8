"""The bodies whose decision about the end of a record is missing."""

from shared.contracts.referrals.reading import RecordShown
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.form.showing import body_label


def awaited_bodies(register: Definition, record: RecordShown) -> list[str]:
    """Return the bodies that must still decide before the record ends, as `list:code`."""
    transition = register.lifecycle.ends_by("date")
    if transition is None or record.ends_on is None or not record.is_open:
        return []
    decided = {each.body for each in record.decisions}
    named = ((register.form.by_name[name], record.answers.get(name)) for name in transition.decisions)
    bodies = dict.fromkeys(f"{question.body_list}:{code}" for question, code in named if code)
    return [each for each in bodies if each not in decided]


def waiting_of(register: Definition, record: RecordShown) -> str:
    """Return the sentence that names the bodies whose decision is missing; empty if none is."""
    labels = [body_label(register, each) for each in awaited_bodies(register, record)]
    return register.words("ending.waiting", bodies=", ".join(labels)) if labels else ""


def deciding(visitor: Visitor, register: Definition, record: RecordShown) -> list[str]:
    """Return the bodies for which the visitor may decide now."""
    awaited = awaited_bodies(register, record) if record.may_update else []
    return [each for each in awaited if visitor.all_organisations or each in visitor.bodies]
