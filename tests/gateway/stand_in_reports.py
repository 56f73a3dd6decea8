"""A stand-in for reports on a fake bus: one dashboard, one job, and its file in chunks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from shared.contracts.reports import (
    BodyChoice,
    Count,
    Dashboard,
    FileChunk,
    JobState,
    OrganisationChoice,
    ReadDashboard,
    ReadReportChunk,
    ReadReportJob,
    ReportJob,
    StartReport,
    StopReport,
    TileShown,
    Week,
)
from shared.messages import NotAnswered, Refused
from tests.gateway.stand_in import Row, StandIn, row

JOB_ID = UUID("0f1e2d3c4b5a69788796a5b4c3d2e1f0")
WHEN = datetime(2022, 6, 17, 13, 5, tzinfo=UTC)
ONE = OrganisationChoice(organisation_id=UUID(int=1), label="Midlands (@mpft.nhs.uk)")
TWO = OrganisationChoice(organisation_id=UUID(int=2), label="Stoke (@stoke.gov.uk)")
TILES = (
    TileShown(
        kind="by_option",
        title="TOTALS BY RISK TYPE",
        question="risk_level",
        counts=tuple(
            Count(label=label, code=label.lower(), count=n) for label, n in (("Green", 3), ("Amber", 3), ("Red", 6))
        ),
    ),
    TileShown(kind="total", title="TOTAL RECORDS", counts=(Count(label="TOTAL RECORDS", count=12),)),
    TileShown(
        kind="by_age",
        title="TOTALS BY AGE",
        counts=(Count(label="Under 18s", count=2), Count(label="18s and over", count=10)),
    ),
    TileShown(
        kind="by_organisation",
        title="ORGANISATION BREAKDOWN",
        counts=tuple(
            Count(label=each.label, code=each.organisation_id.hex, count=n) for each, n in ((ONE, 12), (TWO, 0))
        ),
    ),
)
LEVELS = (("Green", "green"), ("Amber", "amber"), ("Red", "red"))
BY_WEEK = TileShown(
    kind="by_week",
    title="RISK TYPE BY WEEK",
    question="risk_level",
    weeks=tuple(
        Week(
            ends=ends,
            counts=tuple(
                Count(label=label, code=code, count=n) for (label, code), n in zip(LEVELS, there, strict=True)
            ),
        )
        for ends, there in (
            (date(2022, 6, 5), (0, 0, 0)),
            (date(2022, 6, 12), (1, 0, 2)),
            (date(2022, 6, 17), (3, 3, 6)),
        )
    ),
)
CHUNKS = (b"PK" + b"a" * 100, b"b" * 50)


@dataclass
class StandInReports(StandIn):
    """One dashboard, and one report in this state. `breaking_off` is how the file fails after its first chunk."""

    state: JobState = "queued"
    rows_total: int | None = None
    reports: tuple[str, ...] = ("referrals", "key_working")
    organisations: tuple[OrganisationChoice, ...] = (ONE, TWO)
    bodies: tuple[BodyChoice, ...] = ()
    tiles: tuple[TileShown, ...] = (*TILES, BY_WEEK)
    jobs: tuple[ReportJob, ...] = ()
    breaking_off: Refused | NotAnswered | None = None

    def table(self) -> tuple[Row, ...]:
        return (
            row(ReadDashboard, self._read_dashboard),
            row(StartReport, lambda _: self.job()),
            row(ReadReportJob, self._read_job),
            row(StopReport, self._stop),
            row(ReadReportChunk, self._read_chunk),
        )

    def job(self) -> ReportJob:
        is_ready = self.state == "ready"
        return ReportJob(
            job_id=JOB_ID,
            report="referrals",
            title="Referral Data",
            state=self.state,
            asked_at=WHEN,
            rows_done=500,
            rows_total=self.rows_total,
            expires_at=WHEN if is_ready else None,
            file_name="dsr-referrals-2022-06-17.xlsx" if is_ready else "",
            size=sum(map(len, CHUNKS)) if is_ready else 0,
            chunks=len(CHUNKS) if is_ready else 0,
        )

    def _read_dashboard(self, _asked: ReadDashboard) -> Dashboard:
        return Dashboard(
            as_at=WHEN,
            organisations=self.organisations,
            bodies=self.bodies,
            tiles=self.tiles,
            reports=self.reports,
            jobs=self.jobs,
        )

    def _read_job(self, asked: ReadReportJob) -> ReportJob:
        if asked.job_id != JOB_ID:
            raise Refused("not_found")
        return self.job()

    def _stop(self, _asked: StopReport) -> ReportJob:
        self.state = "stopped"
        return self.job()

    def _read_chunk(self, asked: ReadReportChunk) -> FileChunk:
        if asked.number and self.breaking_off:
            raise self.breaking_off
        return FileChunk(number=asked.number, content=CHUNKS[asked.number])
