"""Checks the rows of an upload: reads them, finds the records that they are about, and judges them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.loading.mapping import FileMapping
from services.referrals.loading.rows import ReadRow, RowReader
from services.referrals.loading.table import FileTable
from services.referrals.rules.saving import organisation_for
from services.referrals.store import consent, uploads
from services.referrals.store import upload_work as store
from services.referrals.store.upload_work import FoundRecord, RowChecked
from services.referrals.store.uploads import StoredUpload
from services.referrals.uploads.stages import FindRights, TakenAway, audit_for
from services.referrals.uploads.states import table_of
from services.referrals.uploads.verdicts import Looked, MatchedRow, RowVerdicts
from shared.compartments import add_compartment
from shared.context import ServiceContext
from shared.contracts.referrals.loading import SPECIALS, Special
from shared.database import transaction
from shared.organisations import OrganisationNames
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.values import fold

AT_ONCE = 500


@dataclass(frozen=True)
class Checking:
    """
    Gives each row its verdict. Nothing is written to the register.

    The rows of a batch are matched by one query for all keys, with the user's present rights. Between batches other
    work of the process has its turn.
    """

    context: ServiceContext
    find_rights: FindRights
    names: OrganisationNames

    async def work(self, upload: StoredUpload) -> None:
        visitor = await self.find_rights(upload)
        if upload.mapping is None:
            raise ValueError("the columns are not mapped")
        async with transaction(self.context.background, visitor) as db:
            table = table_of(upload, await uploads.read_cells(db, upload.id))
        register = self.context.latest(visitor)
        reader = RowReader(register, table, upload.mapping, self.context.day())
        verdicts = await self._verdicts(visitor, register, table, upload)
        for first in range(0, len(table.rows), AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, len(table.rows)))
            rows = await asyncio.to_thread(_read_all, reader, numbers)
            await self._check_batch(upload, visitor, verdicts, rows)
        await self._end(upload, verdicts)

    async def _verdicts(
        self, visitor: Visitor, register: Definition, table: FileTable, upload: StoredUpload
    ) -> RowVerdicts:
        editions = self.context.registers.editions(register.code)
        named = (await self.names.of(register.code)).organisations
        return RowVerdicts(
            register=register,
            editions={each.edition: each for each in editions},
            visitor=visitor,
            home=organisation_for(visitor),
            organisations={fold(each.name): each.organisation_id for each in named},
            headings=_special_headings(table, upload.mapping) if upload.mapping else {},
            today=self.context.day(),
            has_authority=upload.authority is not None,
            is_tracing=upload.purpose == "tracing",
        )

    async def _check_batch(
        self, upload: StoredUpload, visitor: Visitor, verdicts: RowVerdicts, rows: Sequence[ReadRow]
    ) -> None:
        """Match, judge and store some rows. Matches out of reach are audited as look-ups."""
        looked = await self._look_up(upload, visitor, verdicts, rows)
        matched = [verdicts.match(row, looked) for row in rows]
        checked = await asyncio.to_thread(_check_all, verdicts, rows, matched)
        unseen = sorted({each for match in matched for each in match.unseen})
        async with transaction(self.context.background, visitor) as db:
            if not await store.go_on(db, upload, rows[-1].number):
                raise TakenAway
            await store.store_checked(db, upload, checked)
            if unseen:
                await audit_for(db, upload, ReferralsAction.UPLOAD_MATCH_UNSEEN, unseen)

    async def _look_up(
        self, upload: StoredUpload, visitor: Visitor, verdicts: RowVerdicts, rows: Sequence[ReadRow]
    ) -> Looked:
        references = {each for row in rows if (each := verdicts.reference_of(row))}
        keys = {each.key for row in rows for each in verdicts.keys_of(row)}
        async with transaction(self.context.background, visitor) as db:
            found = await store.find_matched(db, upload.register_code, references, keys)
            present = await store.find_present(db, visitor, {each.record_id for each in found})
            unconsented = await consent.find_waiting(db, present) if present else frozenset[UUID]()
        return Looked(_by_sought(found), present, unconsented)

    async def _end(self, upload: StoredUpload, verdicts: RowVerdicts) -> None:
        """Count the rows, and say that they are checked. The upload now covers the compartments of their records."""
        for compartment in verdicts.compartments.values():
            await add_compartment(self.context.background, upload.register_code, compartment)
        visitor = await self.find_rights(upload)
        async with transaction(self.context.background, visitor) as db:
            if not await store.note_checked(db, upload, verdicts.compartments, len(verdicts.unconsented)):
                raise TakenAway
            await audit_for(db, upload, ReferralsAction.UPLOAD_CHECKED, facts=[f"rows:{upload.total}"])


def _read_all(reader: RowReader, numbers: Iterable[int]) -> list[ReadRow]:
    return [reader.read(each) for each in numbers]


def _check_all(verdicts: RowVerdicts, rows: Sequence[ReadRow], matched: Sequence[MatchedRow]) -> list[RowChecked]:
    return [verdicts.check(row, match) for row, match in zip(rows, matched, strict=True)]


def _by_sought(found: Iterable[FoundRecord]) -> Mapping[str, Sequence[FoundRecord]]:
    by: dict[str, list[FoundRecord]] = {}
    for each in found:
        by.setdefault(each.sought, []).append(each)
    return by


def _special_headings(table: FileTable, mapping: FileMapping) -> Mapping[Special, str]:
    """Return the heading of each special column."""
    places = {target: place for place, target in mapping.columns.items()}
    return {each: table.headings[places[each]] for each in SPECIALS if each in places}
