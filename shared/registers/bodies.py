"""
Compartments: the sets of bodies by which access to records is separated.

Every record lies in exactly one compartment, which stands for the bodies whose staff may see it. A body is written
`list:code`, for instance `la_england:E08000025`. In a register whose scope is the referring organisation, the only body
is `organisation:<hex>`, and the compartment has the organisation's id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid5

NAMESPACE = UUID("6f2e9b0c-4a57-5d0e-9b71-2f6c1d8e3a40")
ORGANISATION = "organisation:"


@dataclass(frozen=True)
class Compartment:
    """A set of bodies, each once and in order, and the id that any process derives from it."""

    compartment_id: UUID
    bodies: tuple[str, ...]


def compartment_of(register_code: str, bodies: Iterable[str]) -> Compartment:
    """Return the compartment of these bodies. The order in which they are named does not matter."""
    ordered = tuple(sorted(frozenset(bodies)))
    if len(ordered) == 1 and ordered[0].startswith(ORGANISATION):
        return Compartment(UUID(hex=ordered[0].removeprefix(ORGANISATION)), ordered)
    return Compartment(uuid5(NAMESPACE, "|".join((register_code, *ordered))), ordered)


def organisation_compartment(organisation_id: UUID) -> Compartment:
    """Return the compartment of a register whose scope is the referring organisation."""
    return Compartment(organisation_id, (f"{ORGANISATION}{organisation_id.hex}",))


def body_token(body: str) -> str:
    """Return the body as one word of a subject: the id of an organisation, or one derived from list and code."""
    if body.startswith(ORGANISATION):
        return body.removeprefix(ORGANISATION)
    return uuid5(NAMESPACE, body).hex
