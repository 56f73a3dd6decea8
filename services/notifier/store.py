"""Every query of the notifier's schema."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifier.rules import AnyTemplate, Ending, Lane
from services.notifier.writing import Written
from shared.database import Database, DatabasePool

LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(days=90)

ADD_MAIL = """
    INSERT INTO mail (id, register_code, template, lane, recipient, subject, body, expires_at, instead_of)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


@dataclass(frozen=True, repr=False)
class NewMail:
    """A mail to be queued. `instead_of`: the urgent one that could not be delivered, in whose place this one goes."""

    mail_id: UUID
    register_code: str
    template: AnyTemplate
    lane: Lane
    recipient: str
    written: Written
    expires_at: datetime | None = None
    instead_of: UUID | None = None


async def add_mail(db: Database, mail: NewMail) -> bool:
    """Queue it; False when a mail of this id was queued before."""
    about = (mail.mail_id, mail.register_code, mail.template, mail.lane, mail.recipient)
    text = (mail.written.subject, mail.written.body)
    added = await db.fetchval(ADD_MAIL, *about, *text, mail.expires_at, mail.instead_of)
    return added is not None


CLAIM_NEXT = """
    UPDATE mail
    SET state = 'sending',
        attempts = attempts + 1,
        claimed_by = $2,
        claimed_at = clock_timestamp(),
        next_try_at = clock_timestamp() + $3
    WHERE id = (
        SELECT id
        FROM mail
        WHERE lane = $1
          AND state IN ('queued', 'sending')
          AND next_try_at <= statement_timestamp()
          AND (expires_at IS NULL OR expires_at > statement_timestamp())
        ORDER BY next_try_at
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id AS mail_id, register_code, template, recipient, subject, body, attempts, instead_of,
              created_at, clock_timestamp() - created_at AS age
"""


@dataclass(frozen=True, repr=False)
class MailInHand:
    """A mail that one sender has claimed, for as long as the lease."""

    mail_id: UUID
    register_code: str
    template: str
    recipient: str
    subject: str
    body: str
    attempts: int
    instead_of: UUID | None
    created_at: datetime
    age: timedelta


async def claim_next(pool: DatabasePool, lane: Lane, claim: UUID) -> MailInHand | None:
    """The lane's next mail that is due, which nobody else gets until the lease ends."""
    row = await pool.fetchrow(CLAIM_NEXT, lane, claim, LEASE)
    return None if row is None else MailInHand(**row)


MARK_ACCEPTED = """
    UPDATE mail
    SET state = 'accepted', subject = NULL, body = NULL, last_answer = $2, claimed_by = NULL, claimed_at = NULL,
        ended_at = clock_timestamp()
    WHERE id = $1 AND state <> 'accepted'
    RETURNING id
"""
MARK_ENDED = """
    UPDATE mail
    SET state = $4, subject = NULL, body = NULL, last_answer = $3, claimed_by = NULL, claimed_at = NULL,
        ended_at = clock_timestamp()
    WHERE id = $1 AND claimed_by = $2
    RETURNING id
"""


async def mark_ended(db: Database, mail_id: UUID, claim: UUID, answer: str, ending: Ending) -> bool:
    """
    What became of it; its content is forgotten. False when another sender has it in hand by now.

    That it was accepted is true whoever has it in hand.
    """
    if ending == "accepted":
        return await db.fetchval(MARK_ACCEPTED, mail_id, answer) is not None
    return await db.fetchval(MARK_ENDED, mail_id, claim, answer, ending) is not None


MARK_LATER = """
    UPDATE mail
    SET state = 'queued', last_answer = $3, next_try_at = clock_timestamp() + $4, claimed_by = NULL, claimed_at = NULL
    WHERE id = $1 AND claimed_by = $2
"""


async def mark_later(db: Database, mail_id: UUID, claim: UUID, answer: str, after: timedelta) -> None:
    await db.execute(MARK_LATER, mail_id, claim, answer, after)


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
    """End what is no longer of use to anybody, and is in nobody's hand: ids and registers."""
    return [(row["id"], row["register_code"]) for row in await db.fetch(EXPIRE)]


FORGET_OLD = "DELETE FROM mail WHERE ended_at < statement_timestamp() - $1::interval"


async def forget_old(pool: DatabasePool) -> None:
    """Remove rows whose mails ended longer ago than anybody asks for them."""
    await pool.execute(FORGET_OLD, KEPT_FOR)


COUNT_WAITING = "SELECT count(*) FROM mail WHERE state IN ('queued', 'sending')"


async def count_waiting(pool: DatabasePool) -> int:
    found: int = await pool.fetchval(COUNT_WAITING)
    return found
