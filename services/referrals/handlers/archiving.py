"""Handlers that archive a record for an outcome, finish an archive on behalf of its user, or give it up."""

from dataclasses import dataclass
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.telling import RecordEvents
from services.referrals.rules import ratings
from services.referrals.store import archiving as store
from services.referrals.store.scope import bodies_of
from shared import audit, outbox
from shared.commands import carry_out
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
from shared.contracts.referrals.events import Urgency
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import Database, transaction
from shared.messages import Fault, NotAnswered, Refused, must_find
from shared.permissions import Caller, Permission, Visitor
from shared.registers.definition.register import Definition

NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Archiving:
    """
    The archive handlers that the outcomes service calls.

    Their commit is the pivot: after it, outcomes only goes forward.

    A command id is either carried out or given up, never both: both insert it into the same table.
    """

    context: ServiceContext

    async def check(self, visitor: Visitor, asked: CheckRecord) -> RecordChecked:
        async with transaction(self.context.pool, visitor) as db:
            return must_find(await store.find_state(db, visitor.register_code, asked.record_id))

    async def archive(self, visitor: Visitor, asked: ArchiveRecord) -> RecordReceipt:
        async def act(db: Database) -> RecordReceipt:
            return await self._archive(db, visitor, asked)

        try:
            receipt = await carry_out(self.context.pool, visitor, asked, act)
        except Refused as refusal:
            if refusal.code == "command_reused" and await self._is_given_up(asked.command_id):
                raise Refused("given_up") from None
            raise
        self.context.wake()
        return receipt

    async def _archive(self, db: Database, visitor: Visitor, asked: ArchiveRecord) -> RecordReceipt:
        archived = await store.archive(db, visitor.register_code, asked.record_id, asked.version)
        if archived is None:
            raise await self._refusal(db, visitor, asked)
        receipt = RecordReceipt(
            record_id=asked.record_id,
            reference=archived["reference"],
            version=archived["version"],
            rating=archived["rating"],
        )
        by = (visitor.user_id, visitor.full_name)
        await store.add_version(db, asked.record_id, archived, "archived", by)
        await audit.note(db, visitor, ReferralsAction.RECORD_ARCHIVED, [asked.record_id])
        register = self.context.register(visitor, archived["edition"])
        telling = RecordEvents(register, bodies_of(archived), receipt, self.context.clock(), archived["created_by"])
        for event in telling.archived(_urgency_of(register, receipt)):
            await outbox.put(db, event)
        return receipt

    async def _refusal(self, db: Database, visitor: Visitor, asked: ArchiveRecord) -> Refused:
        state = await store.find_state(db, visitor.register_code, asked.record_id)
        if state is None:
            return Refused("not_found")
        return Refused("conflict", version=state.version) if state.is_open else Refused("archived")

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
        first = ArchiveRecord(command_id=asked.command_id, record_id=asked.record_id, version=asked.version)
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


def _urgency_of(register: Definition, receipt: RecordReceipt) -> Urgency:
    """Return the urgency of the record's last rating; `routine` if it has none."""
    rated = register.rating.level(receipt.rating) if register.rating and receipt.rating else None
    return ratings.urgency_of(rated)
