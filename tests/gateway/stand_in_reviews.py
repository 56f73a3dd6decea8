"""A stand-in for the reviews that are due, on a fake bus."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from shared.clock import london_today, utc_now
from shared.contracts.referrals.reviews import DueReview, DueReviews, ListDueReviews
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord
from shared.messages import Message, Request
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_outcomes import RECORD_ID

REFERENCE = "DSR-7KQ2-M9XP"


def a_due_review(number: int = 0, *, may_review: bool = True, days: int = -3) -> DueReview:
    """Return a review that is due so many days from today."""
    return DueReview(
        record_id=RECORD_ID if number == 0 else UUID(int=number),
        version=4,
        reference=REFERENCE,
        name="Tester Three",
        born=date(2001, 2, 7),
        rating="red",
        rated_at=utc_now() - timedelta(days=10),
        due_on=london_today() + timedelta(days=days),
        holder="Jayne Billings",
        may_review=may_review,
    )


@dataclass
class StandInReviews(StandIn):
    """Answers with one page of due reviews, and saves each review."""

    found: DueReviews = field(default_factory=DueReviews)

    def table(self) -> tuple[Row, ...]:
        return (row(ListDueReviews, lambda _: self.found), row(ReviewRecord, self._receipt))

    def _receipt(self, _asked: Request[Message]) -> RecordReceipt:
        return RecordReceipt(record_id=RECORD_ID, reference=REFERENCE, version=5, rating="red")
