"""Stands in for referrals and outcomes on a fake bus: one record, its outcomes, and whatever they are to refuse."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from shared.bus import Context
from shared.contracts.outcomes import ListOutcomes, OutcomeReceipt, Outcomes, OutcomeShown, RecordOutcome
from shared.contracts.referrals import Answers, ListRecords, ReadRecord, RecordPage, RecordRow, RecordShown, SameRecord
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Message, NotAnswered, Refused, Request
from tests.gateway.stand_in_identity import ORGANISATIONS

RECORD_ID = UUID("5f0e7c1d2b3a49687766554433221100")
WHEN = datetime(2022, 6, 17, 13, 5, tzinfo=UTC)
NAME, BORN, POSTCODE = ("Tester", "Three"), "2001-02-07", "ST3 1TR"
PERSON: Answers = {"first_name": NAME[0], "last_name": NAME[1], "date_of_birth": BORN, "postcode": POSTCODE}

Asked = TypeVar("Asked", bound=Request[Message])


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


@dataclass
class StandInOutcomes:
    """`asked` is every request in its order; `failing` says which kinds are refused or not answered, and how."""

    version: int = 4
    answers: Answers = field(default_factory=lambda: dict(PERSON))
    same_person: tuple[SameRecord, ...] = ()
    outcomes: tuple[OutcomeShown, ...] = ()
    being_archived: bool = False
    more: bool = False
    pending: bool = False
    asked: list[Request[Message]] = field(default_factory=list)
    failing: dict[type[Request[Message]], Refused | NotAnswered] = field(default_factory=dict)

    async def answer_on(self, wire: FakeWire) -> None:
        referrals, outcomes = FakeBus("referrals", wire), FakeBus("outcomes", wire)
        await referrals.answer(ReadRecord, self._noting(self._read_record))
        await referrals.answer(ListRecords, self._noting(self._list_records))
        await outcomes.answer(ListOutcomes, self._noting(self._list_outcomes))
        await outcomes.answer(RecordOutcome, self._noting(self._record_outcome))

    @property
    def recorded(self) -> list[RecordOutcome]:
        """What was asked to be recorded."""
        return [each for each in self.asked if isinstance(each, RecordOutcome)]

    def _noting(self, reply: Callable[[Asked], Awaitable[Message]]) -> Callable[[Asked, Context], Awaitable[Message]]:
        async def handler(asked: Asked, _context: Context) -> Message:
            self.asked.append(asked)
            if failure := self.failing.get(type(asked)):
                raise failure
            return await reply(asked)

        return handler

    async def _read_record(self, asked: ReadRecord) -> RecordShown:
        if asked.record_id != RECORD_ID:
            raise Refused("not_found")
        return RecordShown(
            record_id=RECORD_ID,
            reference="DSR-7KQ2-M9XP",
            edition="2022",
            answers=self.answers,
            version=self.version,
            status="active",
            organisation_id=ORGANISATIONS[0].organisation_id,
            created_by="Jayne Billings",
            created_at=WHEN,
            updated_at=WHEN,
            rated_at=WHEN,
            updates=self.version,
            notes=0,
            may_update=True,
            same_person=self.same_person,
        )

    async def _list_records(self, _asked: ListRecords) -> RecordPage:
        row = RecordRow(
            record_id=RECORD_ID,
            name=" ".join(NAME),
            organisation_id=ORGANISATIONS[0].organisation_id,
            locality="",
            rating="red",
            created_at=WHEN,
            updated_at=WHEN,
            rated_at=WHEN,
            created_by="Jayne Billings",
        )
        return RecordPage(rows=(row,), first=1, matches=1, total=1)

    async def _list_outcomes(self, asked: ListOutcomes) -> Outcomes:
        return Outcomes(
            record_id=asked.record_id,
            outcomes=self.outcomes[asked.skip :],
            recorded=len([each for each in self.outcomes if each.counted]),
            more=self.more,
            being_archived=self.being_archived,
        )

    async def _record_outcome(self, _asked: RecordOutcome) -> OutcomeReceipt:
        return OutcomeReceipt(outcome_id=UUID(int=12), pending=self.pending)
