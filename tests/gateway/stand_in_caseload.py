"""A stand-in for what a user looks after, on a fake bus."""

from dataclasses import dataclass, field
from uuid import UUID

from shared.clock import utc_now
from shared.contracts.referrals.caseload import Caseload, CaseloadRecord, OwnRecords, RatingTotal, ReadCaseload
from shared.contracts.referrals.consent import (
    ConsentCount,
    ConsentsToConfirm,
    ConsentToConfirm,
    CountConsentsToConfirm,
    ListConsentsToConfirm,
)
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_outcomes import RECORD_ID
from tests.support.days import days_ago

NEW = UUID(int=77)


@dataclass
class StandInCaseload(StandIn):
    """Answers with one caseload, and the records whose consent is to be confirmed. Both are empty unless filled."""

    caseload: Caseload = field(default_factory=lambda: Caseload(own=OwnRecords()))
    unconsented: tuple[ConsentToConfirm, ...] = ()

    def table(self) -> tuple[Row, ...]:
        return (
            row(ReadCaseload, lambda _: self.caseload),
            row(ListConsentsToConfirm, lambda _: ConsentsToConfirm(records=self.unconsented, count=self.count)),
            row(CountConsentsToConfirm, lambda _: self.count),
        )

    @property
    def count(self) -> ConsentCount:
        overdue = sum(each.due_on < utc_now().date() for each in self.unconsented)
        return ConsentCount(waiting=len(self.unconsented), overdue=overdue)


def a_caseload() -> Caseload:
    long_ago, lately = days_ago(40, utc_now()), days_ago(2, utc_now())
    oldest = CaseloadRecord(record_id=RECORD_ID, name="Tester Three", at=long_ago)
    new = CaseloadRecord(record_id=NEW, name="Percy Plum", at=lately)
    ratings = tuple(RatingTotal(rating=code, total=total) for code, total in (("red", 1), ("green", 4)))
    return Caseload(own=OwnRecords(ratings=ratings, oldest=oldest), new=(new,))


def to_confirm(name: str = "Percy Plum", days: int = 30) -> ConsentToConfirm:
    """Return a record whose consent is to be confirmed in so many days, or was to be before."""
    return ConsentToConfirm(
        record_id=RECORD_ID,
        reference="DSR-7KQ2-M9XP",
        name=name,
        due_on=days_ago(-days, utc_now()).date(),
        authority="Agreed by the Caldicott Guardian",
        named_by="Gail Thomas",
        named_at=utc_now(),
    )
