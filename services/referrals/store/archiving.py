"""Queries that archive a record, and that give up an archive."""

from typing import Literal
from uuid import UUID

from asyncpg import Record

from services.referrals.store.scope import bodies_column, bodies_of
from shared.contracts.referrals.archiving import RecordChecked
from shared.database import Database

ARCHIVE = f"""
    UPDATE record
    SET state = $4, is_open = false, ended_at = now(), version = version + 1
    WHERE id = $1 AND register_code = $2 AND version = $3 AND is_open
    RETURNING reference, edition, overlay, version, organisation_id, {bodies_column()}, rating, created_by, answers
"""  # noqa: S608  a column of ours


async def archive(db: Database, register_code: str, record_id: UUID, version: int) -> Record | None:
    """Archive the record and return it; None if it is not there, not active, or has another version."""
    return await db.fetchrow(ARCHIVE, record_id, register_code, version, "archived")


ADD_VERSION = """
    INSERT INTO record_version (
        record_id, version, act, changed_at, changed_by, changed_by_name, edition, overlay, answers
    ) VALUES ($1, $2, $3, now(), $4, $5, $6, $7, $8)
"""


async def add_version(
    db: Database, record_id: UUID, record: Record, act: Literal["archived", "reinstated"], by: tuple[UUID, str]
) -> None:
    """Add the version that says who archived or reinstated the record, and when."""
    kept = (record["edition"], record["overlay"], record["answers"])
    await db.execute(ADD_VERSION, record_id, record["version"], act, *by, *kept)


FIND_STATE = f"""
    SELECT organisation_id, {bodies_column()}, version, is_open
    FROM record
    WHERE id = $1 AND register_code = $2
"""  # noqa: S608  a column of ours


async def find_state(db: Database, register_code: str, record_id: UUID) -> RecordChecked | None:
    """Return the state of a record in scope, active or archived."""
    row = await db.fetchrow(FIND_STATE, record_id, register_code)
    if row is None:
        return None
    return RecordChecked(
        record_id=record_id,
        bodies=bodies_of(row),
        version=row["version"],
        is_open=row["is_open"],
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
