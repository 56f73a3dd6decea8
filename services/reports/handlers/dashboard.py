"""The handler of the dashboard: the counts, the reports that can be requested, and the user's latest jobs."""

from dataclasses import dataclass
from uuid import UUID

from services.reports.context import ReportsContext
from services.reports.handlers.jobs import shown
from services.reports.handlers.scope import find_covered
from services.reports.rules.bodies import bodies_named, body_choices
from services.reports.rules.choosing import reports_offered
from services.reports.rules.counting import Panels, counts_organisations
from services.reports.store import compartments, dashboards, jobs
from shared.contracts.reports import Dashboard, OrganisationChoice, ReadDashboard
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Visitor
from shared.registers.definition.register import Definition


@dataclass(frozen=True)
class Dashboards:
    """The handler of the dashboard. It shows counts and no person, so reading it is not audited."""

    context: ReportsContext

    async def read(self, visitor: Visitor, asked: ReadDashboard) -> Dashboard:
        editions = self.context.registers.editions(visitor.register_code)
        register, day = editions[0], self.context.day()
        within = await self._organisations(visitor, register)
        bodies = bodies_named(asked.organisation_id, [asked.body] if asked.body else [])
        async with transaction(self.context.pool, visitor) as db:
            covered = await find_covered(db, self.context, visitor, bodies)
            standing = await dashboards.read_standing(
                db, register.code, covered, day, by_organisation=counts_organisations(register)
            )
            offered = await compartments.find_bodies(db, visitor) if register.scope else ()
            own = await jobs.list_own(db, visitor)
        as_at = standing.complete_at("referrals")
        if as_at is None:
            raise NotAnswered(Fault.UNAVAILABLE)
        standing.tallies.put_right(register, standing.overdue, day)
        has_outcomes = standing.complete_at("outcomes") is not None
        counted = {each: label for each, label in within.items() if covered is None or each in covered}
        return Dashboard(
            as_at=as_at,
            organisations=tuple(OrganisationChoice(organisation_id=each, label=name) for each, name in within.items()),
            bodies=body_choices(editions, offered),
            tiles=Panels(editions, counted, day).tiles(standing.tallies),
            reports=tuple(each.code for each in reports_offered(register, visitor, has_outcomes=has_outcomes)),
            jobs=tuple(shown(register, each) for each in own),
        )

    async def _organisations(self, visitor: Visitor, register: Definition) -> dict[UUID, str]:
        """Return the visitor's organisations; none in a register whose scope is made of bodies."""
        if register.scope:
            return {}
        names = await self.context.organisations.names(register)
        return {each: label for each, label in names.items() if each in visitor.organisation_ids}
