"""The queries of the service's own work on actions: who is reminded of what, and the localities of their records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record

from services.outcomes.store.compartments import stored_compartment
from shared.database import Database
from shared.registers.bodies import Compartment

TAKE_REMINDERS = """
    SELECT t.recipient, t.action_id, t.compartment_id, c.bodies, t.reference, t.due_on
    FROM take_reminders($1, $2, $3) AS t
    LEFT JOIN compartment AS c ON c.compartment_id = t.compartment_id
    ORDER BY t.due_on, t.action_id
"""
TAKE_OVERDUE = """
    SELECT NULL::uuid AS recipient, t.action_id, t.compartment_id, c.bodies, t.reference, t.due_on
    FROM take_overdue($1, $2, $3) AS t
    LEFT JOIN compartment AS c ON c.compartment_id = t.compartment_id
    ORDER BY t.due_on, t.action_id
"""


@dataclass(frozen=True)
class Reminder:
    """An action of which a colleague is reminded; without a recipient the team's mailbox is told that it is overdue."""

    recipient: UUID | None
    action_id: UUID
    compartment: Compartment
    reference: str
    due_on: date


async def take_reminders(db: Database, register_code: str, day: date, soon: date) -> list[Reminder]:
    """Take the reminders of the day, each once. The caller must publish them in the same transaction."""
    return [_reminder(row) for row in await db.fetch(TAKE_REMINDERS, register_code, day, soon)]


async def take_overdue(db: Database, register_code: str, day: date, week: date) -> list[Reminder]:
    """Take what the team is told on the day. `week`: those that it was told of up to then are told of again."""
    return [_reminder(row) for row in await db.fetch(TAKE_OVERDUE, register_code, day, week)]


def _reminder(row: Record) -> Reminder:
    return Reminder(
        recipient=row["recipient"],
        action_id=row["action_id"],
        compartment=stored_compartment(row["compartment_id"], row["bodies"]),
        reference=row["reference"],
        due_on=row["due_on"],
    )


NOTICE_WAITS = "SELECT notice_waits($1)"


async def notice_waits(db: Database, event_type: str) -> bool:
    """Return whether a notice of this type waits to be published."""
    waits: bool = await db.fetchval(NOTICE_WAITS, event_type)
    return waits


PLACE_ACTIONS = "SELECT place_actions($1, $2)"


async def place_actions(db: Database, localities: Mapping[UUID, str | None]) -> None:
    """Keep the localities of these records at their actions."""
    if localities:
        await db.execute(PLACE_ACTIONS, list(localities), list(localities.values()))
