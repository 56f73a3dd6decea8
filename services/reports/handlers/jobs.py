"""Handlers that start a report, show its progress, stop it, and download it in chunks."""

from dataclasses import dataclass
from uuid import UUID

from services.reports.audit_actions import ReportsAction
from services.reports.context import ReportsContext
from services.reports.handlers.scope import find_covered
from services.reports.rules import choosing
from services.reports.rules.bodies import bodies_named, reaches_all
from services.reports.rules.choosing import Codes
from services.reports.store import feeds, jobs
from services.reports.store.jobs import StoredJob
from shared import audit
from shared.commands import carry_out
from shared.contracts.reports import FileChunk, ReadReportChunk, ReadReportJob, ReportJob, StartReport, StopReport
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Refused, must_find
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.values import london_day


def shown(register: Definition, job: StoredJob) -> ReportJob:
    """Return the job as its owner sees it."""
    is_ready = job.state == "ready"
    titles = {each.code: each.title for each in register.reporting.reports}
    return ReportJob(
        job_id=job.id,
        report=job.report,
        title=titles.get(job.report, job.report),
        state=job.state,
        asked_at=job.asked_at,
        rows_done=job.rows_done,
        rows_total=job.rows_total,
        expires_at=job.expires_at if is_ready else None,
        file_name=choosing.file_name(job.register_code, job.report, london_day(job.asked_at)) if is_ready else "",
        size=(job.size or 0) if is_ready else 0,
        chunks=(job.chunks or 0) if is_ready else 0,
    )


@dataclass(frozen=True)
class Jobs:
    """
    The handlers of report files. Users see only their own jobs, in any session: another user's job is refused as if it
    did not exist. So is one that covers more than the user reaches now.
    """

    context: ReportsContext

    async def start(self, visitor: Visitor, asked: StartReport) -> ReportJob:
        register = self.context.registers.find(visitor.register_code)

        async def act(db: Database) -> ReportJob:
            await find_covered(db, self.context, visitor, codes_of(asked).bodies)
            offered = choosing.reports_offered(register, visitor, has_outcomes=await feeds.has_outcomes(db))
            codes = choosing.read_choice(register, offered, codes_of(asked)).codes
            if await jobs.count_at_work(db, visitor) >= choosing.MOST_AT_ONCE:
                raise Refused("too_many")
            job_id = new_id()
            await jobs.add(db, job_id, visitor, register.edition, codes)
            await audit.note(db, visitor, ReportsAction.REPORT_ASKED_FOR, [job_id], codes.for_audit())
            return await self._found(db, visitor, ReadReportJob(job_id=job_id))

        started = await carry_out(self.context.pool, visitor, asked, act)
        self.context.work.set()
        return started

    async def read(self, visitor: Visitor, asked: ReadReportJob) -> ReportJob:
        async with transaction(self.context.pool, visitor) as db:
            return await self._found(db, visitor, asked)

    async def stop(self, visitor: Visitor, asked: StopReport) -> ReportJob:
        async def act(db: Database) -> ReportJob:
            await self._found(db, visitor, asked)
            await jobs.stop(db, asked.job_id)
            await audit.note(db, visitor, ReportsAction.REPORT_STOPPED, [asked.job_id])
            return await self._found(db, visitor, asked)

        return await carry_out(self.context.pool, visitor, asked, act)

    async def read_chunk(self, visitor: Visitor, asked: ReadReportChunk) -> FileChunk:
        async with transaction(self.context.pool, visitor) as db:
            job = await self._find(db, visitor, asked.job_id)
            if job.state != "ready" or (asked.number and not job.downloads):
                raise Refused("not_found")
            if not reaches_all(visitor, job.compartment_ids):  # the user's bodies or organisations have become fewer
                raise Refused("not_found")
            content = must_find(await jobs.read_chunk(db, job, asked.number))
            if asked.number == 0:
                await jobs.note_download(db, job.id)
                facts = facts_of(job, job.records or 0, job.sha256 or "")
                await audit.note(db, visitor, ReportsAction.REPORT_DOWNLOADED, [job.id], facts)
            return FileChunk(number=asked.number, content=content)

    async def _found(self, db: Database, visitor: Visitor, asked: ReadReportJob | StopReport) -> ReportJob:
        job = await self._find(db, visitor, asked.job_id)
        return shown(self.context.registers.find(visitor.register_code), job)

    async def _find(self, db: Database, visitor: Visitor, job_id: UUID) -> StoredJob:
        """Return the visitor's own job. Refused as `not_found`, also if their role may no longer have this report."""
        job = must_find(await jobs.find(db, visitor, job_id))
        register = self.context.registers.find(visitor.register_code)
        if not choosing.may_have(register, visitor, job.report):
            raise Refused("not_found")
        return job


def codes_of(asked: StartReport) -> Codes:
    bodies = bodies_named(asked.organisation_id, asked.bodies)
    return Codes(asked.report, bodies, asked.age, asked.options, asked.record_ids)


def facts_of(job: StoredJob, records: int, sha256: str) -> list[str]:
    """
    Return what the audit says about a file: report, filters, number of records and checksum (R-DSR-166).

    These are codes and counts, without personal data.
    """
    return [*job.codes.for_audit(), f"records:{records}", f"sha256:{sha256}"]
