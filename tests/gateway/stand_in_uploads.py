"""A stand-in for the uploads of referrals on a fake bus: one upload in the state that a test gives it."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from shared.contracts.referrals.consent import NameConsentAuthority
from shared.contracts.referrals.loading import (
    CancelUpload,
    CellChange,
    CellFault,
    ColumnFound,
    ConsentAuthority,
    FailedRows,
    FileReading,
    FinishUpload,
    ListUploadRows,
    ListUploads,
    MapUpload,
    ProcessUpload,
    PutUploadChunk,
    ReadAbsentRecords,
    ReadFailedRows,
    ReadUntracedRecords,
    ReadUpload,
    RecordsPart,
    RowTab,
    StartUpload,
    UploadCounts,
    UploadRow,
    UploadRows,
    Uploads,
    UploadShown,
    ValueFound,
)
from shared.messages import Message, Nothing, Refused
from tests.gateway.stand_in import Row, StandIn, row
from tests.gateway.stand_in_outcomes import RECORD_ID

UPLOAD_ID = UUID(int=501)
WHEN = datetime(2026, 6, 17, 13, 5, tzinfo=UTC)
COUNTS = UploadCounts(total=60, new=30, updated=20, ended=1, errors=9, unchanged=4, incomplete=2)
READING = FileReading(sheet="DSR list", other_sheets=("Old",), header_row=3, skipped=(1, 2, 64), day_order="day_first")
COLUMNS = (
    ColumnFound(place=0, heading="Surname", target="last_name", examples=("Plum", "Lark")),
    ColumnFound(place=1, heading="RAG", target="risk_level", examples=("R", "amber")),
    ColumnFound(place=2, heading="Kept by", examples=("Jo",)),
    ColumnFound(place=27, heading="", target=""),
)
VALUES = (
    ValueFound(question="risk_level", written="R", times=12),
    ValueFound(question="risk_level", written="Purple"),
    ValueFound(question="risk_level", written="amber", code="amber", times=3),
)
ROWS: dict[RowTab, UploadRow] = {
    "new": UploadRow(
        number=1,
        verdict="new",
        name="Percy Plum",
        changes=(CellChange(label="First Name", after="Percy"), CellChange(label="Last Name", after="Plum")),
        missing=("Ethnicity",),
    ),
    "updated": UploadRow(
        number=2,
        verdict="updated",
        name="Jo Lark",
        record_id=RECORD_ID,
        reference="DSR-7KQ2-M9XP",
        changes=(CellChange(label="Locality", before="", after="South Staffordshire"),),
    ),
    "ended": UploadRow(
        number=3, verdict="ended", name="Kit Wren", record_id=RECORD_ID, reference="DSR-7KQ2-M9XP", changes=()
    ),
    "errors": UploadRow(
        number=4,
        verdict="error",
        name="Sam Finch",
        faults=(CellFault(heading="DOB", says="This is not a date."), CellFault(says="The row is there twice.")),
    ),
}


@dataclass
class StandInUploads(StandIn):
    """
    One upload. `received` are the parts of its file, and `failed` those of the file of rows with errors.

    `has_begun` is set once a part is there. `blocking` is how an upload is refused while another one is open.
    """

    upload: UploadShown = field(
        default_factory=lambda: UploadShown(
            upload_id=UPLOAD_ID,
            file_name="DSR list.xlsx",
            state="reading",
            uploaded_at=WHEN,
            expires_at=WHEN,
        )
    )
    blocking: Refused | None = None
    received: dict[int, bytes] = field(default_factory=dict)
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    rows: dict[RowTab, UploadRow] = field(default_factory=lambda: dict(ROWS))
    failed: tuple[bytes, ...] = (b"\xef\xbb\xbfSurname,DOB\r\n", b"Finch,31/02/2001\r\n")

    def table(self) -> tuple[Row, ...]:
        return (
            row(StartUpload, self._start),
            row(PutUploadChunk, self._put),
            row(FinishUpload, self._finish),
            row(ReadUpload, self._read),
            row(
                ListUploads, lambda _: Uploads(uploads=(self.upload.model_copy(update={"columns": (), "values": ()}),))
            ),
            row(MapUpload, lambda _: self._mapped("checking")),
            row(NameConsentAuthority, self._name),
            row(ProcessUpload, lambda _: self._mapped("processing")),
            row(CancelUpload, self._cancel),
            row(ListUploadRows, self._list),
            row(ReadAbsentRecords, self._absent),
            row(ReadUntracedRecords, self._absent),
            row(ReadFailedRows, lambda asked: FailedRows(content=self.failed[asked.number], more=asked.number == 0)),
        )

    def put(self, state: str, **changes: object) -> None:
        """Put the upload into a state."""
        self.upload = UploadShown.model_validate({**self.upload.model_dump(), "state": state, **changes})

    def _empty(self, state: str) -> UploadShown:
        """Put the upload into a state in which nothing of its file is known."""
        self.put(state, reading=None, columns=(), values=(), missing=())
        return self.upload

    def _mapped(self, state: str) -> UploadShown:
        self.put(state)
        columns = tuple(each.model_copy(update={"target": each.target or ""}) for each in self.upload.columns)
        return self.upload.model_copy(update={"columns": columns})

    def _name(self, asked: NameConsentAuthority) -> UploadShown:
        named = ConsentAuthority(words=asked.words, due_on=asked.due_on, named_by="Gail Thomas", named_at=WHEN)
        self.put("checking", authority=named)
        return self._mapped("checking")

    def _absent(self, asked: ReadAbsentRecords | ReadUntracedRecords) -> RecordsPart:
        if asked.after:
            return RecordsPart(content=b"Wren\r\n")
        return RecordsPart(content=b"\xef\xbb\xbfSurname\r\n", after=RECORD_ID)

    def _start(self, _asked: StartUpload) -> UploadShown:
        if self.blocking is not None:
            raise self.blocking
        return self._empty("receiving")

    def _put(self, asked: PutUploadChunk) -> Nothing:
        self.received[asked.number] = asked.content
        self.has_begun.set()
        return Nothing()

    def _finish(self, asked: FinishUpload) -> UploadShown:
        content = b"".join(self.received[number] for number in sorted(self.received))
        if (asked.chunks, asked.sha256) != (len(self.received), hashlib.sha256(content).hexdigest()):
            raise Refused("not_whole")
        return self._empty("reading")

    def _read(self, asked: ReadUpload) -> UploadShown:
        if asked.upload_id != UPLOAD_ID:
            raise Refused("not_found")
        return self.upload

    def _cancel(self, _asked: CancelUpload) -> UploadShown:
        self.blocking = None
        return self._empty("cancelled")

    def _list(self, asked: ListUploadRows) -> Message:
        totals = {"new": COUNTS.new, "updated": COUNTS.updated, "ended": COUNTS.ended, "errors": COUNTS.errors}
        return UploadRows(rows=(self.rows[asked.tab],) if asked.tab in self.rows else (), total=totals[asked.tab])


def waits_for_mapping(uploads: StandInUploads, **changes: object) -> None:
    given = {"reading": READING, "columns": COLUMNS, "values": VALUES, "missing": ("date_of_birth",)}
    uploads.put("mapping", **(given | changes))


def is_checked(uploads: StandInUploads, state: str = "checked", **changes: object) -> None:
    columns = [each.model_copy(update={"target": each.target or ""}) for each in COLUMNS]
    given = {"reading": READING, "columns": columns, "missing": ("ethnicity",), "counts": COUNTS, "rows_done": 60}
    uploads.put(state, **(given | changes))


def as_recorded() -> StandInUploads:
    """Return a stand-in for a CSV file, like the one whose replies were recorded."""
    change = CellChange(label="Locality", before="North Staffordshire", after="South Staffordshire")
    changed = ROWS["updated"].model_copy(update={"changes": (change,)})
    uploads = StandInUploads(rows={"updated": changed}, received={0: b"x"})
    reading = FileReading(encoding="utf-8", delimiter=",", day_order="day_first")
    columns = [column.model_copy(update={"examples": ("Plum",)}) for column in COLUMNS[:3]]
    waits_for_mapping(uploads, reading=reading, columns=columns, values=VALUES[1:], missing=())
    return uploads
