"""The queries on the notifier's schema."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from asyncpg import Record

from services.notifier import moves
from services.notifier.adding import About
from shared.contracts.notifier import MailShown
from shared.database import Database, DatabasePool, reach_of
from shared.permissions import Visitor
from shared.registers.bodies import Compartment

KEPT_FOR = timedelta(days=90)


EXPIRE = """
    UPDATE mail
    SET state = 'expired', subject = NULL, body = NULL, claimed_by = NULL, claimed_at = NULL,
        ended_at = clock_timestamp()
    WHERE state IN ('queued', 'sending')
      AND expires_at <= statement_timestamp()
      AND (state = 'queued' OR next_try_at <= statement_timestamp())
    RETURNING id, register_code
"""


async def expire(db: Database) -> list[tuple[UUID, str]]:
    """End the mails that have expired and that no sender has. Return their ids and registers."""
    return [(row["id"], row["register_code"]) for row in await db.fetch(EXPIRE)]


FORGET_OLD = "DELETE FROM mail WHERE ended_at < statement_timestamp() - $1::interval"


async def forget_old(pool: DatabasePool) -> None:
    """Delete mails that ended more than `KEPT_FOR` ago, and moves of records that are as old."""
    await pool.execute(FORGET_OLD, KEPT_FOR)
    await moves.forget_old(pool, KEPT_FOR)


COUNT_WAITING = "SELECT count(*) FROM mail WHERE state IN ('queued', 'sending')"


async def count_waiting(pool: DatabasePool) -> int:
    found: int = await pool.fetchval(COUNT_WAITING)
    return found


# ---------------------------------------------------------------------------------------------- undelivered urgent mail
FIND_NOT_THROUGH = """
    SELECT mail_id, notice_id, compartment_id, bodies, record_id, reference, occasion, mail_code
    FROM find_not_through($1, $2, $3)
"""


@dataclass(frozen=True)
class NotThrough:
    """An urgent mail that failed or waited too long, and about which no other person was mailed."""

    mail_id: UUID
    about: About


async def find_not_through(pool: DatabasePool, register_code: str, before: datetime, most: int) -> list[NotThrough]:
    """Return urgent mails that failed, and those that have waited since before this moment."""
    rows = await pool.fetch(FIND_NOT_THROUGH, register_code, before, most)
    return [NotThrough(row["mail_id"], _about(row)) for row in rows]


def _about(row: Record) -> About:
    return About(
        notice_id=row["notice_id"],
        compartment=Compartment(row["compartment_id"], tuple(row["bodies"])),
        record_id=row["record_id"],
        reference=row["reference"],
        occasion=row["occasion"],
        mail_code=row["mail_code"],
    )


HOLD_NOTICE = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.notice.' || $1, 0))"
MARK_OTHERS_TOLD = """
    UPDATE mail
    SET others_told_at = clock_timestamp()
    WHERE id = $1 AND others_told_at IS NULL AND state <> 'accepted'
    RETURNING id
"""
FIND_MAILED = "SELECT find_mailed($1)"


async def begin_telling_others(db: Database, mail: NotThrough) -> set[str] | None:
    """
    Return the addresses already mailed about the notice, and lock the notice until the transaction ends.

    Return None when the mail was accepted, or when other people were mailed before.
    """
    await db.execute(HOLD_NOTICE, mail.about.notice_id.hex)
    if await db.fetchval(MARK_OTHERS_TOLD, mail.mail_id) is None:
        return None
    return {row[0] for row in await db.fetch(FIND_MAILED, mail.about.notice_id)}


# ------------------------------------------------------------------------------------------- what administrators see
SHOWN = """
    r.mail_id, r.occasion, r.record_id, r.reference, r.queued_at, m.recipient,
    m.template = 'urgent_record' AS urgent, m.instead_of IS NOT NULL AS instead,
    CASE WHEN m.state IN ('queued', 'sending') THEN 'waiting' ELSE m.state END AS delivery,
    m.attempts AS tries, m.last_answer AS answer, m.ended_at AS since
