"""Handlers through which outcomes reads the status of records, to open and close its tasks."""

from dataclasses import dataclass

from services.referrals.rules import ratings
from services.referrals.store import standing as store
from services.referrals.store.standing import Stood
from shared.context import ServiceContext
from shared.contracts.referrals.events import Urgency
from shared.contracts.referrals.standing import ListStandings, ReadStandings, RecordStanding, Standings
from shared.permissions import Caller
from shared.registers.load import UnknownRegister

MOST_ROWS = 1_000


@dataclass(frozen=True)
class RecordStatusHandlers:
    """The handlers of record status. They cross registers and organisations, so only services may call them."""

    context: ServiceContext

    async def read(self, _caller: Caller, asked: ReadStandings) -> Standings:
        rated_by = ratings.rating_questions(self.context.registers)
        async with self.context.background_trip() as db:
            found = await store.read_standings(db, asked.record_ids, rated_by)
        return Standings(standings=tuple(self._standing(each) for each in found))

    async def list_calling(self, _caller: Caller, asked: ListStandings) -> Standings:
        async with self.context.background_trip() as db:
            found = await store.list_standings(
                db, asked.after, MOST_ROWS, ratings.rating_questions(self.context.registers)
            )
        standings = [self._standing(each) for each in found]
        return Standings(
            standings=tuple(each for each in standings if ratings.calls_for_somebody(each.urgency)),
            last=found[-1].record_id if len(found) == MOST_ROWS else None,
        )

    def _standing(self, stood: Stood) -> RecordStanding:
        return RecordStanding(
            record_id=stood.record_id,
            register_code=stood.register_code,
            bodies=stood.bodies,
            reference=stood.reference,
            version=stood.version,
            is_open=stood.is_open,
            urgency=self._urgency(stood),
            rated_at=stood.rated_at,
            locality=stood.locality,
            is_told=stood.is_told,
            review_on=stood.review_on,
        )

    def _urgency(self, stood: Stood) -> Urgency | None:
        """Return the urgency of the rating; None if there is no rating or the register is no longer installed."""
        try:
            register = self.context.registers.find(stood.register_code, stood.edition)
        except UnknownRegister:
            return None
        level = register.rating.level(stood.rating) if register.rating and stood.rating else None
        return level.urgency if level else None
