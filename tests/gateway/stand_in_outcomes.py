"""A stand-in for referrals and outcomes on a fake bus, with one record and its outcomes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from shared.contracts.outcomes import (
    ListOutcomes,
    OutcomeReceipt,
    Outcomes,
    OutcomeShown,
    ReadToldOutcome,
    RecordOutcome,
    ToldOutcome,
)
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.duplicates import SameRecord
from shared.contracts.referrals.listing import ListRecords, RecordPage, RecordRow
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.messages import Refused
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_identity import ORGANISATIONS

RECORD_ID = UUID("5f0e7c1d2b3a49687766554433221100")
WHEN = datetime(2022, 6, 17, 13, 5, tzinfo=UTC)
NAME, BORN, POSTCODE = ("Tester", "Three"), "2001-02-07", "ST3 1TR"
PERSON: Answers = {"first_name": NAME[0], "last_name": NAME[1], "date_of_birth": BORN, "postcode": POSTCODE}


def a_record(**changes: object) -> RecordShown:
    fields = {
        "record_id": RECORD_ID,
        "reference": "DSR-7KQ2-M9XP",
        "edition": "2022",
        "answers": PERSON,
        "version": 4,
        "state": "active",
        "is_open": True,
        "organisation_id": ORGANISATIONS[0].organisation_id,
        "created_by": "Jayne Billings",
        "created_at": WHEN,
        "updated_at": WHEN,
        "rated_at": WHEN,
        "updates": 4,
        "notes": 0,
        "may_update": True,
    }
    return RecordShown.model_validate(fields | changes)


def a_row(**changes: object) -> RecordRow:
    fields = {
        "record_id": RECORD_ID,
        "name": " ".join(NAME),
        "organisation_id": ORGANISATIONS[0].organisation_id,
        "locality": "south_staffordshire",
        "rating": "red",
        "created_at": WHEN,
        "updated_at": WHEN,
        "rated_at": WHEN,
        "created_by": "Jayne Billings",
    }
    return RecordRow.model_validate(fields | changes)


def an_outcome(**changes: object) -> OutcomeShown:
    fields = {
        "outcome_id": UUID(int=11),
        "edition": "2022",
        "answers": {"cetr_requested": "no", "laep_requested": "no", "notes": "Seen at home."},
        "recorded_by": "Ada Minister",
        "recorded_at": WHEN,
        "ending": False,
        "counted": True,
    }
    return OutcomeShown.model_validate(fields | changes)


TOLD = ToldOutcome(
    record_id=RECORD_ID,
    outcome_id=UUID(int=11),
    edition="2022",
    recorded_at=WHEN,
    answers={"plan": "Weekly visits <b>until spring"},
)


@dataclass
class StandInOutcomes(StandIn):
    """
    One record with its answers and its outcomes, in the list of records too. `changes` are other values of the record,
    and `row_changes` of its row, which is the first of `matches`.
    """

    version: int = 4
    answers: Answers = field(default_factory=lambda: dict(PERSON))
    same_person: tuple[SameRecord, ...] = ()
    outcomes: tuple[OutcomeShown, ...] = ()
    told: ToldOutcome = TOLD
    being_archived: bool = False
    more: bool = False
    pending: bool = False
    changes: dict[str, object] = field(default_factory=dict)
    row_changes: dict[str, object] = field(default_factory=dict)
    matches: int = 1

    def table(self) -> tuple[Row, ...]:
        return (
            row(ReadRecord, self._read_record),
            row(ListRecords, lambda _: self._page()),
            row(ListOutcomes, self._list_outcomes),
            row(ReadToldOutcome, lambda _: self.told),
            row(RecordOutcome, lambda _: OutcomeReceipt(outcome_id=UUID(int=12), pending=self.pending)),
        )

    @property
    def recorded(self) -> list[RecordOutcome]:
        """The requests to record an outcome."""
        return self.heard(RecordOutcome)

    def _read_record(self, asked: ReadRecord) -> RecordShown:
        if asked.record_id != RECORD_ID:
            raise Refused("not_found")
        fields = {
            "answers": self.answers,
            "version": self.version,
            "updates": self.version,
            "same_person": self.same_person,
        }
        return a_record(**fields | self.changes)

    def _page(self) -> RecordPage:
        return RecordPage(rows=(a_row(**self.row_changes),), first=1, matches=self.matches, total=self.matches)

    def _list_outcomes(self, asked: ListOutcomes) -> Outcomes:
        return Outcomes(
            record_id=asked.record_id,
            outcomes=self.outcomes[asked.skip :],
            recorded=len([each for each in self.outcomes if each.counted]),
            more=self.more,
            being_archived=self.being_archived,
            is_open=bool(self.changes.get("is_open", True)),
        )
