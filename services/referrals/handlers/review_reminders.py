"""The job that reminds the holders of records of reviews that are due, by reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.rules.reviewing import due_time, is_time_to_remind
from services.referrals.store import review_reminders as store
from services.referrals.store.review_reminders import ReviewReminder
from shared import audit, outbox
from shared.audit import Noted
from shared.context import ServiceContext
from shared.contracts.referrals.reviews import MOST_IN_NOTICE, ReviewNamed, ReviewsDue
from shared.database import transaction
from shared.ids import new_id
from shared.installation import held_because
from shared.registers.definition.register import Definition


@dataclass(frozen=True)
class ReviewReminders:
    """
    Publishes one notice a day for each holder with reviews that are due, from seven in the morning in London.

    The day of a register and what its notices name are marked in their transaction, so of several processes one sends
    them, and no restart repeats them. What fell due while nothing ran is named in the first notices afterwards. While
    an earlier notice waits to be published, none is added.
    """

    context: ServiceContext

    async def remind(self) -> None:
        now = self.context.clock()
        if not is_time_to_remind(now) or await held_because(self.context.background) is not None:
            return
        registers = self.context.registers
        for register in registers.newest():
            if register.reviews and not registers.is_withheld(register.code):
                await self._remind(register, now)

    async def _remind(self, register: Definition, now: datetime) -> None:
        day = self.context.day()
        async with transaction(self.context.background) as db:
            if not await store.begin_day(
                db, register.code, day, f"{register.code}-{ReviewsDue.kind}-{ReviewsDue.edition}"
            ):
                return
            found = await store.remind(db, register.code, day, due_time(register, (), day))
            for holder, reminders in _by_holder(found):
                await outbox.put(db, _notice(register, now, holder, reminders))
            noted = [
                Noted(ReferralsAction.RECORD_REVIEW_REMINDED, [each.record_id for each in reminders], register.code)
                for _, reminders in _by_holder(found)
            ]
            await audit.note_all(db, noted)
        if found:
            self.context.wake()


def _by_holder(found: Sequence[ReviewReminder]) -> list[tuple[UUID, list[ReviewReminder]]]:
    """Return the reminders of each holder. They come in the order of their holders."""
    return [(holder, list(each)) for holder, each in groupby(found, key=lambda each: each.holder_id)]


def _notice(register: Definition, now: datetime, holder: UUID, reminders: Sequence[ReviewReminder]) -> ReviewsDue:
    notice_id = new_id()
    return ReviewsDue(
        event_id=notice_id,
        occurred_at=now,
        register_code=register.code,
        bodies=reminders[0].bodies,
        record_id=notice_id,
        version=0,
        holder=holder,
        reviews=tuple(
            ReviewNamed(reference=each.reference, due_on=each.due_on, bodies=each.bodies, created_by=each.creator_id)
            for each in reminders[:MOST_IN_NOTICE]
        ),
        total=len(reminders),
    )
