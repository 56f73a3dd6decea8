"""Handlers of the rows of an upload: a page of a tab, and the file of failed rows."""

import json
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.audit_actions import ReferralsAction
from services.referrals.store import uploads as store
from services.referrals.uploads import states as rules
from shared import audit
from shared.context import ServiceContext
from shared.contracts.referrals.loading import (
    CHUNK_BYTES,
    ROWS_ON_A_PAGE,
    CellFault,
    FailedRows,
    ListUploadRows,
    ReadAbsentRecords,
    ReadFailedRows,
    ReadUntracedRecords,
    RecordsPart,
    UploadRow,
    UploadRows,
)
from shared.database import transaction
from shared.messages import Refused, must_find
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers, consent_verdict
from shared.registers.form.showing import differences

ROOM = 8_000  # characters of the cells of one row, and of its changes, on a page of 25
SHORTEST = 20
FAULTS: TypeAdapter[tuple[CellFault, ...]] = TypeAdapter(tuple[CellFault, ...])


@dataclass(frozen=True)
class UploadRowHandlers:
    """The handlers that show the rows of a user's own upload. A page that shows records is audited with their ids."""

    context: ServiceContext

    async def list_rows(self, visitor: Visitor, asked: ListUploadRows) -> UploadRows:
        async with transaction(self.context.pool, visitor) as db:
            upload = must_find(await store.find(db, visitor, asked.upload_id))
            if upload.state not in rules.WITH_ROWS:
                return UploadRows(rows=(), total=0)
            skipped = (asked.page - 1) * ROWS_ON_A_PAGE
            rows = await store.list_rows(db, upload.id, asked.tab, ROWS_ON_A_PAGE, skipped)
            total = await store.count_rows(db, upload.id, asked.tab)
            register = self.context.latest(visitor)
            if records := _records_in(rows):
                await audit.note(db, visitor, ReferralsAction.UPLOAD_ROWS_READ, [upload.id, *records])
        return UploadRows(rows=tuple(_shown(register, each) for each in rows), total=total)

    async def read_failed(self, visitor: Visitor, asked: ReadFailedRows) -> FailedRows:
        """Return a part of the file. Its first part is audited."""
        async with transaction(self.context.pool, visitor) as db:
            upload = must_find(await store.find(db, visitor, asked.upload_id))
            if upload.state not in rules.WITH_FAILED_ROWS:
                raise Refused("not_found")
            rows = await store.list_errors(db, upload.id)
            if asked.number == 0:
                facts = [f"rows:{len(rows)}"]
                await audit.note(db, visitor, ReferralsAction.UPLOAD_FAILED_ROWS_DOWNLOADED, [upload.id], facts)
        file = rules.failed_rows(upload.headings, ((row["cells"], FAULTS.validate_json(row["faults"])) for row in rows))
        first, end = asked.number * CHUNK_BYTES, (asked.number + 1) * CHUNK_BYTES
        if first >= len(file):
            raise Refused("not_found")
        return FailedRows(content=file[first:end], more=end < len(file))

    async def read_absent(self, visitor: Visitor, asked: ReadAbsentRecords) -> RecordsPart:
        """Return a part of the records that the file does not have. Nothing is done to them."""
        register = self.context.latest(visitor)
        async with transaction(self.context.pool, visitor) as db:
            upload = must_find(await store.find(db, visitor, asked.upload_id))
            rules.check_state(upload, rules.WITH_ABSENT, "not_found")
            rows = await store.list_absent(db, visitor, upload.id, asked.after)
            shown: list[UUID] = [row["record_id"] for row in rows]
            if shown or asked.after is None:
                await audit.note(db, visitor, ReferralsAction.UPLOAD_ABSENT_DOWNLOADED, [upload.id, *shown])
        content = rules.absent_records(register, map(dict, rows), is_first=asked.after is None)
        return RecordsPart(content=content, after=shown[-1] if len(shown) == store.MOST_ABSENT else None)

    async def read_untraced(self, visitor: Visitor, asked: ReadUntracedRecords) -> RecordsPart:
        """Return a part of the records without an NHS number, which go out to be traced."""
        register = self.context.latest(visitor)
        rules.check_loadable(register, visitor, "tracing")
        async with transaction(self.context.pool, visitor) as db:
            rows = await store.list_untraced(db, visitor, asked.after)
            shown: list[UUID] = [row["record_id"] for row in rows]
            if shown:
                await audit.note(db, visitor, ReferralsAction.RECORDS_SENT_FOR_TRACING, shown)
        content = rules.untraced_records(register, map(dict, rows), is_first=asked.after is None)
        return RecordsPart(content=content, after=shown[-1] if len(shown) == store.MOST_ABSENT else None)


def _records_in(rows: list[Record]) -> list[UUID]:
    return [row["record_id"] for row in rows if row["record_id"]]


def _shown(register: Definition, row: Record) -> UploadRow:
    """
    Return the row for a page, a new one with its answers as they were read.

    Very long cells are cut, so that a page fits into one message.
    """
    fields = dict(row)
    answers = fields.pop("answers")
    changes = _all_answers(register, json.loads(answers)) if answers else json.loads(row["changes"])
    room = max(SHORTEST, ROOM // max(1, 2 * len(changes)))
    shortened = [each | {side: _cut(each[side], room) for side in ("before", "after")} for each in changes]
    cells = [_cut(each, max(SHORTEST, ROOM // max(1, len(row["cells"])))) for each in row["cells"]]
    unconsented = bool(answers) and consent_verdict(register, json.loads(answers)) == "open"
    fields |= {"unconsented": unconsented, "changes": shortened, "faults": json.loads(row["faults"]), "cells": cells}
    return UploadRow.model_validate(fields)


def _all_answers(register: Definition, answers: Answers) -> list[dict[str, str]]:
    changes = differences(register.form, {}, answers)
    return [{"label": each.label, "before": "", "after": each.after} for each in changes]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
