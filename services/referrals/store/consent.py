"""Queries of records that are on the register without evidence of consent: added by a load, listed, and confirmed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.referrals.store.scope import in_sight, sight_parameters
from shared.contracts.referrals.consent import CONSENTS_ON_A_PAGE, ConsentCount, ConsentToConfirm
from shared.contracts.referrals.loading import ConsentAuthority
from shared.database import Database
from shared.permissions import Visitor


@dataclass(frozen=True, repr=False)
class AuthorityStored:
    """The authority that the user of an upload named, with their id."""

    upload_id: UUID
    user_id: UUID
    authority: ConsentAuthority


ADD = """
    INSERT INTO consent_to_confirm (record_id, upload_id, authority, due_on, named_by, named_by_name, named_at)
    SELECT unnest($1::uuid[]), $2, $3, $4, $5, $6, $7
"""
CONFIRM = "SELECT confirm_consent($1, $2)"
FIND_WAITING = "SELECT record_id FROM consent_to_confirm WHERE record_id = ANY($1) AND confirmed_at IS NULL"


async def add(db: Database, record_ids: Sequence[UUID], named: AuthorityStored) -> None:
    """Put new records on the list, in the transaction that adds them."""
    said = named.authority
    sent = (named.upload_id, said.words, said.due_on, named.user_id, said.named_by, said.named_at)
    await db.execute(ADD, list(record_ids), *sent)


async def confirm(db: Database, visitor: Visitor, record_ids: Collection[UUID]) -> None:
    """Take records off the list."""
    await db.execute(CONFIRM, list(record_ids), visitor.user_id)


async def find_waiting(db: Database, record_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of these records that are on the list. The records themselves must be in the user's scope."""
    return frozenset(row["record_id"] for row in await db.fetch(FIND_WAITING, list(record_ids)))


LIST = f"""
    SELECT r.id AS record_id, r.reference, r.given_name || ' ' || r.family_name AS name, c.due_on, c.authority,
        c.named_by_name AS named_by, c.named_at
    FROM consent_to_confirm AS c
    JOIN record AS r ON r.id = c.record_id
    WHERE {in_sight("r")} AND r.is_open AND c.confirmed_at IS NULL
    ORDER BY c.due_on, r.reference
    LIMIT {CONSENTS_ON_A_PAGE} OFFSET $4
"""  # noqa: S608  a condition and a number of ours
COUNT = f"""
    SELECT count(*) AS waiting, count(*) FILTER (WHERE c.due_on < $4) AS overdue
    FROM consent_to_confirm AS c
    JOIN record AS r ON r.id = c.record_id
    WHERE {in_sight("r")} AND r.is_open AND c.confirmed_at IS NULL
"""  # noqa: S608  a condition of ours


async def list_waiting(db: Database, visitor: Visitor, skipped: int) -> tuple[ConsentToConfirm, ...]:
    """Return a page of the list, those that are due first."""
    rows = await db.fetch(LIST, *sight_parameters(visitor), skipped)
    return tuple(ConsentToConfirm.model_validate(dict(row)) for row in rows)


async def count_waiting(db: Database, visitor: Visitor, today: date) -> ConsentCount:
    (row,) = await db.fetch(COUNT, *sight_parameters(visitor), today)
    return ConsentCount(waiting=row["waiting"], overdue=row["overdue"])
