"""Loading a spreadsheet into a register: upload, mapping, check, and the load itself (R-LOAD-001 to 006, R-USE-013)."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.messages import Command, Message, Nothing, Refusal, Refusals, Request
from shared.registers.definition.base import Role
from shared.registers.definition.register import Definition
from shared.typed import TypedLine

CHUNK_BYTES = 262_144
MOST_CHUNKS = 40  # with the above, files up to 10 MB
MOST_COLUMNS = 200
MOST_VALUES = 500
LONGEST_AUTHORITY = 500
ROWS_ON_A_PAGE = 25

UploadState = Literal[
    "receiving", "reading", "mapping", "checking", "checked", "processing", "done", "cancelled", "failed"
]
"""
`mapping`: the columns and values wait for the user. `checked`: every row has a verdict, and nothing is on the register
yet. `failed`: the file cannot be read, and `fault` says why.
"""
UploadPurpose = Literal["load", "tracing"]
"""`tracing`: the file brings NHS numbers for records that have none, and nothing else of it is taken (R-LOAD-006)."""
UploadFault = Literal[
    "not_a_table",
    "wrong_type",
    "password",
    "too_many_rows",
    "too_many_columns",
    "too_long_cell",
    "no_header",
    "no_rows",
    "too_much_work",
    "no_grant",
    "broken",
]
"""
`no_grant`: the user may no longer load records. `broken`: the service failed several times; rows that are on the
register stay there.
"""
RowTab = Literal["new", "updated", "ended", "errors"]
RowVerdict = Literal["new", "updated", "unchanged", "ended", "error", "conflict"]
"""
`unchanged` counts under Updated. `conflict` counts under Errors: the record was saved by another user since the check.
"""
REASONS = "Reasons (leave this column as it is)"
"""The heading of the last column of the file of failed rows. A column with this heading is always ignored."""
Special = Literal["reference", "organisation", "added_on", "rated_on", "whole_name"]
"""
What a column may hold besides an answer. `whole_name`: "SMITH, John", which is read as family name and first name.
"""
SPECIALS: tuple[Special, ...] = ("reference", "organisation", "added_on", "rated_on", "whole_name")

Cell = Annotated[str, Field(max_length=10_000)]
Heading = Annotated[str, Field(max_length=500)]
Target = Annotated[str, Field(max_length=100)]
"""The name of a question, or one of `SPECIALS`. Empty: the column is ignored."""


class UploadCounts(Message):
    """Rows by verdict. The four counts add up to `total`. `unchanged` is a part of `updated`."""

    total: int = 0
    new: int = 0
    updated: int = 0
    ended: int = 0
    errors: int = 0
    unchanged: int = 0
    incomplete: int = 0
    """Rows that are not errors, but lack an answer that the form demands (R-LOAD-004)."""
    unconsented: int = 0
    """
    Rows that only lack evidence of consent (R-LOAD-003). They are errors until someone names an authority, and then
    they are new.
    """


class ConsentAuthority(Message):
    """Why rows without evidence of consent may go onto the register, and by when consent is to be confirmed."""

    words: str = Field(max_length=LONGEST_AUTHORITY, repr=False)
    due_on: date
    named_by: str = Field(repr=False)
    named_at: datetime


class ColumnFound(Message):
    """
    One column of the file. `place` is its number, from 0. `target` is what it was taken for; None: nobody has said.

    `examples` are its first different values, for the user who maps it.
    """

    place: int
    heading: Heading
    target: Target | None = None
    examples: tuple[Cell, ...] = Field(default=(), repr=False)


class ValueFound(Message):
    """A value of a column that answers with options. `code` is the option; None: it is not known. It occurs `times`."""

    question: Target
    written: Cell = Field(repr=False)
    code: str | None = None
    times: int = 1


class FileReading(Message):
    """
    How the file was read.

    `encoding` and `delimiter` are empty for a workbook, and `sheet` for a text file. `header_row` is the number of the
    row with the headings, from 1. `skipped` are the numbers of rows that are no data, such as titles and totals.
    `day_order`: how dates such as 03/04/2020 are read. It is empty where every date has one meaning; `mixed` means that
    the user must choose.
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = Field(default="", repr=False)
    other_sheets: tuple[str, ...] = Field(default=(), repr=False)
    header_row: int = 1
    skipped: tuple[int, ...] = ()
    day_order: Literal["", "day_first", "month_first", "mixed"] = ""


def tracing_targets(register: Definition) -> frozenset[str]:
    """Return what the columns of a file with traced NHS numbers may hold; empty in a register without such numbers."""
    roles: tuple[Role, ...] = ("nhs_number", "family_name", "given_name", "born")
    if "nhs_number" not in register.person:
        return frozenset()
    return frozenset({"reference", *(register.person[role] for role in roles if role in register.person)})


