"""The requests of reports: the dashboard of a register, and reports as files."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.messages import Command, Message, Request

CHUNK_BYTES = 262_144
MOST_CHOSEN = 1_000

TileKind = Literal["by_option", "total", "by_age", "by_organisation", "by_week", "reviews"]
JobState = Literal["queued", "running", "ready", "failed", "stopped", "expired"]


class Count(Message):
    """How many records there are of one kind. `code` is the option's code or the organisation's id, else empty."""

    label: str
    count: int
    code: str = ""


class Week(Message):
    """How many active records had each level at a week's end. `ends` is its Sunday, or today for the current week."""

    ends: date
    counts: tuple[Count, ...]


class TileShown(Message):
    """
    One panel of the dashboard, in display order: active records, in which each person is counted once, or ended ones.

    `by_outcome`: each record counts by the latest answer to the question in its outcomes. `at` is the question whose
    date the ages are taken on, if it is not today.

    `reviews` counts by when the next review is due: overdue, in the next seven days, later, and without a day.

    `by_week` has `weeks` instead of counts, oldest first, with today last. All weeks have the same levels.
    """

    kind: TileKind
    title: str
    question: str = ""
    of: Literal["active", "ended", "all"] = "active"
    by_outcome: bool = False
    at: str = ""
    counts: tuple[Count, ...] = ()
    weeks: tuple[Week, ...] = ()


class OrganisationChoice(Message):
    organisation_id: UUID
    label: str


class BodyChoice(Message):
    """A body that records name, as `list:code`, in a register whose scope is made of bodies."""

    body: str
    label: str


class ReportJob(Message):
    """
    A report that a user asked for. `rows_total` is unknown until the work begins.

    A `ready` job has a file until `expires_at`: `chunks` chunks and `size` bytes, called `file_name`.
    """

    job_id: UUID
    report: str
    title: str
    state: JobState
    asked_at: datetime
    rows_done: int = 0
    rows_total: int | None = None
    expires_at: datetime | None = None
    file_name: str = ""
    size: int = 0
    chunks: int = 0


class Dashboard(Message):
    """
    The active records of a register in the asker's scope, as they were at `as_at`.

    `organisations` and `bodies` are those that the asker may choose from; a register has one or the other. `reports`
    are the codes of the reports available now. `jobs` are the asker's own of the last day, newest first.
    """

    as_at: datetime
    organisations: tuple[OrganisationChoice, ...]
    bodies: tuple[BodyChoice, ...] = ()
    tiles: tuple[TileShown, ...]
    reports: tuple[str, ...]
    jobs: tuple[ReportJob, ...]


class ReadDashboard(Request[Dashboard]):
    """
    Read the dashboard of one organisation or body, or of all in scope. Refused as `not_found` for one outside.

    Not answered (`unavailable`) until the first copy of the records is complete.
    """

    subject: ClassVar[str] = "ask.reports.read_dashboard"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    organisation_id: UUID | None = None
    body: str | None = None


class StartReport(Command[ReportJob]):
    """
    Start a report. Filters combine; `age` is the code of a band, `options` holds one code for each question chosen.

    The report holds records whose compartment holds all `bodies`. A filter that the report does not offer is ignored.
    `record_ids` are the records of a list, as a user sees it; those outside the asker's scope are left out.

    Refused as `unknown_report`, `unknown_filter`, `not_found` (an organisation or body outside the asker's scope), or
    `too_many` while the asker's other reports are being made.
    """

    subject: ClassVar[str] = "ask.reports.start_report"
    refusals: ClassVar[tuple[str, ...]] = ("unknown_report", "unknown_filter", "not_found", "too_many")

    report: str = Field(max_length=40)
    organisation_id: UUID | None = None
    bodies: tuple[Annotated[str, Field(max_length=90)], ...] = Field(default=(), max_length=4)
    age: str | None = Field(default=None, max_length=10)
    options: dict[str, str] = Field(default_factory=dict, max_length=50)
    record_ids: tuple[UUID, ...] | None = Field(default=None, max_length=MOST_CHOSEN)


class ReadReportJob(Request[ReportJob]):
    """
    Read the progress of a report.

    Refused as `not_found` unless it is the asker's own, and once it covers more than the asker reaches.
    """

    subject: ClassVar[str] = "ask.reports.read_report_job"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    job_id: UUID


class StopReport(Command[ReportJob]):
    """Stop making a report, or delete its file. Refused as `not_found`."""

    subject: ClassVar[str] = "ask.reports.stop_report"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    job_id: UUID


class FileChunk(Message):
    """A part of a file. Each has 256 KB except the last."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    number: int
    content: bytes = Field(repr=False)


class ReadReportChunk(Request[FileChunk]):
    """
    Read one chunk of a ready report, numbered from 0. Refused as `not_found`, also when the file was deleted.

    The first chunk is audited as a download; the others are given only after it.
    """

    subject: ClassVar[str] = "ask.reports.read_report_chunk"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    job_id: UUID
    number: int = Field(ge=0)