"""
# The page is cut before its mails are read, so that the planner cannot join all mails first.
LIST_ALL = f"""
    SELECT {SHOWN}
    FROM (
        SELECT each.*
        FROM record_mail AS each
        WHERE each.register_code = $1 AND (each.queued_at, each.mail_id) < ($2::timestamptz, $3::uuid)
        ORDER BY each.queued_at DESC, each.mail_id DESC
        LIMIT $4
    ) AS r
    JOIN mail AS m ON m.id = r.mail_id
    ORDER BY r.queued_at DESC, r.mail_id DESC
"""  # noqa: S608 - constants alone
LIST_REACHED = f"""
    SELECT {SHOWN}
    FROM newest_mail_ids($1, $5, $2, $3, $4) AS newest (mail_id)
    JOIN record_mail AS r ON r.mail_id = newest.mail_id
    JOIN mail AS m ON m.id = r.mail_id
    ORDER BY r.queued_at DESC, r.mail_id DESC
"""  # noqa: S608
# Undelivered mails are few, so each is looked up in turn. OFFSET 0 keeps the planner from reversing the order.
LIST_UNDELIVERED = f"""
    SELECT {SHOWN}
    FROM mail AS m
    CROSS JOIN LATERAL (
        SELECT each.*
        FROM record_mail AS each
        WHERE each.mail_id = m.id AND each.register_code = $1
            AND (each.queued_at, each.mail_id) < ($2::timestamptz, $3::uuid)
            AND ($5::uuid[] IS NULL OR each.compartment_id = ANY($5))
        OFFSET 0
    ) AS r
    WHERE m.state <> 'accepted'
    ORDER BY r.queued_at DESC, r.mail_id DESC
    LIMIT $4
"""  # noqa: S608
COUNT_ENDED_BADLY = """
    SELECT count(*)
    FROM mail AS m
    JOIN record_mail AS r ON r.mail_id = m.id
    WHERE m.state IN ('failed', 'given_up') AND r.register_code = $1
        AND ($2::uuid[] IS NULL OR r.compartment_id = ANY($2))
"""
FIND_PLACE = """
    SELECT queued_at, mail_id
    FROM record_mail
    WHERE mail_id = $1 AND register_code = $2 AND ($3::uuid[] IS NULL OR compartment_id = ANY($3))
"""


@dataclass(frozen=True)
class MailPlace:
    """The position of a mail in the list."""

    queued_at: datetime
    mail_id: UUID


ABOVE_ALL = MailPlace(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


async def find_place(db: Database, visitor: Visitor, mail_id: UUID) -> MailPlace | None:
    """Return the mail's position in the list, or None if it is not in the visitor's scope."""
    row = await db.fetchrow(FIND_PLACE, mail_id, visitor.register_code, reach_of(visitor))
    return None if row is None else MailPlace(**row)


async def count_undelivered(db: Database, visitor: Visitor) -> int:
    """Return how many mails have failed or been given up, about records in the visitor's scope."""
    total: int = await db.fetchval(COUNT_ENDED_BADLY, visitor.register_code, reach_of(visitor))
    return total


async def list_mails(
    db: Database, visitor: Visitor, before: MailPlace, most: int, *, undelivered: bool
) -> tuple[MailShown, ...]:
    """Return the newest mails before a position, about records in the visitor's scope."""
    page, reach = (visitor.register_code, before.queued_at, before.mail_id, most), reach_of(visitor)
    if undelivered:
        rows = await db.fetch(LIST_UNDELIVERED, *page, reach)
    elif reach is None:
        rows = await db.fetch(LIST_ALL, *page)
    else:
        rows = await db.fetch(LIST_REACHED, *page, reach)
    return tuple(MailShown(**row) for row in rows)
