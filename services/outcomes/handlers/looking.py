"""The handler that says who looked at the outcomes, tasks and meetings of a record."""

from dataclasses import dataclass

from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import OutcomesContext
from services.outcomes.store.looking import read_looks
from shared import audit
from shared.contracts.looks import CheckLooks, Looks, ReadOutcomeLooks
from shared.database import transaction
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of

CHECK_SECONDS = 1.5  # the gateway waits for five


@dataclass(frozen=True)
class OutcomeLooksHandler:
    """Referrals decides who may know it: it alone knows who may open a record."""

    context: OutcomesContext

    async def read(self, visitor: Visitor, assertion: str, asked: ReadOutcomeLooks) -> Looks:
        question = CheckLooks(record_id=asked.record_id)
        record = await self.context.bus.ask(question, who=assertion, seconds=CHECK_SECONDS)
        compartment = compartment_of(visitor.register_code, record.bodies)
        async with transaction(self.context.pool, visitor) as db:
            found = await read_looks(db, asked, compartment)
            await audit.note(db, visitor, OutcomesAction.OUTCOME_LOOKS_READ, [asked.record_id])
        return found
