"""The address at which an administrator asks to put back a record that ended in error."""

from shared.registers.definition.register import Definition

PAGE = "administration/reversals/"
REFERENCE = "reference"


def reversal_address(register: Definition, reference: str) -> str:
    """Return the address with the record's reference, which names nobody."""
    return f"{register.address(PAGE)}?{REFERENCE}={reference}#ask"