class UploadShown(Message):
    """
    An upload in its present state.

    `rows_done` of `counts.total` rows are checked or processed. `missing` names the questions of the form's minimum
    that no column answers.
    """

    upload_id: UUID
    file_name: str = Field(repr=False)
    state: UploadState
    fault: UploadFault | None = None
    uploaded_at: datetime
    expires_at: datetime
    reading: FileReading | None = None
    columns: tuple[ColumnFound, ...] = Field(default=(), max_length=MOST_COLUMNS, repr=False)
    values: tuple[ValueFound, ...] = Field(default=(), max_length=MOST_VALUES, repr=False)
    missing: tuple[str, ...] = ()
    counts: UploadCounts = UploadCounts()
    rows_done: int = 0
    purpose: UploadPurpose = "load"
    authority: ConsentAuthority | None = Field(default=None, repr=False)
    may_name_authority: bool = False
    """Whether the asker may name the authority for rows without evidence of consent."""


class Uploads(Message):
    """The asker's own uploads that have not expired, the newest first, without their columns and values."""

    uploads: tuple[UploadShown, ...]


class UploadOpen(Refusal):
    """The asker has an upload that is not finished: `upload_id`."""

    code: ClassVar[str] = "upload_open"

    upload_id: UUID


class StartUpload(Command[UploadShown]):
    """
    Begin an upload. Refused as `not_loadable` (the register's definition has no `load`, the asker may not add records,
    or there are no NHS numbers to trace), `no_organisation`, `too_big` (above the definition's limit), `wrong_type`
    (neither .csv nor .xlsx) or `upload_open`: a user has one at a time in each register. A repeated command is answered
    with its upload.
    """

    subject: ClassVar[str] = "ask.referrals.start_upload"
    refusals: ClassVar[Refusals] = ("not_loadable", "no_organisation", "too_big", "wrong_type", UploadOpen)

    file_name: TypedLine = Field(max_length=255, repr=False)
    size: int = Field(ge=1)
    purpose: UploadPurpose = "load"


class PutUploadChunk(Request[Nothing]):
    """
    Store a part of the file, numbered from 0. The same part may come twice. Refused as `not_found` or `not_receiving`.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
    subject: ClassVar[str] = "ask.referrals.put_upload_chunk"
    refusals: ClassVar[Refusals] = ("not_found", "not_receiving")

    upload_id: UUID
    number: int = Field(ge=0, lt=MOST_CHUNKS)
    content: bytes = Field(max_length=CHUNK_BYTES, repr=False)


class FinishUpload(Command[UploadShown]):
    """
    Say that all parts are sent. The file is then read in the background.

    Refused as `not_found`, `not_receiving` or `not_whole` (a part is missing, or the digest is another one).
    """

    subject: ClassVar[str] = "ask.referrals.finish_upload"
    refusals: ClassVar[Refusals] = ("not_found", "not_receiving", "not_whole")

    upload_id: UUID
    chunks: int = Field(ge=1, le=MOST_CHUNKS)
    sha256: str = Field(pattern=r"[0-9a-f]{64}")


class ReadUpload(Request[UploadShown]):
    """Read an upload. Refused as `not_found` unless it is the asker's own."""

    subject: ClassVar[str] = "ask.referrals.read_upload"
    refusals: ClassVar[Refusals] = ("not_found",)

    upload_id: UUID


class ListUploads(Request[Uploads]):
    """Read the asker's own uploads."""

    subject: ClassVar[str] = "ask.referrals.list_uploads"


class MapUpload(Command[UploadShown]):
    """
    Say what the columns and values mean, and check the rows. It may be said again until the rows are processed.

    `columns` is the target of each column by its place; one that is left out is ignored. `values` is the option's code
    by question and by what is written; an empty code is no answer. The mapping is kept for the asker's organisation and
    offered for its next file. `sheet` reads another sheet of the workbook, and asks for its mapping.

    Refused as `not_found`, `not_mappable` (the upload's state), `unknown_column`, `unknown_question`, `twice` (two
    columns for one question), `unknown_option`, `unknown_sheet`, `columns_missing` (names, date of birth or rating have
    no column) or `day_order` (it must be chosen).
    """

    subject: ClassVar[str] = "ask.referrals.map_upload"
    refusals: ClassVar[Refusals] = (
        "not_found",
        "not_mappable",
        "unknown_column",
        "unknown_question",
        "twice",
        "unknown_option",
        "unknown_sheet",
        "columns_missing",
        "day_order",
    )

    upload_id: UUID
    columns: dict[int, Target] = Field(default_factory=dict, max_length=MOST_COLUMNS)
    values: dict[Target, dict[Cell, str]] = Field(default_factory=dict, max_length=MOST_COLUMNS, repr=False)
    day_order: Literal["", "day_first", "month_first"] = ""
    sheet: str = Field(default="", max_length=100, repr=False)


