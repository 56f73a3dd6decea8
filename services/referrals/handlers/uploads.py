"""Handlers of uploads: begin, send the file in parts, map its columns, put it on the register, and cancel."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.loading import mapping as columns
from services.referrals.loading.mapping import FileMapping, KeptMapping
from services.referrals.loading.table import FileTable
from services.referrals.loading.tracing import check_traced, suggest_traced
from services.referrals.rules.saving import organisation_for
from services.referrals.store import uploads as store
from services.referrals.store.uploads import MappingShown, StoredUpload
from services.referrals.uploads import states as rules
from shared import audit
from shared.commands import carry_out, unless_repeated
from shared.context import ServiceContext
from shared.contracts.referrals.consent import NameConsentAuthority
from shared.contracts.referrals.loading import (
    CancelUpload,
    ConsentAuthority,
    FinishUpload,
    ListUploads,
    MapUpload,
    ProcessUpload,
    PutUploadChunk,
    ReadUpload,
    StartUpload,
    UploadOpen,
    Uploads,
    UploadShown,
    UploadState,
)
from shared.database import Database, transaction
from shared.messages import Command, Nothing, Refused, must_find
from shared.permissions import Visitor
from shared.registers.definition.register import Definition

Change = Callable[[Database, StoredUpload], Awaitable[None]]


@dataclass(frozen=True)
class UploadHandlers:
    """
    The handlers of a user's own uploads. Another user's upload is refused as if it did not exist.

    `work` wakes the background job, which reads, checks and processes. A command's stored answer holds nothing that was
    in the file, since it is kept for longer than the file.
    """

    context: ServiceContext
    work: asyncio.Event

    async def start(self, visitor: Visitor, asked: StartUpload) -> UploadShown:
        """Begin an upload. It has the id of its command."""
        rules.check_start(self.context.latest(visitor), visitor, asked)
        organisation_id, upload_id = organisation_for(visitor), asked.command_id
        async with transaction(self.context.pool, visitor) as db:
            await store.cancel_unreached(db)
            if await store.add(db, visitor, organisation_id, asked):
                await audit.note(db, visitor, ReferralsAction.UPLOAD_BEGUN, [upload_id])
            found = await store.find(db, visitor, upload_id)
            if found is None:
                raise await self._why_not_begun(db, visitor)
        if (found.file_name, found.size, found.purpose) != (asked.file_name, asked.size, asked.purpose):
            raise Refused("command_reused")
        return rules.shown(found)

    async def _why_not_begun(self, db: Database, visitor: Visitor) -> Refused:
        """Return the refusal: the user has an open upload, or the id is that of another user's upload."""
        opened = await store.find_open(db, visitor)
        return Refused(UploadOpen(upload_id=opened)) if opened else Refused("command_reused")

    async def put_chunk(self, visitor: Visitor, asked: PutUploadChunk) -> Nothing:
        async with transaction(self.context.pool, visitor) as db:
            upload = must_find(await store.hold(db, visitor, asked.upload_id))
            rules.check_state(upload, {"receiving"}, "not_receiving")
            await store.add_chunk(db, upload.id, asked.number, asked.content)
        return Nothing()

    async def finish(self, visitor: Visitor, asked: FinishUpload) -> UploadShown:
        register = self.context.latest(visitor)

        async def change(db: Database, upload: StoredUpload) -> None:
            rules.check_state(upload, {"receiving"}, "not_receiving")
            rules.check_whole(register, await store.sum_chunks(db, upload.id), asked)
            await store.finish(db, upload.id, asked.sha256)

        return await self._carry_out(visitor, asked, asked.upload_id, change)

    async def read(self, visitor: Visitor, asked: ReadUpload) -> UploadShown:
        async with transaction(self.context.pool, visitor) as db:
            shown = rules.shown(must_find(await store.find(db, visitor, asked.upload_id)))
        may_name = rules.may_name_authority(self.context.latest(visitor), visitor)
        return shown.model_copy(update={"may_name_authority": may_name})

    async def list_own(self, visitor: Visitor, _asked: ListUploads) -> Uploads:
        async with transaction(self.context.pool, visitor) as db:
            return Uploads(uploads=tuple(rules.in_list(each) for each in await store.list_own(db, visitor)))

    async def map_columns(self, visitor: Visitor, asked: MapUpload) -> UploadShown:
        return await unless_repeated(self.context.pool, visitor, asked, partial(self._map, visitor, asked))

    async def _map(self, visitor: Visitor, asked: MapUpload) -> UploadShown:
        async with transaction(self.context.pool, visitor) as db:
            upload = must_find(await store.find(db, visitor, asked.upload_id))
            rules.check_state(upload, rules.MAPPABLE, "not_mappable")
            if asked.sheet and asked.sheet != (upload.reading.sheet if upload.reading else ""):
                return await self._read_sheet(visitor, asked, upload)
            rows = await store.read_cells(db, upload.id)
        table, register = rules.table_of(upload, rows), self.context.latest(visitor)
        checked = _checked_traced if upload.purpose == "tracing" else _checked
        mapping, shown, kept = await asyncio.to_thread(checked, register, table, asked)

        async def change(db: Database, present: StoredUpload) -> None:
            rules.check_state(present, rules.MAPPABLE, "not_mappable")
            state: UploadState = "mapping" if rules.asks_more(present.found_values, shown) else "checking"
            await store.map_columns(db, present.id, state, mapping, shown)
            if kept:
                await store.keep(db, present, kept)

        return await self._carry_out(visitor, asked, asked.upload_id, change)

    async def _read_sheet(self, visitor: Visitor, asked: MapUpload, upload: StoredUpload) -> UploadShown:
        if upload.reading is None or asked.sheet not in upload.reading.other_sheets:
            raise Refused("unknown_sheet")

        async def change(db: Database, present: StoredUpload) -> None:
            rules.check_state(present, rules.MAPPABLE, "not_mappable")
            await store.read_again(db, present.id, asked.sheet)

        return await self._carry_out(visitor, asked, asked.upload_id, change)

    async def name_authority(self, visitor: Visitor, asked: NameConsentAuthority) -> UploadShown:
        """Name the authority for rows without evidence of consent, which have them checked again."""
        register, day, moment = self.context.latest(visitor), self.context.day(), self.context.clock()

        async def change(db: Database, upload: StoredUpload) -> None:
            rules.check_authority(register, visitor, upload, asked, day)
            named = ConsentAuthority(
                words=asked.words, due_on=asked.due_on, named_by=visitor.full_name, named_at=moment
            )
            await store.name_authority(db, upload.id, named)
            facts = [f"rows:{upload.unconsented_rows}", f"due_on:{asked.due_on}"]
            await audit.note(db, visitor, ReferralsAction.UPLOAD_AUTHORITY_NAMED, [upload.id], facts)

        return await self._carry_out(visitor, asked, asked.upload_id, change)

    async def process(self, visitor: Visitor, asked: ProcessUpload) -> UploadShown:
        async def change(db: Database, upload: StoredUpload) -> None:
            rules.check_state(upload, {"checked"}, "not_checked")
            await store.process(db, upload.id)

        return await self._carry_out(visitor, asked, asked.upload_id, change)

    async def cancel(self, visitor: Visitor, asked: CancelUpload) -> UploadShown:
        async def change(db: Database, upload: StoredUpload) -> None:
            if upload.state in rules.ENDED:
                raise Refused("not_open")
            await store.cancel(db, upload.id)
            await audit.note(db, visitor, ReferralsAction.UPLOAD_CANCELLED, [upload.id])

        return await self._carry_out(visitor, asked, asked.upload_id, change)

    async def _carry_out(
        self, visitor: Visitor, asked: Command[UploadShown], upload_id: UUID, change: Change
    ) -> UploadShown:
        """Change the upload once for each command, wake the job, and return the upload as it is then."""

        async def act(db: Database) -> UploadShown:
            await change(db, must_find(await store.hold(db, visitor, upload_id)))
            return rules.without_content(rules.shown(must_find(await store.find(db, visitor, upload_id))))

        await carry_out(self.context.pool, visitor, asked, act)
        self.work.set()
        return await self.read(visitor, ReadUpload(upload_id=upload_id))


def _checked(
    register: Definition, table: FileTable, asked: MapUpload
) -> tuple[FileMapping, MappingShown, KeptMapping | None]:
    """Return the mapping, what it makes of columns and values, and what is kept of it. Refused as `MapUpload` says."""
    wanted = FileMapping({**asked.columns}, {**asked.values}, asked.day_order)
    mapping = columns.check(register, table, wanted)
    kept = columns.keep(table, mapping)
    return mapping, rules.mapped(columns.suggest(register, table, kept), mapping), kept


def _checked_traced(register: Definition, table: FileTable, asked: MapUpload) -> tuple[FileMapping, MappingShown, None]:
    """Return the mapping of traced NHS numbers. Nothing of it is kept: another file may hold more."""
    mapping = check_traced(register, table, FileMapping({**asked.columns}, {}, asked.day_order))
    return mapping, rules.mapped(suggest_traced(register, table), mapping), None
