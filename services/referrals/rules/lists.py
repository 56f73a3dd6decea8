"""Rules about lists: which organisations they cover, and what fits into one reply."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from shared.contracts.referrals.listing import ListRecords
from shared.messages import Message
from shared.permissions import Visitor
from shared.registers.definition.register import Definition

ROOM = 400_000  # bytes of notes or updates in one reply; the whole stays well under the largest message of the bus
ROOM_BESIDE = 250_000  # the same, in a reply that holds the record too

Piece = TypeVar("Piece", bound=Message)


def fitting(pieces: Sequence[Piece], room: int = ROOM) -> tuple[Piece, ...]:
    """Return as many of the first pieces as fit into so many bytes, and at least one if there are any."""
    taken, used = 0, 0
    for piece in pieces:
        used += len(piece.model_dump_json().encode())
        if taken and used > room:
            break
        taken += 1
    return tuple(pieces[:taken])


def rows_before(asked: ListRecords) -> int:
    """Return how many rows come before the requested page."""
    return (asked.page - 1) * asked.length


def narrowed_to(visitor: Visitor, organisation_ids: Sequence[UUID]) -> Visitor:
    """
    Return the visitor with access to the records of these organisations only; unchanged if none is named.

    In a register whose scope is made of bodies no organisation has records, so nothing is found.
    """
    if not organisation_ids:
        return visitor
    wanted = frozenset(organisation_ids)
    return visitor.model_copy(update={"reached": tuple(o for o in visitor.organisation_ids if o in wanted)})


def levels_by_urgency(register: Definition) -> tuple[str, ...]:
    """Return the codes of the ratings, the most urgent first."""
    return tuple(level.code for level in register.rating.by_urgency) if register.rating else ()


def further_columns(register: Definition) -> tuple[str, ...]:
    """Return the questions shown in the list whose answers are not columns of the record table."""
    known = {register.rating.question if register.rating else "", register.person.get("locality", "")}
    asked = [column.question for column in register.records.columns if column.question]
    return tuple(dict.fromkeys(name for name in asked if name not in known))


def listed_answers(register: Definition) -> tuple[str, ...]:
    """Return the questions whose answers each row of the list needs. A birthday tells people of one name apart."""
    return tuple(dict.fromkeys((*further_columns(register), register.person["born"])))
