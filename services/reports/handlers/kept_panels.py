"""
Kept panels: what a dashboard shows of the records, kept until a record is copied.

Only users with the same role and the same reach share panels, because these decide what the database shows to them.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.reports.store.dashboards import CopyMoment
from shared.contracts.reports import BodyChoice, OrganisationChoice, ReadDashboard, TileShown
from shared.permissions import Role, Visitor
from shared.registers.definition.register import Definition
from shared.values import london_day

KEPT_AT_MOST = 200
KEPT_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class ScopeAsked:
    """Everything about a user and their request that decides what a dashboard shows of the records."""

    register_code: str
    role: Role | None
    all_compartments: bool
    compartment_ids: tuple[UUID, ...]
    organisation_ids: tuple[UUID, ...]
    asked: ReadDashboard


def scope_asked(visitor: Visitor, asked: ReadDashboard) -> ScopeAsked:
    return ScopeAsked(
        register_code=visitor.register_code,
        role=visitor.role,
        all_compartments=visitor.all_compartments,
        compartment_ids=visitor.compartment_ids,
        organisation_ids=visitor.organisation_ids,
        asked=asked,
    )


@dataclass(frozen=True)
class Basis:
    """What panels are made from, besides the scope: the copies at a moment, the time, definitions and names."""

    moment: CopyMoment
    now: datetime
    editions: Sequence[Definition]
    names: Mapping[UUID, str]

    def serves(self, later: "Basis") -> bool:
        """Return whether panels made from this are right later. Definitions are large, so identity is compared."""
        return (
            self.moment == later.moment
            and london_day(self.now) == london_day(later.now)
            and later.now - self.now < KEPT_FOR
            and len(self.editions) == len(later.editions)
            and all(one is other for one, other in zip(self.editions, later.editions, strict=True))
            and (self.names is later.names or self.names == later.names)
        )


@dataclass(frozen=True)
class PanelsShown:
    """What a dashboard shows of the records, and the organisations and bodies that its user may choose."""

    organisations: tuple[OrganisationChoice, ...]
    bodies: tuple[BodyChoice, ...]
    tiles: tuple[TileShown, ...]


class KeptPanels:
    """The panels that were read most recently."""

    def __init__(self, at_most: int = KEPT_AT_MOST) -> None:
        self._kept: OrderedDict[ScopeAsked, tuple[Basis, PanelsShown]] = OrderedDict()
        self._at_most = at_most

    def find(self, scope: ScopeAsked, basis: Basis) -> PanelsShown | None:
        """Return the panels of this scope if they are right now."""
        kept = self._kept.get(scope)
        return kept[1] if kept and kept[0].serves(basis) else None

    def keep(self, scope: ScopeAsked, basis: Basis, shown: PanelsShown) -> None:
        self._kept[scope] = (basis, shown)
        self._kept.move_to_end(scope)
        if len(self._kept) > self._at_most:
            self._kept.popitem(last=False)
