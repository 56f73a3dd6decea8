"""Outcomes that end their record. They stay pending until referrals has archived it."""

from dataclasses import dataclass
from uuid import UUID

from services.outcomes.audit_actions import OutcomesAction
from services.outcomes.context import CountedOutcome, OutcomesContext
from services.outcomes.store import endings as store
from services.outcomes.store.endings import Ending, PendingOutcome
from shared import audit, outbox
from shared.contracts.outcomes import OutcomeReceipt
from shared.contracts.referrals.archiving import ArchiveRecord, FinishArchive, RefuseArchive
from shared.contracts.referrals.saving import Conflict
from shared.database import Database, transaction
from shared.log import warn
from shared.messages import NotAnswered, Refused, must_find
from shared.permissions import Visitor

ARCHIVE_SECONDS = 2.0
REFUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Endings:
    """
    Settles a pending outcome, while the person who recorded it waits for the answer, or later.

    Referrals decides once for each outcome id. An outcome is settled as not counting only after referrals has stored
    that it will never archive under that id.
    """

    context: OutcomesContext

    async def go_forward(self, visitor: Visitor, assertion: str, outcome_id: UUID) -> OutcomeReceipt:
        """
        Archive in the visitor's name. Refused as referrals refuses; the receipt is `pending` if it does not answer.
        """
        standing = await self._find(visitor, outcome_id)
        if standing.refusal is not None:
            raise Refused(Conflict() if standing.refusal == Conflict.code else standing.refusal)
        if standing.saved:
            return OutcomeReceipt(outcome_id=outcome_id)
        ending = standing.ending
        archive = ArchiveRecord(
            command_id=outcome_id,
            record_id=ending.record_id,
            version=ending.record_version,
            leaving=dict(ending.leaving),
        )
        try:
            await self.context.bus.ask(archive, who=assertion, seconds=ARCHIVE_SECONDS)
        except NotAnswered:
            return OutcomeReceipt(outcome_id=outcome_id, pending=True)
        except Refused as refusal:
            await self._refuse(visitor, ending, refusal)
        else:
            await self._confirm(ending, visitor)
        return OutcomeReceipt(outcome_id=outcome_id)

    async def _find(self, visitor: Visitor, outcome_id: UUID) -> PendingOutcome:
        async with transaction(self.context.pool, visitor) as db:
            return must_find(await store.find_ending(db, outcome_id))

    async def _refuse(self, visitor: Visitor, ending: Ending, refusal: Refused) -> None:
        """Raise the refusal, unless the record was archived under this id after all."""
        try:
            archived = await self._is_archived_or_never(ending)
        except NotAnswered:
            raise refusal from None
        if archived:
            await self._confirm(ending, visitor)
            return
        async with transaction(self.context.pool, visitor) as db:
            if await store.settle(db, ending.outcome_id, "refused", refusal.code):
                await self._note(db, ending, visitor, OutcomesAction.OUTCOME_ARCHIVE_REFUSED)
        raise refusal

    async def finish(self, ending: Ending) -> None:
        """Archive without a visitor. The outcome stays pending while referrals does not answer."""
        try:
            await self._finish(ending)
        except NotAnswered as unanswered:
            warn("archive.not_finished", outcome_id=str(ending.outcome_id), fault=unanswered.fault.value)

    async def _finish(self, ending: Ending) -> None:
        finish = FinishArchive(
            command_id=ending.outcome_id,
            register_code=ending.register_code,
            record_id=ending.record_id,
            version=ending.record_version,
            leaving=dict(ending.leaving),
        )
        try:
            await self.context.bus.ask(finish, who=self._sign(finish, ending))
        except Refused as refusal:
            await self._give_up(ending, refusal)
        else:
            await self._confirm(ending)

    async def _give_up(self, ending: Ending, refusal: Refused) -> None:
        if await self._is_archived_or_never(ending):
            await self._confirm(ending)
            return
        async with transaction(self.context.pool) as db:
            if await store.settle(db, ending.outcome_id, "given_up", refusal.code):
                await self._note(db, ending, None, OutcomesAction.OUTCOME_ARCHIVE_GIVEN_UP)

    async def _is_archived_or_never(self, ending: Ending) -> bool:
        """Return whether referrals has archived under this id. If not, it never will."""
        refuse = RefuseArchive(
            command_id=ending.outcome_id, register_code=ending.register_code, record_id=ending.record_id
        )
        fate = await self.context.bus.ask(refuse, who=self._sign(refuse, ending), seconds=REFUSE_SECONDS)
        return fate.archived

    def _sign(self, request: FinishArchive | RefuseArchive, ending: Ending) -> str:
        job = "finish_archive" if isinstance(request, FinishArchive) else "refuse_archive"
        return self.context.sign(request, job, ending.recorded_by)

    async def _confirm(self, ending: Ending, visitor: Visitor | None = None) -> None:
        """Mark the outcome as saved, so that it counts. Only the first call publishes the event."""
        counted = CountedOutcome(
            outcome_id=ending.outcome_id,
            register_code=ending.register_code,
            record_id=ending.record_id,
            version=ending.record_version + 1,
            compartment=ending.compartment,
        )
        async with transaction(self.context.pool, visitor) as db:
            if await store.settle(db, ending.outcome_id, "saved"):
                await self._note(db, ending, visitor, OutcomesAction.OUTCOME_RECORDED)
                await outbox.put(db, self.context.recorded(counted))
        self.context.wake()

    async def _note(self, db: Database, ending: Ending, visitor: Visitor | None, action: OutcomesAction) -> None:
        """
        Write to the audit with the visitor's session, or without one in the name of the person who recorded the
        outcome.
        """
        subjects = [ending.outcome_id, ending.record_id]
        await audit.note(db, visitor, action, subjects, actor=ending.recorded_by, register=ending.register_code)
