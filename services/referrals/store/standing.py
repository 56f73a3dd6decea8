"""How records stand, for another service: nothing about the person."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from asyncpg import Record

from shared.database import Database


class Stood(NamedTuple):
    """A record as it stands, its rating as the register's own code."""

    record_id: UUID
    register_code: str
    edition: str
    organisation_id: UUID
    reference: str
    version: int
    archived: bool
    rating: str | None
    rated_at: datetime
    locality: str | None


READ_STANDING = "SELECT * FROM read_standing($1)"


async def read_standing(db: Database, record_id: UUID) -> Stood | None:
    """Of any register and organisation. To be called outside a transaction."""
    row = await db.fetchrow(READ_STANDING, record_id)
    return None if row is None else _stood(row)


LIST_STANDINGS = "SELECT * FROM list_standings($1, $2)"


async def list_standings(db: Database, after: UUID, most: int) -> list[Stood]:
    """The next active records of all registers, whatever their rating. To be called outside a transaction."""
    return [_stood(row) for row in await db.fetch(LIST_STANDINGS, after, most)]


def _stood(row: Record) -> Stood:
    fields = dict(row)
    archived = fields.pop("status") != 0
    return Stood(archived=archived, **fields)
