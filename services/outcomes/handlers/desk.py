"""What every handler works with: the database, the bus, the registers, the clock, and what is told of an outcome."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from shared.bus import Bus
from shared.contracts.outcomes import OutcomeRecorded
from shared.contracts.referrals import CheckRecord, RecordChecked
from shared.database import DatabasePool
from shared.messages import Refused
from shared.permissions import Visitor
from shared.registers.definition import Definition
from shared.registers.load import Registers, UnknownRegister
from shared.values import london_day

# Asking, archiving and giving up follow one upon the other while the gateway waits for five seconds.
CHECK_SECONDS = 1.5


def utc_moment() -> datetime:
    return datetime.now(UTC)


def new_id() -> UUID:
    """128 random bits: nothing can be learnt from one, and none can be guessed."""
    return UUID(bytes=secrets.token_bytes(16))


@dataclass(frozen=True)
class Desk:
    """Shared by the handlers of one process. `wake` is called after each commit that put something into the outbox."""

    pool: DatabasePool
    bus: Bus
    registers: Registers
    wake: Callable[[], None]
    clock: Callable[[], datetime] = utc_moment

    def register(self, visitor: Visitor, edition: str) -> Definition:
        """The register that the assertion names, in this edition. Refused as `unknown_edition`."""
        try:
            return self.registers.find(visitor.register_code, edition)
        except UnknownRegister:
            raise Refused("unknown_edition") from None

    def day(self) -> date:
        """The day in London."""
        return london_day(self.clock())

    async def check_record(self, assertion: str, record_id: UUID) -> RecordChecked:
        """How referrals has the record. Refused as `not_found` when the visitor of the assertion may not see it."""
        return await self.bus.ask(CheckRecord(record_id=record_id), who=assertion, seconds=CHECK_SECONDS)

    def recorded(self, register_code: str, record: RecordChecked, outcome_id: UUID) -> OutcomeRecorded:
        """The event that says that an outcome counts."""
        return OutcomeRecorded(
            event_id=new_id(),
            occurred_at=self.clock(),
            register_code=register_code,
            organisation_id=record.organisation_id,
            record_id=record.record_id,
            version=record.version,
            outcome_id=outcome_id,
        )
