"""The job that reminds colleagues of their actions, and tells the team of those that are overdue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from services.outcomes import action_rules as rules
from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.store import reminders as store
from services.outcomes.store.reminders import Reminder
from shared import audit, outbox
from shared.audit import Noted
from shared.contracts.actions import MOST_IN_MAIL, ActionsDue, DueAction
from shared.database import transaction
from shared.ids import new_id
from shared.installation import held_because


@dataclass(frozen=True)
class ActionReminders:
    """
    Publishes one notice a day for each colleague with actions that are due, and one for the team.

    What a notice has named is marked in its transaction, so no restart repeats it. What fell due while nothing ran is
    named in the first notice afterwards, all together. While an earlier notice waits to be published, none is added.
    """

    context: OutcomesContext

    async def remind(self) -> None:
        now = self.context.clock()
        if not rules.is_time_to_mail(now) or await held_because(self.context.background) is not None:
            return
        registers = self.context.registers
        codes = [each.code for each in registers.newest() if each.meetings and not registers.is_withheld(each.code)]
        for code in codes:
            await self._remind(code, self.context.day())

    async def _remind(self, register_code: str, day: date) -> None:
        soon, week = day + timedelta(days=rules.SOON_DAYS), day - timedelta(days=rules.OVERDUE_EVERY_DAYS)
        async with transaction(self.context.background) as db:
            if await store.notice_waits(db, f"{register_code}-{ActionsDue.kind}-{ActionsDue.edition}"):
                return
            own = await store.take_reminders(db, register_code, day, soon)
            overdue = await store.take_overdue(db, register_code, day, week)
            for recipient, reminders in _by_recipient([*own, *overdue]):
                await outbox.put(db, self._notice(register_code, recipient, reminders, day))
            named = [
                Noted(OutcomesAction.ACTION_REMINDED, (each.action_id,), register_code) for each in (*own, *overdue)
            ]
            await audit.note_all(db, named)
        if own or overdue:
            self.context.wake()

    def _notice(
        self, register_code: str, recipient: UUID | None, reminders: Sequence[Reminder], day: date
    ) -> ActionsDue:
        notice_id = new_id()
        return ActionsDue(
            event_id=notice_id,
            occurred_at=self.context.clock(),
            register_code=register_code,
            bodies=reminders[0].compartment.bodies,
            record_id=notice_id,
            version=1,
            recipient=recipient,
            actions=tuple(_due(each, day) for each in reminders[:MOST_IN_MAIL]),
            total=len(reminders),
        )


def _noted(register_code: str, reminder: Reminder) -> Noted:
    return Noted(OutcomesAction.ACTION_REMINDED, (reminder.action_id,), register_code)


def _by_recipient(reminders: Sequence[Reminder]) -> list[tuple[UUID | None, list[Reminder]]]:
    def recipient_of(reminder: Reminder) -> str:
        return str(reminder.recipient or "")

    grouped = (list(each) for _, each in groupby(sorted(reminders, key=recipient_of), key=recipient_of))
    return [(each[0].recipient, each) for each in grouped]


def _due(reminder: Reminder, day: date) -> DueAction:
    return DueAction(
        action_id=reminder.action_id,
        reference=reminder.reference,
        due_on=reminder.due_on,
        why=rules.why_due(reminder.due_on, day),
    )
