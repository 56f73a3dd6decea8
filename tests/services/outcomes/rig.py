"""The test rig of outcomes: the service behind its front door, with the real referrals, which tests can switch off."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.outcomes.context import OutcomesContext
from services.outcomes.handlers.ending import Endings
from services.outcomes.jobs import FinishArchives
from services.outcomes.service import service_of
from shared.assertion import Signer, Verifier, public_key
from shared.bus.protocol import Context
from shared.clock import Clock, utc_now
from shared.contracts import LETTERS
from shared.contracts.outcomes import ListOutcomes, OutcomeReceipt, OutcomeRecorded, Outcomes, RecordOutcome
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.archiving import CheckRecord
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import DatabasePool
from shared.fake_bus import FakeBus
from shared.messages import Fault, Message, NotAnswered, Refused, Request
from shared.permissions import Caller, Role, Visitor
from shared.registers.load import Registers
from shared.service import start
from tests.services.referrals.builders import EDITION, a_visitor, new_id
from tests.services.referrals.rig import SEEDS, Referrals, Waking
from tests.support.connections import ServicePools

OUTCOMES = "outcomes"
KEYS = {**SEEDS, "reports": b"r" * 32}

Reply = TypeVar("Reply", bound=Message)


@dataclass(frozen=True)
class Rig:
    """The service as tests use it: ask as a visitor, run the sweeper, and read the events."""

    referrals: Referrals
    pool: DatabasePool
    background: DatabasePool
    relay: Waking
    sweeping: FinishArchives
    context: OutcomesContext

    @classmethod
    async def open(
        cls, referrals: Referrals, pools: ServicePools, registers: Registers, clock: Clock = utc_now
    ) -> "Rig":
        bus = FakeBus(OUTCOMES, referrals.wire)
        signer = Signer(OUTCOMES, SEEDS[OUTCOMES])
        relay = Waking(pools.background, bus, signer, LETTERS)
        verifier = Verifier(OUTCOMES, {name: public_key(seed) for name, seed in KEYS.items()})
        parts = (pools.pool, pools.background, bus, signer, verifier, relay, registers)
        context = OutcomesContext(OUTCOMES, *parts, clock=clock)
        await start(context, service_of(context))
        sweeping = FinishArchives(pools.background, Endings(context))
        return cls(referrals, pools.pool, pools.background, relay, sweeping, context)

    async def ask(self, visitor: Visitor, request: Request[Reply]) -> Reply:
        """Ask through the front door, with an assertion of the visitor for both services."""
        who = Signer("identity", SEEDS["identity"]).sign_visitor(visitor, ("referrals", OUTCOMES))
        return await FakeBus("gateway", self.referrals.wire).ask(request, who=who)

    async def ask_as(self, caller: Caller, request: Request[Reply]) -> Reply:
        """Ask through the front door as a service without a user."""
        who = Signer(caller.service, KEYS[caller.service]).sign_caller(caller, OUTCOMES)
        return await FakeBus(caller.service, self.referrals.wire).ask(request, who=who)

    async def refusal(self, visitor: Visitor, request: Request[Reply]) -> tuple[str, dict[str, object]]:
        """Return the code and details of the refusal, or ("", {}) if the request is carried out."""
        try:
            await self.ask(visitor, request)
        except Refused as refused:
            return refused.code, refused.details.model_dump(exclude_none=True)
        return "", {}

    async def fault(self, visitor: Visitor, request: Request[Reply]) -> Fault | None:
        try:
            await self.ask(visitor, request)
        except NotAnswered as unanswered:
            return unanswered.fault
        return None

    async def record(self, visitor: Visitor, record: RecordReceipt, **changes: Answer) -> OutcomeReceipt:
        return await self.ask(visitor, an_outcome(record, **changes))

    async def archive(self, visitor: Visitor, record: RecordReceipt, **changes: Answer) -> OutcomeReceipt:
        return await self.ask(visitor, an_ending(record, **changes))

    async def listed(self, visitor: Visitor, record_id: UUID, skip: int = 0) -> Outcomes:
        return await self.ask(visitor, ListOutcomes(record_id=record_id, skip=skip))

    async def is_archived(self, visitor: Visitor, record: RecordReceipt) -> bool:
        """Return whether referrals has archived the record."""
        return not (await self.ask(visitor, CheckRecord(record_id=record.record_id))).is_open

    async def told(self, record_id: UUID) -> list[OutcomeRecorded]:
        """Publish all waiting events, and return those about outcomes of this record."""
        while await self.relay.carry_batch():
            pass
        sent = [
            body
            for subject, body, _ in self.referrals.wire.published
            if subject.endswith(OutcomeRecorded.kind) and not subject.startswith("copy.")
        ]
        events = [OutcomeRecorded.model_validate_json(body) for body in sent]
        return [event for event in events if event.record_id == record_id]

    @contextmanager
    def away(self, *requests: type[Request[Message]]) -> Iterator[None]:
        """Let referrals answer none of these requests during the block."""
        answers = self.referrals.wire.answers
        kept = {request.subject: answers.pop(request.subject) for request in requests}
        yield
        answers.update(kept)

    @contextmanager
    def losing_replies(self, request: type[Request[Message]]) -> Iterator[None]:
        """Let referrals carry out this request during the block, and lose its replies."""

        async def lost(answering: Awaitable[Message]) -> Message:
            await answering
            raise NotAnswered(Fault.TOO_LATE)

        with self._around(request, lost):
            yield

    @contextmanager
    def noticing(self, request: type[Request[Message]]) -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
        """Yield two events: the first is set when referrals receives this request, the second when it has answered."""
        asked, answered = asyncio.Event(), asyncio.Event()

        async def noticed(answering: Awaitable[Message]) -> Message:
            asked.set()
            try:
                return await answering
            finally:
                answered.set()

        with self._around(request, noticed):
            yield asked, answered

    @contextmanager
    def delaying(self, request: type[Request[Message]]) -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
        """
        Let referrals delay the requests of this type that it receives during the block.

        Yield two events: the first is set when it receives one, and it carries it out after the second is set.
        """
        received, answer = asyncio.Event(), asyncio.Event()

        async def delayed(answering: Awaitable[Message]) -> Message:
            received.set()
            await answer.wait()
            return await answering

        with self._around(request, delayed):
            yield received, answer

    @contextmanager
    def _around(
        self, request: type[Request[Message]], stand: Callable[[Awaitable[Message]], Awaitable[Message]]
    ) -> Iterator[None]:
        answers = self.referrals.wire.answers
        kind, handler = answers[request.subject]

        async def instead(asked: Request[Message], context: Context) -> Message:
            return await stand(handler(asked, context))

        answers[request.subject] = (kind, instead)
        yield
        answers[request.subject] = (kind, handler)


def an_administrator(*organisations: UUID, full_name: str = "Ada Minister") -> Visitor:
    return a_visitor(Role.ADMINISTRATOR, *organisations, full_name=full_name)


def some_answers(**changes: Answer) -> dict[str, Answer]:
    """Return the required answers of the DSR's outcome form with these changes. An empty answer is left out."""
    answers: dict[str, Answer] = {"cetr_requested": "no", "laep_requested": "no"}
    return {name: answer for name, answer in (answers | changes).items() if answer}


def an_outcome(record: RecordReceipt, **changes: Answer) -> RecordOutcome:
    """Return the request to record an outcome of this version of the record."""
    return RecordOutcome(
        command_id=new_id(),
        edition=EDITION,
        record_id=record.record_id,
        version=record.version,
        answers=some_answers(**changes),
    )


LEAVING: dict[str, Answer] = {"leaving_reason": "other", "leaving_text": "The person lives in another county now."}
"""Why a record of the DSR is archived, whatever its rating is."""


def an_ending(record: RecordReceipt, leaving: dict[str, Answer] | None = None, /, **changes: Answer) -> RecordOutcome:
    """Return the request to record an outcome that archives the record."""
    return an_outcome(record, **changes).model_copy(
        update={"ending": True, "leaving": LEAVING if leaving is None else leaving}
    )
