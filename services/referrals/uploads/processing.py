"""Puts the checked rows of an upload on the register, in chunks that are stored as a whole or not at all."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.loaded import load_rows, loaded_notice
from services.referrals.handlers.saving import content_of
from services.referrals.rules.ending import end_of
from services.referrals.rules.ratings import rerating
from services.referrals.store import consent
from services.referrals.store import upload_work as store
from services.referrals.store.consent import AuthorityStored
from services.referrals.store.loaded import ChangedRow, NewRow, RowDone
from services.referrals.store.saving import NewRecord, Present
from services.referrals.store.upload_work import CountedRows, RowProcessed, RowToProcess
from services.referrals.store.uploads import StoredUpload
from services.referrals.uploads.stages import FindRights, TakenAway, audit_for
from services.referrals.uploads.verdicts import says
from shared import outbox
from shared.context import ServiceContext
from shared.contracts.referrals.loading import CellFault, ConsentAuthority, RowVerdict
from shared.database import Database, transaction
from shared.ids import new_id
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, compartment_of, organisation_compartment
from shared.registers.definition.load import RowProblem
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import consent_verdict
from shared.registers.form.showing import differences
from shared.registers.scope import compartment_for

CHUNK = 500
PAUSE = 0.5  # of the time that a chunk took, if the process answered other requests meanwhile


@dataclass(frozen=True)
class Processing:
    """
    Puts rows on the register. The user's rights are asked for again before each chunk, and so are their records.

    A chunk, its verdicts and the number of rows done are one transaction. After a fault the work goes on with the first
    row that is not on the register.
    """

    context: ServiceContext
    find_rights: FindRights
    most: int = CHUNK

    async def work(self, upload: StoredUpload) -> None:
        while await self._next_chunk(upload):
            pass
        await self._end(upload)

    async def _next_chunk(self, upload: StoredUpload) -> bool:
        """Process some rows, and make room for other requests. Return False if there are none left."""
        began = time.monotonic()
        self.context.asked.clear()
        visitor = await self.find_rights(upload)
        async with transaction(self.context.background, visitor) as db:
            rows = await store.find_next(db, upload, self.most)
            present = await store.find_present(db, visitor, {each.record_id for each in rows if each.record_id})
        if not rows:
            return False
        chunk = Chunk(self.context, upload, visitor, present)
        await chunk.load(rows)
        self.context.wake()
        if self.context.asked.is_set():
            await asyncio.sleep(PAUSE * (time.monotonic() - began))
        return True

    async def _end(self, upload: StoredUpload) -> None:
        """End the upload and send its one notice, in one transaction."""
        visitor = await self.find_rights(upload)
        register = self.context.latest(visitor)
        async with transaction(self.context.background, visitor) as db:
            done = await store.note_done(db, upload)
            if done is None:
                raise TakenAway
            counts, urgent = done
            facts = [f"{name}:{count}" for name, count in counts.model_dump().items()]
            await audit_for(db, upload, ReferralsAction.UPLOAD_PROCESSED, facts=facts)
            told = (_told(register, visitor, upload), counts, urgent, self.context.clock())
            await outbox.put(db, loaded_notice(register, upload.id, visitor, *told))
        self.context.wake()


@dataclass(frozen=True)
class Chunk:
    """Some rows of an upload, and the records that they change as they are now."""

    context: ServiceContext
    upload: StoredUpload
    visitor: Visitor
    present: Mapping[UUID, Present]

    async def load(self, rows: Sequence[RowToProcess]) -> None:
        """Put the rows on the register. Raise `TakenAway` if the upload is no longer this attempt's."""
        drifted = [row for row in rows if self._has_drifted(row)]
        kept = [row for row in rows if row not in drifted]
        new = [self._new_row(row) for row in kept if row.record_id is None]
        changed = [self._changed_row(row) for row in kept if row.record_id is not None]
        register, moment = self.context.latest(self.visitor), self.context.clock()
        async with transaction(self.context.background, self.visitor) as db:
            done = await load_rows(db, self.visitor, register, self.upload.id, new, changed, moment)
            if not await store.go_on(db, self.upload, rows[-1].number):
                raise TakenAway
            await self._note(db, rows, done, [row.number for row in drifted])
            await self._note_consent(db, register, rows, done)

    def _has_drifted(self, row: RowToProcess) -> bool:
        """Return whether the record of a row is no longer as the row was compared with it."""
        if row.record_id is None:
            return False
        there = self.present.get(row.record_id)
        return there is None or not there.is_open or there.version != row.seen_version

    def _new_row(self, row: RowToProcess) -> NewRow:
        register = self.context.latest(self.visitor)
        compartment = self._compartment(register, row)
        record = NewRecord(
            record_id=new_id(),
            reference="",
            edition=register.edition,
            state=register.lifecycle.first_state,
            compartment_id=compartment.compartment_id,
            organisation_id=_known(row.organisation_id),
        )
        if register.lifecycle.ends_by("date"):
            end = end_of(register, record.state, row.answers, self.context.day())
            record = NewRecord(**vars(record) | {"ends_on": end.ends_on, "awaiting": bool(end.awaited)})
        content = content_of(register, row.answers)
        return NewRow(row.number, record, compartment, content, row.added_on, row.rated_on)

    def _changed_row(self, row: RowToProcess) -> ChangedRow:
        present = self.present[_known(row.record_id)]
        register = self.context.registers.find(self.upload.register_code, present.edition)
        before = present.answers
        changes = tuple(
            (each.name, before.get(each.name), row.answers.get(each.name))
            for each in differences(register.form, before, row.answers)
        )
        return ChangedRow(
            number=row.number,
            present=present,
            compartment=self._compartment(register, row),
            content=content_of(register, row.answers, before, reference=present.reference),
            changes=changes,
            rerated=rerating(register, before, row.answers).is_new,
            rated_on=row.rated_on,
            register=register,
        )

    def _compartment(self, register: Definition, row: RowToProcess) -> Compartment:
        return compartment_for(register, row.answers, _known(row.organisation_id))

    async def _note(
        self, db: Database, rows: Sequence[RowToProcess], done: Sequence[RowDone], drifted: Sequence[int]
    ) -> None:
        """Store what became of each row. One that was not put on the register moves to the errors."""
        verdicts = {row.number: row.verdict for row in rows}
        noted = [self._noted(each) for each in done]
        noted += [
            RowProcessed(number, False, verdict="conflict", faults=(self._fault("changed"),)) for number in drifted
        ]
        moved = Counter[RowVerdict](verdicts[each.number] for each in noted if each.verdict)
        urgent = sum(each.is_urgent for each in done if each.verdict == "done")
        register, away = self.context.latest(self.visitor), {each.number for each in noted if each.verdict}
        unconsented = sum(self._is_unconsented(register, row) for row in rows if row.number in away)
        await store.store_processed(db, self.upload, noted, moved, CountedRows(urgent, unconsented))

    async def _note_consent(
        self, db: Database, register: Definition, rows: Sequence[RowToProcess], done: Sequence[RowDone]
    ) -> None:
        """Put new records without evidence of consent on their list, and take those off it that have it now."""
        record_ids = {each.number: each.record_id for each in done if each.verdict == "done"}
        new = [
            record_ids[row.number] for row in rows if row.number in record_ids and self._is_unconsented(register, row)
        ]
        if new:
            await consent.add(db, new, AuthorityStored(self.upload.id, self.upload.user_id, _named(self.upload)))
        changed = {row.record_id: row for row in rows if row.record_id and row.number in record_ids}
        waiting = await consent.find_waiting(db, changed) if changed else frozenset[UUID]()
        confirmed = [each for each in waiting if self._has_consent(register, changed[each])]
        if confirmed:
            await consent.confirm(db, self.visitor, confirmed)

    def _is_unconsented(self, register: Definition, row: RowToProcess) -> bool:
        """Return whether a row adds a person by the authority that was named."""
        by_authority = self.upload.authority is not None and row.record_id is None
        return by_authority and not self._has_consent(register, row)

    def _has_consent(self, register: Definition, row: RowToProcess) -> bool:
        return consent_verdict(self._edition_of(register, row), row.answers) == "accepted"

    def _edition_of(self, register: Definition, row: RowToProcess) -> Definition:
        present = self.present.get(row.record_id) if row.record_id else None
        return self.context.registers.find(register.code, present.edition) if present else register

    def _noted(self, done: RowDone) -> RowProcessed:
        if done.verdict == "done":
            return RowProcessed(done.number, True, done.record_id, done.reference)
        fault = self._fault("changed" if done.verdict == "conflict" else "taken")
        return RowProcessed(done.number, False, verdict="conflict", faults=(fault,))

    def _fault(self, problem: RowProblem) -> CellFault:
        return CellFault(says=says(self.context.latest(self.visitor), problem))


def _named(upload: StoredUpload) -> ConsentAuthority:
    if upload.authority is None:
        raise LookupError("a row without evidence of consent passed the check, and no authority was named for it")
    return upload.authority


def _known(found: UUID | None) -> UUID:
    if found is None:
        raise ValueError("the check did not store it")
    return found


def _told(register: Definition, visitor: Visitor, upload: StoredUpload) -> Compartment:
    """Return whom the notice of an upload is for: the bodies of its user."""
    if register.scope is None:
        return organisation_compartment(upload.organisation_id)
    return compartment_of(register.code, visitor.bodies)
