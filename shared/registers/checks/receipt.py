"""Checks of the receipt, and of what a register promises never to leave out."""

from collections.abc import Iterator

from shared.registers.definition.lifecycle import Promise
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault

SAYS: dict[Promise, tuple[str, str]] = {
    "watched": ("no_watch", "when someone looks at the register"),
    "crisis": ("no_crisis", "what to do in a crisis"),
}
"""The texts of the receipt: the key that says why one is left out, and what the text says."""


def check_receipt(register: Definition) -> Iterator[DefinitionFault]:
    """Check that each text of the receipt is written, or left out with a reason: a slip must not leave it out."""
    written = register.receipt.model_dump()
    for text, (reason, says) in SAYS.items():
        if written[text] is None and written[reason] is None:
            yield DefinitionFault(
                "receipt", f'{text} is missing: say {says}, or say why not, for example {reason} = "…"'
            )
        elif written[text] and written[reason]:
            yield DefinitionFault("receipt", f"says both {text} and {reason}: keep one of them")
        elif written[reason] and _may_be_urgent(register):
            yield DefinitionFault(
                "receipt", f"{reason} cannot stand where a record may be urgent: write {text}, which says {says}"
            )


def check_promises(register: Definition) -> Iterator[DefinitionFault]:
    """Check that the register leaves out nothing of `never_without`. A text that is just missing is said elsewhere."""
    written = register.receipt.model_dump()
    for promise in register.never_without:
        if promise in SAYS and written[SAYS[promise][0]]:
            yield DefinitionFault("never_without", f"{promise} is promised, and {SAYS[promise][0]} leaves it out")
        elif promise == "new_records_told" and register.untold:
            told = f"{promise} is promised, and [notifications] says that nobody is mailed"
            yield DefinitionFault("never_without", told)


def _may_be_urgent(register: Definition) -> bool:
    return register.rating is not None and any(level.urgency == "urgent" for level in register.rating.levels)
