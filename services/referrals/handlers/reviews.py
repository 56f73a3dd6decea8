"""Handlers of reviews that are due, and of the days on which records are due."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.referrals.rules.reviewing import due_time
from services.referrals.store import reviews as store
from shared.context import ServiceContext
from shared.contracts.referrals.listing import RecordRow
from shared.contracts.referrals.reading import RecordShown
from shared.contracts.referrals.reviews import DueReviews, ListDueReviews
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.form.reviewing import review_due


@dataclass(frozen=True)
class DueReviewHandlers:
    """Reads which reviews are due. Due days are derived at each reading, so a changed interval counts at once."""

    context: ServiceContext

    async def list_due(self, visitor: Visitor, asked: ListDueReviews) -> DueReviews:
        register = self.context.latest(visitor)
        if register.reviews is None:
            return DueReviews()
        async with self.context.one_trip() as db:
            return await store.list_due(db, visitor, due_time(register, [asked.due], self.context.day()), asked.page)

    async def with_due_days(
        self, visitor: Visitor, register: Definition, rows: Sequence[RecordRow]
    ) -> tuple[RecordRow, ...]:
        """Return the rows of a list with the days on which their reviews are due, in a register that reviews."""
        open_ones = [row.record_id for row in rows if row.ended_at is None]
        if register.reviews is None or not open_ones:
            return tuple(rows)
        async with self.context.one_trip() as db:
            found = await store.review_days(db, visitor, open_ones)
        due = {record_id: review_due(register, last) for record_id, last in found.items()}
        return tuple(row.model_copy(update={"review_due": due.get(row.record_id)}) for row in rows)

    async def with_due_day(self, visitor: Visitor, record: RecordShown) -> RecordShown:
        """Return a record with the day on which its review is due, in a register that reviews."""
        register = self.context.latest(visitor)
        if register.reviews is None or not record.is_open:
            return record
        async with self.context.one_trip() as db:
            found = await store.review_days(db, visitor, [record.record_id])
        last = found.get(record.record_id)
        if last is None:
            return record
        agreed = last.next_review if last.agreed_at == last.rated_at else None
        return record.model_copy(update={"review_due": review_due(register, last), "review_agreed": agreed is not None})
