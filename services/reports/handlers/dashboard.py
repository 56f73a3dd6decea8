"""The handler of the dashboard: the counts, the reports that can be requested, and the user's latest jobs."""

from dataclasses import dataclass

from services.reports.context import ReportsContext
from services.reports.handlers.jobs import shown
from services.reports.rules.choosing import check_scope, reports_offered, scope_of
from services.reports.rules.counting import Panels
from services.reports.store import dashboards, jobs
from shared.contracts.reports import Dashboard, OrganisationChoice, ReadDashboard
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Visitor


@dataclass(frozen=True)
class Dashboards:
    """The handler of the dashboard. It shows counts and no person, so reading it is not audited."""

    context: ReportsContext

    async def read(self, visitor: Visitor, asked: ReadDashboard) -> Dashboard:
        register = self.context.registers.find(visitor.register_code)
        names = await self.context.organisations.names(register)
        within = {each: label for each, label in names.items() if each in visitor.organisation_ids}
        check_scope(visitor, asked.organisation_id)
        chosen = scope_of(visitor, asked.organisation_id)
        day = self.context.day()
        async with transaction(self.context.pool, visitor) as db:
            standing = await dashboards.read_standing(db, register.code, chosen, day)
            own = await jobs.list_own(db, visitor)
        as_at = standing.complete_at("referrals")
        if as_at is None:
            raise NotAnswered(Fault.UNAVAILABLE)
        standing.tallies.put_right(register, standing.overdue, day)
        has_outcomes = standing.complete_at("outcomes") is not None
        counted = {each: label for each, label in within.items() if each in chosen}
        panels = Panels(self.context.registers.editions(register.code), counted, day)
        return Dashboard(
            as_at=as_at,
            organisations=tuple(OrganisationChoice(organisation_id=each, label=name) for each, name in within.items()),
            tiles=panels.tiles(standing.tallies),
            reports=tuple(each.code for each in reports_offered(register, has_outcomes=has_outcomes)),
            jobs=tuple(shown(register, each) for each in own),
        )
