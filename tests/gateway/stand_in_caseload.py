"""A stand-in for what a user looks after, on a fake bus."""

from dataclasses import dataclass, field
from uuid import UUID

from shared.clock import utc_now
from shared.contracts.referrals.caseload import Caseload, CaseloadRecord, OwnRecords, RatingTotal, ReadCaseload
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_outcomes import RECORD_ID
from tests.support.days import days_ago

NEW = UUID(int=77)


@dataclass
class StandInCaseload(StandIn):
    """Answers with one caseload, which is empty unless a test fills it."""

    caseload: Caseload = field(default_factory=lambda: Caseload(own=OwnRecords()))

    def table(self) -> tuple[Row, ...]:
        return (row(ReadCaseload, lambda _: self.caseload),)


def a_caseload() -> Caseload:
    long_ago, lately = days_ago(40, utc_now()), days_ago(2, utc_now())
    oldest = CaseloadRecord(record_id=RECORD_ID, name="Tester Three", at=long_ago)
    new = CaseloadRecord(record_id=NEW, name="Percy Plum", at=lately)
    ratings = tuple(RatingTotal(rating=code, total=total) for code, total in (("red", 1), ("green", 4)))
    return Caseload(own=OwnRecords(ratings=ratings, oldest=oldest), new=(new,))
