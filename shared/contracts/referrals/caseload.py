"""The request of the home page: the asker's own records, and those that are new with them."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.reviews import DueCounts
from shared.messages import Message, Request


class CaseloadRecord(Message):
    """An open record by name. `at` is when it was last updated, or when the asker became its holder or cover."""

    record_id: UUID
    name: str = Field(repr=False)
    at: datetime


class RatingTotal(Message):
    """How many records have a rating; without one the code is empty."""

    rating: str
    total: int


class OwnRecords(Message):
    """
    The open records that the asker made, holds or covers: how many there are of each rating that occurs.

    `oldest` is the record that has gone longest without an update.
    """

    ratings: tuple[RatingTotal, ...] = ()
    oldest: CaseloadRecord | None = None


class Caseload(Message):
    """
    What the asker looks after. `own` is left out for those who see more than their own records.

    `new` are records that someone else gave the asker to hold or cover, and that came to them in the last `NEW_DAYS`
    days, newest first. A cover that was named in advance counts from its first day.

    `reviews` counts the reviews that are due of all records in the asker's scope.
    """

    own: OwnRecords | None = None
    new: tuple[CaseloadRecord, ...] = ()
    reviews: DueCounts = DueCounts()


class ReadCaseload(Request[Caseload]):
    """Read what the asker looks after, for the home page. Audited with the records that it names, if it names any."""

    subject: ClassVar[str] = "ask.referrals.read_caseload"


NEW_DAYS = 14
MOST_NEW = 5
