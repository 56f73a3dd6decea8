"""Reads an uploaded file in a process of its own, and suggests what its columns mean."""

import asyncio
from dataclasses import dataclass

from services.referrals.loading.mapping import suggest
from services.referrals.loading.process import read_in_process
from services.referrals.loading.table import FileTable, Limits
from services.referrals.loading.tracing import suggest_traced
from services.referrals.store import upload_work as store
from services.referrals.store import uploads
from services.referrals.store.uploads import MappingShown, StoredUpload
from services.referrals.uploads.stages import FindRights, TakenAway
from services.referrals.uploads.states import short_values
from shared.context import ServiceContext
from shared.contracts.referrals.loading import MOST_COLUMNS
from shared.database import transaction
from shared.messages import Refused

MOST_CELL = 10_000  # characters, as a message may hold them


@dataclass(frozen=True)
class Reading:
    """Reads the file. If every column is known, the rows are checked next; else the user maps the columns first."""

    context: ServiceContext
    find_rights: FindRights

    async def work(self, upload: StoredUpload) -> None:
        visitor = await self.find_rights(upload)
        register = self.context.latest(visitor)
        if register.load is None:
            raise Refused("not_loadable")
        async with transaction(self.context.background, visitor) as db:
            content = await store.read_file(db, upload)
            kept = await uploads.find_kept(db, upload)
        limits = Limits(register.load.most_rows, MOST_COLUMNS, MOST_CELL)
        table = _storable(await read_in_process(content, upload.file_name, limits, upload.sheet))
        if upload.purpose == "tracing":
            found = await asyncio.to_thread(suggest_traced, register, table)
        else:
            found = await asyncio.to_thread(suggest, register, table, kept)
        shown = MappingShown(tuple(found.columns), short_values(found), tuple(found.missing))
        async with transaction(self.context.background, visitor) as db:
            if not await store.note_read(db, upload, table, shown, found.mapping):
                raise TakenAway


def _storable(table: FileTable) -> FileTable:
    """Return the table without NUL characters, which no text in the database can hold."""
    rows = [tuple(cell.replace("\0", "") for cell in row) for row in table.rows]
    return FileTable(table.reading, tuple(each.replace("\0", "") for each in table.headings), rows)