class ProcessUpload(Command[UploadShown]):
    """
    Put the checked rows on the register, in the background. Refused as `not_found` or `not_checked`.

    Each record is compared again: one that was saved since the check comes back under Errors, and nothing of it is
    written. No user is mailed about a single row.
    """

    subject: ClassVar[str] = "ask.referrals.process_upload"
    refusals: ClassVar[Refusals] = ("not_found", "not_checked")

    upload_id: UUID


class CancelUpload(Command[UploadShown]):
    """
    Stop an upload and delete what was uploaded. Rows that are on the register already stay there.

    Refused as `not_found` or `not_open` (it is done or cancelled).
    """

    subject: ClassVar[str] = "ask.referrals.cancel_upload"
    refusals: ClassVar[Refusals] = ("not_found", "not_open")

    upload_id: UUID


class CellFault(Message):
    """
    What is wrong with a cell, or with the whole row if `heading` is empty. `says` is a sentence without personal data.
    """

    heading: Heading = ""
    says: str = Field(max_length=500)


class CellChange(Message):
    """What a row changes: the question's label, and its answer in words before and after."""

    label: str
    before: Cell = Field(default="", repr=False)
    after: Cell = Field(default="", repr=False)


class UploadRow(Message):
    """
    One row of the file. `number` counts the rows of data from 1. `cells` are as written, in the file's order.
    `changes` of a new row are all its answers.

    `record_id` and `reference` are those of the record that it matches, or that it became. `missing` are the labels of
    answers that the form demands and the row lacks. `is_processed`: it is on the register. `unconsented`: it is new
    without evidence of consent, by the authority of the upload.
    """

    number: int
    verdict: RowVerdict
    name: str = Field(default="", repr=False)
    record_id: UUID | None = None
    reference: str = ""
    changes: tuple[CellChange, ...] = Field(default=(), repr=False)
    faults: tuple[CellFault, ...] = ()
    missing: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = Field(default=(), repr=False)
    is_processed: bool = False
    unconsented: bool = False


class UploadRows(Message):
    """A page of the rows of one tab, and how many the tab has."""

    rows: tuple[UploadRow, ...] = Field(max_length=ROWS_ON_A_PAGE)
    total: int


class ListUploadRows(Request[UploadRows]):
    """Read a page of 25 rows of one tab, in the file's order. Refused as `not_found`."""

    subject: ClassVar[str] = "ask.referrals.list_upload_rows"
    refusals: ClassVar[Refusals] = ("not_found",)

    upload_id: UUID
    tab: RowTab
    page: int = Field(default=1, ge=1, le=10_000)


class FailedRows(Message):
    """A part of the file of failed rows, as CSV. `more`: there is another part."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    content: bytes = Field(repr=False)
    more: bool = False


class ReadFailedRows(Request[FailedRows]):
    """
    Read a part of the rows under Errors, with their reasons, as a CSV file that can be mended and uploaded. Parts are
    numbered from 0. Refused as `not_found`, also before the rows are checked and while they are processed.
    """

    subject: ClassVar[str] = "ask.referrals.read_failed_rows"
    refusals: ClassVar[Refusals] = ("not_found",)

    upload_id: UUID
    number: int = Field(default=0, ge=0, lt=10_000)


class RecordsPart(Message):
    """A part of a file of records, as CSV. `after` is what to ask the next part with; None: it is whole."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    content: bytes = Field(repr=False)
    after: UUID | None = None


class ReadAbsentRecords(Request[RecordsPart]):
    """
    Read open records in the asker's sight that no row of the upload was matched with, as a CSV file (R-LOAD-005).

    They are shown and nothing else: a load never does anything to a record that a file does not have. Each part goes on
    after the record that the part before named. Audited with the ids shown. Refused as `not_found`, also before the
    rows are checked and while they are processed.
    """

    subject: ClassVar[str] = "ask.referrals.read_absent_records"
    refusals: ClassVar[Refusals] = ("not_found",)

    upload_id: UUID
    after: UUID | None = None


class ReadUntracedRecords(Request[RecordsPart]):
    """
    Read open records in the asker's sight that have no NHS number, as a CSV file for tracing (R-LOAD-006).

    The file comes back as an upload for tracing. Parts go on as those of `ReadAbsentRecords`, and are audited alike.
    Refused as `not_loadable`, as `StartUpload` is.
    """

    subject: ClassVar[str] = "ask.referrals.read_untraced_records"
    refusals: ClassVar[Refusals] = ("not_loadable",)

    after: UUID | None = None
