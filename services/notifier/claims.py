"""The queries of senders: claim the mails that are due, and store the result of each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifier.audit_actions import NotifierAction
from services.notifier.rules import Ending, Lane
from shared import audit
from shared.database import DatabasePool, transaction

LEASE = timedelta(seconds=60)

NOTED: dict[Ending, NotifierAction] = {
    "failed": NotifierAction.MAIL_FAILED,
    "given_up": NotifierAction.MAIL_GIVEN_UP,
}

CLAIM_DUE = """
    WITH due AS (
        SELECT id, next_try_at
        FROM mail
        WHERE lane = $1
          AND state IN ('queued', 'sending')
          AND next_try_at <= statement_timestamp()
          AND (expires_at IS NULL OR expires_at > statement_timestamp())
          AND NOT EXISTS (SELECT FROM installation WHERE held_since IS NOT NULL)
        ORDER BY next_try_at
        LIMIT $4
        FOR UPDATE SKIP LOCKED
    )
    UPDATE mail
    SET state = 'sending', claimed_by = $2, claimed_at = clock_timestamp(), next_try_at = clock_timestamp() + $3
    FROM due
    WHERE mail.id = due.id
    RETURNING mail.id AS mail_id, register_code, template, recipient, subject, body, attempts + 1 AS attempts,
              coalesce(sent_again_at, created_at) AS begun_at,
              clock_timestamp() - coalesce(sent_again_at, created_at) AS age,
              due.next_try_at AS due_at, expires_at - clock_timestamp() AS expires_in
"""


@dataclass(frozen=True, repr=False)
class MailInHand:
    """
    A mail that one sender has claimed until the lease ends.

    `attempts` counts this attempt too. `begun_at`: when it was queued, or sent again. `expires_in` counts from the
    claim.
    """

    mail_id: UUID
    register_code: str
    template: str
    recipient: str
    subject: str
    body: str
    attempts: int
    begun_at: datetime
    age: timedelta
    due_at: datetime
    expires_in: timedelta | None


async def claim_due(pool: DatabasePool, lane: Lane, claim: UUID, most: int) -> list[MailInHand]:
    """
    Claim the mails of the lane that have been due for longest. No other sender has them until the lease ends.

    A held installation has none that are due.
    """
    rows = await pool.fetch(CLAIM_DUE, lane, claim, LEASE, most)
    return sorted((MailInHand(**row) for row in rows), key=lambda mail: mail.due_at)


MARK_ACCEPTED = "SELECT mark_accepted($1, $2)"
MARK_ENDED = """
    UPDATE mail
    SET state = $4, subject = NULL, body = NULL, last_answer = $3, attempts = attempts + 1, claimed_by = NULL,
        claimed_at = NULL, ended_at = clock_timestamp()
    WHERE id = $1 AND claimed_by = $2
    RETURNING register_code
"""


async def mark_ended(pool: DatabasePool, mail_id: UUID, claim: UUID, answer: str, ending: Ending) -> bool:
    """
    Store how the mail ended, delete its text, and audit it. Return False if nothing was stored.

    A failure is stored only while this sender has the claim. "accepted" is stored in any case, because it is true
    whichever sender has the mail.
    """
    if ending == "accepted":
        stored: bool = await pool.fetchval(MARK_ACCEPTED, mail_id, answer)
        return stored
    async with transaction(pool) as db:
        register = await db.fetchval(MARK_ENDED, mail_id, claim, answer, ending)
        if register is not None:
            await audit.note(db, None, NOTED[ending], [mail_id], register=register)
    return register is not None


MARK_LATER = """
    UPDATE mail
    SET state = 'queued', last_answer = $3, attempts = attempts + 1, next_try_at = clock_timestamp() + $4,
        claimed_by = NULL, claimed_at = NULL
    WHERE id = $1 AND claimed_by = $2
"""


async def mark_later(pool: DatabasePool, mail_id: UUID, claim: UUID, answer: str, after: timedelta) -> None:
    await pool.execute(MARK_LATER, mail_id, claim, answer, after)


RELEASE = """
    UPDATE mail
    SET state = 'queued', next_try_at = due.at, claimed_by = NULL, claimed_at = NULL
    FROM unnest($2::uuid[], $3::timestamptz[]) AS due (id, at)
    WHERE mail.id = due.id AND claimed_by = $1
"""


async def release(pool: DatabasePool, claim: UUID, mails: list[MailInHand]) -> None:
    """Return claimed mails that were not begun to their places in the queue, if this sender still has the claim."""
    await pool.execute(RELEASE, claim, [mail.mail_id for mail in mails], [mail.due_at for mail in mails])
