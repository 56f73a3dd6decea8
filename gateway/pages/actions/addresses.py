"""The addresses of actions, and which registers have any."""

from uuid import UUID

from shared.registers.definition.register import Definition

PATH = "actions/"


def has_actions(register: Definition) -> bool:
    """Return whether the register has actions: they are agreed at its meetings."""
    return register.meetings is not None


def actions_address(register: Definition, show: str = "") -> str:
    """Return the address of the list, or of one of its parts."""
    return register.address(PATH) + (f"?show={show}" if show else "")


def action_address(register: Definition, action_id: UUID, page: str = "") -> str:
    return register.address(f"{PATH}{action_id.hex}/{page}")


def record_actions_address(register: Definition, record_id: UUID) -> str:
    return register.record_address(record_id, PATH)
