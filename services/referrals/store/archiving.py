"""Queries that archive a record, and that give up an archive."""

from uuid import UUID

from services.referrals.rules.saving import may_update
from services.referrals.store.scope import bodies_column, bodies_of, in_sight, sight_parameters
from shared.contracts.referrals.archiving import RecordChecked
from shared.database import Database
from shared.permissions import Visitor

FIND_STATE = f"""
    SELECT organisation_id, {bodies_column()}, version, is_open, born, rating, reference, locality, created_by,
        id = ANY((SELECT held_ids())::uuid[]) AS is_held,
        (
            SELECT h.user_id FROM record_holding AS h
            WHERE h.record_id = record.id AND h.kind = 'holder' AND h.ended_at IS NULL
        ) AS holder_id
    FROM record
    WHERE {in_sight("record")} AND id = $4
"""  # noqa: S608  a column and a condition of ours


async def find_state(db: Database, visitor: Visitor, record_id: UUID) -> RecordChecked | None:
    """Return the state of a record that the visitor sees, active or archived."""
    row = await db.fetchrow(FIND_STATE, *sight_parameters(visitor), record_id)
    if row is None:
        return None
    return RecordChecked(
        record_id=record_id,
        bodies=bodies_of(row),
        version=row["version"],
        is_open=row["is_open"],
        born=row["born"],
        rating=row["rating"],
        reference=row["reference"],
        locality=row["locality"],
        may_update=may_update(visitor, row["created_by"], is_held=row["is_held"]),
        kept_by=tuple(dict.fromkeys(filter(None, (row["created_by"], row["holder_id"])))),
    )


GIVEN_UP = b"given up"
GIVE_UP = """
    INSERT INTO command (id, actor, body_hash) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING
    RETURNING id
"""
FIND_BODY = "SELECT body_hash FROM command WHERE id = $1"


async def give_up(db: Database, command_id: UUID, actor: UUID) -> bool:
    """
    Take the command's id, so that no command can be carried out under it. Return False if one was carried out.

    Waits while a command with this id is being carried out.
    """
    taken = await db.fetchval(GIVE_UP, command_id, actor, GIVEN_UP)
    return taken is not None or await is_given_up(db, command_id)


async def is_given_up(db: Database, command_id: UUID) -> bool:
    body: bytes | None = await db.fetchval(FIND_BODY, command_id)
    return body == GIVEN_UP
