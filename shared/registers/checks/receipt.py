"""Checks of the receipt, and of what a register promises never to leave out."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.registers.definition.lifecycle import Promise
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


@dataclass(frozen=True)
class ReceiptText:
    """A text of the receipt, and the key that says why it is left out. `says` is what the text is about."""

    name: Promise
    text: str | None
    reason: str
    why_not: str | None
    says: str


def _texts(register: Definition) -> tuple[ReceiptText, ...]:
    receipt = register.receipt
    return (
        ReceiptText("watched", receipt.watched, "no_watch", receipt.no_watch, "when someone looks at the register"),
        ReceiptText("crisis", receipt.crisis, "no_crisis", receipt.no_crisis, "what to do in a crisis"),
    )


def check_receipt(register: Definition) -> Iterator[DefinitionFault]:
    """Check that each text of the receipt is written, or left out with a reason: a slip must not leave it out."""
    may_be_urgent = register.rating and any(level.urgency == "urgent" for level in register.rating.levels)
    for each in _texts(register):
        if each.text is None and each.why_not is None:
            told = f'{each.name} is missing: say {each.says}, or say why not, for example {each.reason} = "…"'
            yield DefinitionFault("receipt", told)
        elif each.text and each.why_not:
            yield DefinitionFault("receipt", f"says both {each.name} and {each.reason}: keep one of them")
        elif each.why_not and may_be_urgent:
            told = f"{each.reason} cannot stand where a record may be urgent: write {each.name}, which says {each.says}"
            yield DefinitionFault("receipt", told)


def check_promises(register: Definition) -> Iterator[DefinitionFault]:
    """Check that the register leaves out nothing of `never_without`. A text that is just missing is said elsewhere."""
    for each in _texts(register):
        if each.name in register.never_without and each.why_not:
            yield DefinitionFault("never_without", f"{each.name} is promised, and {each.reason} leaves it out")
    if "new_records_told" in register.never_without and register.untold:
        told = "new_records_told is promised, and [notifications] says that nobody is mailed"
        yield DefinitionFault("never_without", told)
