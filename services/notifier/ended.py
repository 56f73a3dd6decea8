"""The queries on mails that have ended, so that they can be sent again."""

from dataclasses import dataclass, field
from uuid import UUID

from services.notifier import moves
from services.notifier.rules import Lane, RecordTemplate
from services.notifier.writing import Written
from shared.contracts.notifier import Occasion
from shared.database import Database, reach_of
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, organisation_compartment

FIND_ENDED = """
    SELECT
        m.state, m.template, m.lane, m.recipient, m.instead_of IS NOT NULL AS instead, r.record_id, r.reference,
        r.occasion, r.mail_code, r.submitted_by, r.compartment_id, c.bodies
    FROM mail AS m
    JOIN record_mail AS r ON r.mail_id = m.id
    LEFT JOIN compartment AS c ON c.compartment_id = r.compartment_id
    WHERE m.id = $1 AND r.register_code = $2 AND ($3::uuid[] IS NULL OR r.compartment_id = ANY($3))
"""
HOLD_MAIL = "SELECT id FROM mail WHERE id = $1 FOR UPDATE"


@dataclass(frozen=True)
class Ended:
    """
    A mail about a record: its current state, and what is needed to write it again and to check its recipient.

    `compartment` is where the record lies now. `instead`: the mail replaces an urgent mail that was not delivered.
    """

    state: str
    template: RecordTemplate
    lane: Lane
    recipient: str = field(repr=False)
    instead: bool
    record_id: UUID
    reference: str
    occasion: Occasion
    mail_code: str
    submitted_by: UUID | None
    compartment: Compartment


async def find(db: Database, visitor: Visitor, mail_id: UUID) -> Ended | None:
    """Return the mail, or None if it is not in scope."""
    row = await db.fetchrow(FIND_ENDED, mail_id, visitor.register_code, reach_of(visitor))
    if row is None:
        return None
    found = dict(row)
    compartment_id, bodies = found.pop("compartment_id"), found.pop("bodies")
    if bodies is None:  # a compartment without a row is that of an organisation
        return Ended(compartment=organisation_compartment(compartment_id), **found)
    return Ended(compartment=Compartment(compartment_id, tuple(bodies)), **found)


async def hold(db: Database, mail_id: UUID, record_id: UUID) -> None:
    """
    Let nobody change the mail, nor move the mails about its record, until the transaction ends.

    The mail is locked first, as in `store.begin_telling_others`, so that the two cannot wait for each other.
    """
    await db.execute(HOLD_MAIL, mail_id)
    await moves.hold_record(db, record_id)


QUEUE_AGAIN = """
    UPDATE mail
    SET state = 'queued', subject = $2, body = $3, attempts = 0, last_answer = NULL, ended_at = NULL,
        next_try_at = clock_timestamp(), sent_again_at = clock_timestamp()
    WHERE id = $1
"""


async def queue_again(db: Database, mail_id: UUID, written: Written) -> None:
    await db.execute(QUEUE_AGAIN, mail_id, written.subject, written.body)
