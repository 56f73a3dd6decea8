"""Proposals of master admins for administrators."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from shared.contracts.users import GrantedAccess
from shared.database import Database
from shared.permissions import Role

ADD = """
    INSERT INTO proposal (
        proposal_id, register_code, account_id, all_organisations, organisation_ids, home_organisation_id, proposed_by
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT DO NOTHING
    RETURNING proposal_id
"""
IS_PROPOSED = """
    SELECT EXISTS (SELECT FROM proposal WHERE register_code = $1 AND account_id = $2 AND state = 'open')
"""
OPEN = """
    SELECT
        proposal.proposal_id, proposal.account_id AS user_id, proposal.all_organisations, proposal.organisation_ids,
        proposal.home_organisation_id, proposal.proposed_by, proposal.proposed_at,
        account.first_name || ' ' || account.last_name AS full_name, account.email,
        proposer.first_name || ' ' || proposer.last_name AS proposer
    FROM proposal
    JOIN account ON account.account_id = proposal.account_id
    JOIN account AS proposer ON proposer.account_id = proposal.proposed_by
    WHERE proposal.register_code = $1 AND proposal.state = 'open'
"""
LIST = f"{OPEN} ORDER BY proposal.proposed_at, proposal.proposal_id LIMIT $2"
FIND = f"{OPEN} AND proposal.proposal_id = $2"
IS_THERE = "SELECT EXISTS (SELECT FROM proposal WHERE register_code = $1 AND proposal_id = $2)"
DECIDE = """
    UPDATE proposal SET state = $2, decided_by = $3, decided_at = clock_timestamp()
    WHERE proposal_id = $1 AND state = 'open'
"""


@dataclass(frozen=True)
class Proposal:
    """A proposal that waits for a decision."""

    proposal_id: UUID
    user_id: UUID
    full_name: str = field(repr=False)
    email: str = field(repr=False)
    access: GrantedAccess
    proposed_by: UUID
    proposer: str = field(repr=False)
    proposed_at: datetime


async def add(
    db: Database, proposal_id: UUID, register_code: str, user_id: UUID, access: GrantedAccess, proposed_by: UUID
) -> bool:
    """Add a proposal. Return False when one for this user is open already."""
    given = (access.all_organisations, access.organisation_ids, access.home_organisation_id)
    return await db.fetchval(ADD, proposal_id, register_code, user_id, *given, proposed_by) is not None


async def is_proposed(db: Database, register_code: str, user_id: UUID) -> bool:
    return bool(await db.fetchval(IS_PROPOSED, register_code, user_id))


async def list_open(db: Database, register_code: str, most: int) -> list[Proposal]:
    return [_proposal(row) for row in await db.fetch(LIST, register_code, most)]


async def find_open(db: Database, register_code: str, proposal_id: UUID) -> Proposal | None:
    row = await db.fetchrow(FIND, register_code, proposal_id)
    return None if row is None else _proposal(row)


async def is_there(db: Database, register_code: str, proposal_id: UUID) -> bool:
    return bool(await db.fetchval(IS_THERE, register_code, proposal_id))


async def decide(db: Database, proposal_id: UUID, *, accepted: bool, decided_by: UUID) -> None:
    await db.execute(DECIDE, proposal_id, "accepted" if accepted else "declined", decided_by)


def _proposal(row: Record) -> Proposal:
    access = GrantedAccess(
        role=Role.ADMINISTRATOR,
        all_organisations=row["all_organisations"],
        organisation_ids=tuple(row["organisation_ids"]),
        home_organisation_id=row["home_organisation_id"],
    )
    return Proposal(
        proposal_id=row["proposal_id"],
        user_id=row["user_id"],
        full_name=row["full_name"],
        email=row["email"],
        access=access,
        proposed_by=row["proposed_by"],
        proposer=row["proposer"],
        proposed_at=row["proposed_at"],
    )
