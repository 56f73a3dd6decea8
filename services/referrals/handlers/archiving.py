"""Handlers that archive a record for an outcome, finish an archive on behalf of its user, or give it up."""

from dataclasses import dataclass, replace
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.events import RecordEvents
from services.referrals.handlers.saving import Saving, next_version, receipt_of
from services.referrals.rules.ending import End
from services.referrals.store import archiving as store
from services.referrals.store.editions import use_edition
from services.referrals.store.saving import Present
from shared import audit
from shared.context import ServiceContext
from shared.contracts.identity import CheckGrant
from shared.contracts.referrals.archiving import (
    ArchiveFate,
    ArchiveRecord,
    CheckRecord,
    FinishArchive,
    RecordChecked,
    RefuseArchive,
)
from shared.contracts.referrals.saving import Conflict, RecordReceipt
from shared.database import transaction
from shared.messages import Fault, NotAnswered, Refused, must_find
from shared.permissions import Caller, Permission, Visitor
from shared.registers.bodies import compartment_of
from shared.registers.definition.lifecycle import urgency_of
from shared.registers.form.person import rating_of

NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Archiving:
    """
    The archive handlers that the outcomes service calls.

    Once an archive is committed, outcomes can only confirm the outcome that asked for it, never withdraw it.

    A command id is either carried out or given up, never both: both insert it into the same table.
    """

    context: ServiceContext
    saving: Saving

    async def check(self, visitor: Visitor, asked: CheckRecord) -> RecordChecked:
        async with transaction(self.context.pool, visitor) as db:
            found = must_find(await store.find_state(db, visitor, asked.record_id))
            if asked.edition is not None:
                await use_edition(db, visitor.register_code, asked.edition)
            return found

    async def archive(self, visitor: Visitor, asked: ArchiveRecord) -> RecordReceipt:
        try:
            found = await self.saving.find(visitor, asked, asked.record_id)
            return found if isinstance(found, RecordReceipt) else await self._archive(visitor, asked, found)
        except Refused as refusal:
            if refusal.code == "command_reused" and await self._is_given_up(asked.command_id):
                raise Refused("given_up") from None
            raise

    async def _archive(self, visitor: Visitor, asked: ArchiveRecord, present: Present) -> RecordReceipt:
        if not present.is_open:
            raise Refused("archived")
        if present.version != asked.version:
            raise Refused(Conflict(version=present.version))
        register = self.context.register(visitor, present.edition)
        transition = register.lifecycle.ends_by("outcome")
        if transition is None:
            raise Refused("archived")
        end = End(transition.to_state, is_open=False, ends_on=present.ends_on)
        version = replace(
            next_version(present, compartment_of(register.code, present.bodies), end),
            act="archived",
            action=ReferralsAction.RECORD_ARCHIVED,
            leaving=asked.leaving or None,
        )
        receipt = receipt_of(present, version, present.rating)
        telling = RecordEvents(register, present.bodies, receipt, self.context.clock(), present.created_by)
        events = telling.archived(urgency_of(rating_of(register, present.answers)))
        for user_id in await self._keepers(visitor, present):
            events.append(replace(telling, submitted_by=user_id).colleague("record_left"))
        return await self.saving.save(visitor, asked, version, receipt, events)

    async def _keepers(self, visitor: Visitor, present: Present) -> list[UUID]:
        """Return who created the record and who holds it, without the visitor: nobody is told of what they do."""
        async with transaction(self.context.pool, visitor) as db:
            state = await store.find_state(db, visitor, present.record_id)
        return [each for each in (state.kept_by if state else ()) if each != visitor.user_id]

    async def _is_given_up(self, command_id: UUID) -> bool:
        async with transaction(self.context.pool) as db:
            return await store.is_given_up(db, command_id)

    async def finish(self, caller: Caller, asked: FinishArchive) -> RecordReceipt:
        """
        Archive the record on behalf of the user who first asked. Refused as `no_grant`.

        Uses the user's current grant, and the id and content of the first command. Raises `NotAnswered` if the caller
        names no user.
        """
        if caller.on_behalf_of is None:
            raise NotAnswered(Fault.NOT_ALLOWED)
        visitor = await self._granted(asked.register_code, caller.on_behalf_of)
        first = ArchiveRecord(
            command_id=asked.command_id, record_id=asked.record_id, version=asked.version, leaving=asked.leaving
        )
        return await self.archive(visitor, first)

    async def _granted(self, register_code: str, user_id: UUID) -> Visitor:
        question = CheckGrant(register_code=register_code, user_id=user_id)
        grant = await self.context.bus.ask(question, who=self.context.sign(question, "finish_archive", user_id))
        if grant.visitor.user_id != user_id or not grant.visitor.may(Permission.RECORD_OUTCOME):
            raise Refused("no_grant")
        return await self.context.reach(grant.visitor)

    async def give_up(self, caller: Caller, asked: RefuseArchive) -> ArchiveFate:
        actor = caller.on_behalf_of or NOBODY
        async with transaction(self.context.pool) as db:
            given_up = await store.give_up(db, asked.command_id, actor)
            if given_up:
                register = asked.register_code
                await audit.note(
                    db, None, ReferralsAction.RECORD_ARCHIVE_GIVEN_UP, [asked.record_id], actor=actor, register=register
                )
        return ArchiveFate(archived=not given_up)
