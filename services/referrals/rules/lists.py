"""Decisions about lists: how far they reach, in which shape they are read, what fits into one reply."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from shared.contracts.referrals.listing import ListRecords
from shared.messages import Message
from shared.permissions import Visitor
from shared.registers.definition.lifecycle import Urgency
from shared.registers.definition.register import Definition

FEW = 8
URGENCIES: tuple[Urgency, ...] = ("urgent", "alert", "routine")
DEEP = 1_000
ROOM = 400_000  # bytes of notes or updates in one reply: with the rest of it, well under what the bus carries

Piece = TypeVar("Piece", bound=Message)


def fitting(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """As many of the first of these as a reply has room for; one at least, where there is one."""
    taken, used = 0, 0
    for piece in pieces:
        used += len(piece.model_dump_json().encode())
        if taken and used > ROOM:
            break
        taken += 1
    return tuple(pieces[:taken])


class Shape(StrEnum):
    """Which query reads a list: each has an index that fits it."""

    OWN = "own"
    ONE = "one"
    FEW = "few"
    MOST = "most"


def shape_of(visitor: Visitor, skip: int = 0) -> Shape:
    """
    How the visitor's records are read.

    A few organisations are read one by one and merged, which costs for each of them what comes before the page: deep
    down in the list, and for many, one walk over the whole register is cheaper.
    """
    if visitor.own_records_only:
        return Shape.OWN
    if len(visitor.organisation_ids) == 1:
        return Shape.ONE
    return Shape.FEW if len(visitor.organisation_ids) <= FEW and skip < DEEP else Shape.MOST


def rows_before(asked: ListRecords) -> int:
    """How many rows stand before the page that was asked for."""
    return (asked.page - 1) * asked.length


def narrowed_to(visitor: Visitor, organisation_ids: Sequence[UUID]) -> Visitor:
    """The visitor with no more than these organisations in reach; with none named, as they are."""
    if not organisation_ids:
        return visitor
    wanted = frozenset(organisation_ids)
    return visitor.model_copy(update={"organisation_ids": tuple(o for o in visitor.organisation_ids if o in wanted)})


def levels_by_urgency(register: Definition) -> tuple[str, ...]:
    """The ratings, the most urgent first."""
    levels = register.rating.levels if register.rating else ()
    return tuple(level.code for level in sorted(levels, key=lambda level: URGENCIES.index(level.urgency)))


def further_columns(register: Definition) -> tuple[str, ...]:
    """The questions whose answers are shown in the list and are no columns of the record itself."""
    known = {register.rating.question if register.rating else "", register.person.get("locality", "")}
    asked = [column.question for column in register.records.columns if column.question]
    return tuple(dict.fromkeys(name for name in asked if name not in known))
