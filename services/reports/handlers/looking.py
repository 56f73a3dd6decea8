"""The handler that says who looked at a record through a report."""

from dataclasses import dataclass

from services.reports.audit_actions import ReportsAction
from services.reports.context import ReportsContext
from services.reports.store.looking import read_looks
from shared import audit
from shared.contracts.looks import CheckLooks, Looks, ReadReportLooks
from shared.database import transaction
from shared.permissions import Visitor
from shared.registers.bodies import compartment_of

CHECK_SECONDS = 1.5  # the gateway waits for five


@dataclass(frozen=True)
class ReportLooksHandler:
    """Referrals decides who may know it: it alone knows who may open a record."""

    context: ReportsContext

    async def read(self, visitor: Visitor, assertion: str, asked: ReadReportLooks) -> Looks:
        question = CheckLooks(record_id=asked.record_id)
        record = await self.context.bus.ask(question, who=assertion, seconds=CHECK_SECONDS)
        compartment = compartment_of(visitor.register_code, record.bodies)
        async with transaction(self.context.pool, visitor) as db:
            found = await read_looks(db, asked, compartment)
            await audit.note(db, visitor, ReportsAction.REPORT_LOOKS_READ, [asked.record_id])
        return found
