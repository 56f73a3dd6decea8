"""Handlers of likely duplicates: pairs of records that may be about one person."""

from dataclasses import dataclass

from services.referrals.audit_actions import ReferralsAction
from services.referrals.store import duplicates as store
from shared import audit
from shared.commands import carry_out
from shared.context import ServiceContext
from shared.contracts.referrals.duplicates import (
    CountDuplicates,
    DecideDuplicate,
    DuplicateCount,
    DuplicateDecision,
    DuplicateVerdict,
    LinkedPeople,
    ListDuplicates,
    ListLinked,
    PossibleDuplicates,
)
from shared.database import Database, transaction
from shared.messages import must_find
from shared.permissions import Visitor

NOTED: dict[DuplicateVerdict, ReferralsAction] = {
    "linked": ReferralsAction.DUPLICATE_LINKED,
    "dismissed": ReferralsAction.DUPLICATE_DISMISSED,
}


@dataclass(frozen=True)
class Comparing:
    """The handlers of likely duplicates. A pair is listed, counted or decided only if the user may see both records."""

    context: ServiceContext

    async def list_open(self, visitor: Visitor, _asked: ListDuplicates) -> PossibleDuplicates:
        async with transaction(self.context.pool, visitor) as db:
            found = await store.find_open(db, visitor)
            shown = {each.record_id for pair in found.pairs for each in (pair.one, pair.other)}
            await audit.note(db, visitor, ReferralsAction.DUPLICATES_LISTED, sorted(shown))
            return found

    async def list_linked(self, visitor: Visitor, asked: ListLinked) -> LinkedPeople:
        async with self.context.one_trip() as db:
            return LinkedPeople(records=await store.list_linked(db, visitor, asked.record_ids))

    async def count_open(self, visitor: Visitor, _asked: CountDuplicates) -> DuplicateCount:
        async with transaction(self.context.pool, visitor) as db:
            return DuplicateCount(total=await store.count_open(db, visitor))

    async def decide(self, visitor: Visitor, asked: DecideDuplicate) -> DuplicateDecision:
        async def act(db: Database) -> DuplicateDecision:
            decision = must_find(await store.decide(db, visitor, (asked.one, asked.other), asked.verdict))
            if not decision.before:
                await audit.note(db, visitor, NOTED[asked.verdict], sorted((asked.one, asked.other)))
            return decision

        return await carry_out(self.context.pool, visitor, asked, act)
