"""The handler of the dashboard: the counts, the reports that can be requested, and the user's latest jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.reports.context import ReportsContext
from services.reports.handlers.jobs import shown
from services.reports.handlers.kept_panels import Basis, KeptPanels, PanelsShown, scope_asked
from services.reports.handlers.scope import find_covered
from services.reports.rules.bodies import bodies_named, body_choices
from services.reports.rules.choosing import may_have, reports_offered
from services.reports.rules.counting import Panels
from services.reports.rules.people import count_people_once
from services.reports.rules.tiles import outcome_questions, tiles_shown
from services.reports.store import compartments, dashboards, jobs
from shared.contracts.reports import Dashboard, OrganisationChoice, ReadDashboard
from shared.database import Database, transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.values import london_day


@dataclass(frozen=True)
class Dashboards:
    """The handler of the dashboard. It shows counts and no person, so reading it is not audited."""

    context: ReportsContext
    kept: KeptPanels = field(default_factory=KeptPanels)

    async def read(self, visitor: Visitor, asked: ReadDashboard) -> Dashboard:
        editions = self.context.registers.editions(visitor.register_code)
        register, scope = editions[0], scope_asked(visitor, asked)
        names = await self._names(register)
        async with transaction(self.context.pool, visitor) as db:
            moment = await dashboards.read_moment(db)
            if moment.as_at is None:
                raise NotAnswered(Fault.UNAVAILABLE)
            basis = Basis(moment, self.context.clock(), editions, names)
            panels = self.kept.find(scope, basis)
            if panels is None:
                panels = await self._read_panels(db, visitor, asked, basis)
                self.kept.keep(scope, basis, panels)
            own = await jobs.list_own(db, visitor)
        return Dashboard(
            as_at=moment.as_at,
            organisations=panels.organisations,
            bodies=panels.bodies,
            tiles=panels.tiles,
            reports=tuple(each.code for each in reports_offered(register, visitor, has_outcomes=moment.has_outcomes)),
            jobs=tuple(shown(register, each) for each in own if may_have(register, visitor, each.report)),
        )

    async def _read_panels(self, db: Database, visitor: Visitor, asked: ReadDashboard, basis: Basis) -> PanelsShown:
        register, day = basis.editions[0], london_day(basis.now)
        bodies = bodies_named(asked.organisation_id, [asked.body] if asked.body else [])
        covered = await find_covered(db, self.context, visitor, bodies)
        shown = tiles_shown(register, visitor, has_outcomes=basis.moment.has_outcomes)
        found = await dashboards.read_standing(db, register, covered, day)
        offered = await compartments.find_bodies(db, visitor) if register.scope else ()
        found.tallies.put_right(register, found.overdue, day)
        left_out = count_people_once(found.tallies, register, found.linked, day)
        for name in outcome_questions(register, shown):
            latest = await dashboards.read_latest_answers(db, register.code, covered, name, left_out)
            found.tallies.add_outcomes(name, latest)
        theirs = frozenset(visitor.organisation_ids)
        within = {each: label for each, label in basis.names.items() if each in theirs}
        reached = None if covered is None else frozenset(covered)
        counted = {each: label for each, label in within.items() if reached is None or each in reached}
        return PanelsShown(
            organisations=tuple(OrganisationChoice(organisation_id=each, label=name) for each, name in within.items()),
            bodies=body_choices(basis.editions, offered),
            tiles=Panels(basis.editions, counted, day).tiles(found.tallies, shown),
        )

    async def _names(self, register: Definition) -> Mapping[UUID, str]:
        """Return the names of organisations; none in a register whose scope is made of bodies."""
        return {} if register.scope else await self.context.organisations.names(register)
