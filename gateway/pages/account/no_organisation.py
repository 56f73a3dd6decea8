"""What pages tell a user whose account has no organisation yet, before they do work that cannot be saved."""

from shared.permissions import Permission, Visitor
from shared.registers.definition.register import Definition


def without_organisation(register: Definition, visitor: Visitor) -> str:
    """Return the sentence, with the address to write to; empty for a user who can add records."""
    if not visitor.may(Permission.SUBMIT_RECORD) or visitor.submits_for is not None:
        return ""
    return register.words("home.no_organisation", email=register.contact.administrator_email)
