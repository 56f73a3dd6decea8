"""The compartment of a stored row: the bodies that the table holds, or the organisation that its id names."""

from collections.abc import Sequence
from uuid import UUID

from shared.registers.bodies import Compartment, organisation_compartment


def stored_compartment(compartment_id: UUID, bodies: Sequence[str] | None) -> Compartment:
    """Return the compartment with this id. Without stored bodies it is that of an organisation."""
    return Compartment(compartment_id, tuple(bodies)) if bodies else organisation_compartment(compartment_id)
