"""A stand-in for referrals with records that may be about one person."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from shared.contracts.referrals.duplicates import (
    CountDuplicates,
    DecideDuplicate,
    DuplicateCount,
    DuplicateDecision,
    ListDuplicates,
    PossibleDuplicate,
    PossibleDuplicates,
    RecordCompared,
)
from shared.contracts.referrals.ended import EndedBefore, EndedRecord, ListEndedBefore
from shared.contracts.referrals.saving import LikelyDuplicate, RecordReceipt, SubmitRecord
from shared.messages import Refused
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import ORGANISATIONS
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN

ONE = RecordCompared(
    record_id=UUID(int=21),
    reference="DSR-2222-2222",
    name="Tester Three",
    born=date(2001, 2, 7),
    nhs_number="9990000018",
    postcode=None,
    organisation_id=ORGANISATIONS[0].organisation_id,
    rating="green",
    created_at=WHEN,
)
OTHER = ONE.model_copy(
    update={
        "record_id": UUID(int=22),
        "reference": "DSR-3333-3333",
        "name": "Tester <b>Tree</b>",
        "postcode": "ST5 0RG",
        "organisation_id": ORGANISATIONS[1].organisation_id,
        "rating": "red",
    }
)
PAIR = PossibleDuplicate(found_at=WHEN, one=ONE, other=OTHER)


@dataclass
class StandInMatches(StandIn):
    """Refuses a new record as a likely duplicate of `RECORD_ID` until the request says that the user has seen it."""

    refusal: Refused = field(default_factory=lambda: Refused(LikelyDuplicate(records=(RECORD_ID,))))
    pairs: tuple[PossibleDuplicate, ...] = (PAIR,)
    total: int = 1
    before: bool = False
    ended: tuple[EndedRecord, ...] = ()

    def table(self) -> tuple[Row, ...]:
        return (
            row(SubmitRecord, self._submit),
            row(ListDuplicates, lambda _: PossibleDuplicates(pairs=self.pairs, total=self.total)),
            row(CountDuplicates, lambda _: DuplicateCount(total=self.total)),
            row(ListEndedBefore, lambda _: EndedBefore(records=self.ended)),
            row(DecideDuplicate, self._decide),
        )

    def _submit(self, asked: SubmitRecord) -> RecordReceipt:
        if RECORD_ID not in asked.duplicates_seen:
            raise self.refusal
        return RecordReceipt(record_id=RECORD_ID, reference="DSR-7KQ2-M9XP", version=0, rating="red")

    def _decide(self, asked: DecideDuplicate) -> DuplicateDecision:
        return DuplicateDecision(verdict=asked.verdict, decided_by="Sam Second", decided_at=WHEN, before=self.before)
