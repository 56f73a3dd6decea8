"""Stands in for referrals where records look like one person."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from uuid import UUID

from shared.bus import Context
from shared.contracts.referrals import (
    CountDuplicates,
    DecideDuplicate,
    DuplicateCount,
    DuplicateDecision,
    ListDuplicates,
    PossibleDuplicate,
    PossibleDuplicates,
    RecordCompared,
    RecordReceipt,
    SubmitRecord,
)
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Message, NotAnswered, Refused, Request
from tests.gateway.stand_in_identity import ORGANISATIONS
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN

Asked = TypeVar("Asked", bound=Request[Message])

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
class StandInMatches:
    """A new record looks like the one of `RECORD_ID`, until whoever adds it says that they have seen that."""

    refusal: Refused = field(default_factory=lambda: Refused("likely_duplicate", records=RECORD_ID.hex))
    pairs: tuple[PossibleDuplicate, ...] = (PAIR,)
    total: int = 1
    before: bool = False
    asked: list[Request[Message]] = field(default_factory=list)
    failing: dict[type[Request[Message]], Refused | NotAnswered] = field(default_factory=dict)

    async def answer_on(self, wire: FakeWire) -> None:
        bus = FakeBus("referrals", wire)
        await bus.answer(SubmitRecord, self._noting(self._submit))
        await bus.answer(ListDuplicates, self._noting(self._list))
        await bus.answer(CountDuplicates, self._noting(self._count))
        await bus.answer(DecideDuplicate, self._noting(self._decide))

    def _noting(self, reply: Callable[[Asked], Awaitable[Message]]) -> Callable[[Asked, Context], Awaitable[Message]]:
        async def handler(asked: Asked, _context: Context) -> Message:
            self.asked.append(asked)
            if failure := self.failing.get(type(asked)):
                raise failure
            return await reply(asked)

        return handler

    async def _submit(self, asked: SubmitRecord) -> RecordReceipt:
        if RECORD_ID not in asked.duplicates_seen:
            raise self.refusal
        return RecordReceipt(record_id=RECORD_ID, reference="DSR-7KQ2-M9XP", version=0)

    async def _list(self, _asked: ListDuplicates) -> PossibleDuplicates:
        return PossibleDuplicates(pairs=self.pairs, total=self.total)

    async def _count(self, _asked: CountDuplicates) -> DuplicateCount:
        return DuplicateCount(total=self.total)

    async def _decide(self, asked: DecideDuplicate) -> DuplicateDecision:
        return DuplicateDecision(verdict=asked.verdict, decided_by="Sam Second", decided_at=WHEN, before=self.before)
