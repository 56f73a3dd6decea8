"""The queries on the notifier's schema."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from asyncpg import Record

from services.notifier import moves
from services.notifier.rules import AnyTemplate, Ending, Lane
from services.notifier.writing import Written
from shared.contracts.notifier import MailShown, Occasion
from shared.database import Database, DatabasePool, reach_of
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, compartment_of

LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(days=90)

ADD_MAIL = """
    INSERT INTO mail (id, register_code, template, lane, recipient, subject, body, expires_at, instead_of)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


ADD_ABOUT = """
    INSERT INTO record_mail (
        mail_id, notice_id, register_code, compartment_id, record_id, reference, occasion, mail_code, submitted_by
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


@dataclass(frozen=True)
class About:
    """
    The record that a mail is about, by ids and reference; what happened; and the code of the words used.

    `submitted_by` is the user who submitted the record, if the notice named them.

    If the record moved after `version`, the mail lies where it moved to, and not in `compartment`.
    """

    notice_id: UUID
    compartment: Compartment
    record_id: UUID
    reference: str
    occasion: Occasion
    mail_code: str
    version: int = 0
    submitted_by: UUID | None = None


@dataclass(frozen=True, repr=False)
class NewMail:
    """
    A mail to be queued. Without `about` it concerns the recipient's account.

    `instead_of`: the undelivered urgent mail that this mail replaces.
    """

    mail_id: UUID
    register_code: str
    template: AnyTemplate
    lane: Lane
    recipient: str
    written: Written
    expires_at: datetime | None = None
    instead_of: UUID | None = None
    about: About | None = None


async def add_mail(db: Database, mail: NewMail) -> bool:
    """Queue the mail. Return False when a mail of this id was queued before."""
    about = (mail.mail_id, mail.register_code, mail.template, mail.lane, mail.recipient)
    text = (mail.written.subject, mail.written.body)
    added = await db.fetchval(ADD_MAIL, *about, *text, mail.expires_at, mail.instead_of)
    if added is not None and mail.about is not None:
        await _add_about(db, mail.mail_id, mail.register_code, mail.about)
    return added is not None


async def _add_about(db: Database, mail_id: UUID, register_code: str, about: About) -> None:
    await moves.hold_record(db, about.record_id)
    moved_to = await moves.find_moved_to(db, about.record_id, about.version)
    compartment = compartment_of(register_code, moved_to) if moved_to else about.compartment
    record = (compartment.compartment_id, about.record_id, about.reference)
    happened = (about.occasion, about.mail_code, about.submitted_by)
    await db.execute(ADD_ABOUT, mail_id, about.notice_id, register_code, *record, *happened)


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
    RETURNING id AS mail_id, register_code, template, recipient, subject, body, attempts,
              coalesce(sent_again_at, created_at) AS begun_at,
              clock_timestamp() - coalesce(sent_again_at, created_at) AS age
"""


@dataclass(frozen=True, repr=False)
class MailInHand:
    """A mail that one sender has claimed until the lease ends. `begun_at`: when it was queued, or sent again."""

    mail_id: UUID
    register_code: str
    template: str
    recipient: str
    subject: str
    body: str
    attempts: int
    begun_at: datetime
    age: timedelta


async def claim_next(pool: DatabasePool, lane: Lane, claim: UUID) -> MailInHand | None:
    """Claim the lane's next mail that is due. No other sender can claim it until the lease ends."""
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
    Store how the mail ended, and delete its text. Return False if nothing was stored.

    A failure is stored only while this sender has the claim. "accepted" is stored in any case, because it is true
    whichever sender has the mail.
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
