"""
Makes reports: claims a job, sends its rows to a process that writes the workbook, and stores the file.

A replica has the job until its lease runs out. If the process or the replica dies, another replica makes the report.
Only one file of a job is ever kept.
"""

import asyncio
import hashlib
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from services.reports.audit_actions import ReportsAction
from services.reports.context import ReportsContext
from services.reports.handlers.jobs import facts_of
from services.reports.handlers.scope import find_covered
from services.reports.rules.choosing import answers_wanted, read_choice, reports_offered
from services.reports.rules.columns import Planner, ReportRequest
from services.reports.rules.urgency import rating_order
from services.reports.store import feeds, jobs
from services.reports.store.jobs import MadeFile, StoredJob, Wanted
from services.reports.writing import WorkbookProcess, workbook_process
from shared import audit
from shared.contracts.identity import CheckGrant
from shared.database import DatabasePool, reach_of, transaction
from shared.jobs import Job
from shared.leases import work_with_lease
from shared.log import log, warn
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Permission, Visitor

POLL_SECONDS = 1.0
AGAIN_AFTER = timedelta(seconds=2)
IDS_IN_A_ROW = 5_000


@dataclass
class Progress:
    """How many rows of a report are sent, and the records that it holds."""

    done: int = 0
    total: int | None = None
    record_ids: list[UUID] = field(default_factory=list)


@dataclass(frozen=True)
class Making:
    """Claims jobs and makes them, one at a time. Each worker of a replica runs this."""

    context: ReportsContext
    folder: Path
    lease: timedelta = jobs.LEASE
    life: timedelta = jobs.LIFE
    again_after: timedelta = AGAIN_AFTER

    @property
    def job(self) -> Job:
        return Job("reports.make", self.make_next, every=POLL_SECONDS, wakeup=self.context.work)

    async def make_next(self) -> bool:
        """Make the job that has waited longest, until it ends or is taken away. Return False if no job waits."""
        job = await jobs.claim(self.context.background, self.lease)
        if job is None:
            return False
        progress = Progress()
        await work_with_lease(self._make(job, progress), partial(self._keep, job, progress))
        return True

    async def _keep(self, job: StoredJob, progress: Progress) -> bool:
        return await jobs.keep(self.context.background, job, self.lease, progress.done, progress.total)

    async def _make(self, job: StoredJob, progress: Progress) -> None:
        """Make one attempt. The job ends as ready or failed, or is queued for another attempt."""
        try:
            made = await self._write(job, progress)
        except asyncio.CancelledError:
            await jobs.drop(self.context.background, job, "queued", timedelta(0))
            raise
        except Refused as refusal:  # the user's rights have ended, or the report or filter no longer exists
            warn("report.refused", job=str(job.id), code=refusal.code)
            await jobs.drop(self.context.background, job, "failed", timedelta(0))
        except Exception as error:  # noqa: BLE001  an attempt may fail in any way: the next one may succeed
            warn("report.not_made", job=str(job.id), attempt=job.attempt, error=error)
            await jobs.drop(self.context.background, job, "queued", self.again_after * job.attempt)
        else:
            log("report.made" if made else "report.taken_away", job=str(job.id), records=progress.done)

    async def _write(self, job: StoredJob, progress: Progress) -> bool:
        visitor = await self._grant(job)
        with tempfile.TemporaryDirectory(dir=self.folder) as own:
            async with workbook_process(Path(own)) as process:
                covered = await self._send_rows(job, visitor, process, progress)
                file = await self._take_file(job, visitor, process, progress, covered)
        return await self._finish(job, visitor, file, progress)

    async def _grant(self, job: StoredJob) -> Visitor:
        """Return the user who asked, with their present rights. Refused if they may no longer read these reports."""
        question = CheckGrant(register_code=job.register_code, user_id=job.user_id)
        who = self.context.sign(question, job.id.hex, job.user_id)
        visitor = (await self.context.bus.ask(question, who=who)).visitor
        is_theirs = (visitor.user_id, visitor.register_code) == (job.user_id, job.register_code)
        if not is_theirs or not visitor.may(Permission.READ_REPORTS):
            raise Refused("no_grant")
        return await self.context.reach(visitor)

    async def _send_rows(
        self, job: StoredJob, visitor: Visitor, process: WorkbookProcess, progress: Progress
    ) -> tuple[UUID, ...] | None:
        """Send the rows, and return the compartments that they were chosen from; None for the whole register."""
        editions = self.context.registers.editions(job.register_code)
        names = await self.context.organisations.names(editions[0])
        state = await feeds.read_feed(self.context.background, "referrals")
        if state.complete_at is None:
            raise NotAnswered(Fault.UNAVAILABLE)
        async with transaction(self.context.background, visitor) as db:
            await jobs.take_time(db)
            offered = reports_offered(editions[0], visitor, has_outcomes=await feeds.has_outcomes(db))
            choice = read_choice(editions[0], offered, job.codes)
            covered, day = await find_covered(db, self.context, visitor, choice.bodies), self.context.day()
            answers = answers_wanted(editions[0], choice)
            ages, order = choice.ages(day), rating_order(editions[0])
            reach, ids = reach_of(visitor), choice.record_ids
            wanted = Wanted(job.register_code, covered, reach, choice.report, answers, ages, order, ids)
            progress.total = await jobs.count_rows(db, wanted)
            within = visitor.organisation_ids if covered is None else covered
            asked = ReportRequest(visitor.full_name, within, day, state.complete_at)
            await process.send(Planner(editions, names).plan(choice, asked).line())
            async for rows in jobs.read_rows(db, wanted):
                progress.record_ids += [record_id for record_id, _ in rows]
                await process.send("".join(f"{line}\n" for _, line in rows).encode())
                progress.done = len(progress.record_ids)
        return covered

    async def _take_file(
        self,
        job: StoredJob,
        visitor: Visitor,
        process: WorkbookProcess,
        progress: Progress,
        covered: tuple[UUID, ...] | None,
    ) -> MadeFile:
        """Store the file in chunks, which no user sees until the job is finished."""
        digest, size, chunks = hashlib.sha256(), 0, 0
        async for content in process.file():
            digest.update(content)
            async with transaction(self.context.background, visitor) as db:
                await jobs.add_chunk(db, job, chunks, content)
            size, chunks = size + len(content), chunks + 1
        return MadeFile(covered, progress.done, size, chunks, digest.hexdigest())

    async def _finish(self, job: StoredJob, visitor: Visitor, file: MadeFile, progress: Progress) -> bool:
        """Mark the job as ready and audit it in one transaction: its report, its filters and all its records."""
        async with transaction(self.context.background, visitor) as db:
            if not await jobs.finish(db, job, file, self.life):
                return False
            user, code, ids = job.user_id, job.register_code, progress.record_ids
            facts = facts_of(job, file.records, file.sha256)
            await audit.note(db, None, ReportsAction.REPORT_MADE, [job.id], facts, actor=user, register=code)
            for first in range(0, len(ids), IDS_IN_A_ROW):
                some = ids[first : first + IDS_IN_A_ROW]
                await audit.note(db, None, ReportsAction.REPORT_RECORDS, [job.id, *some], actor=user, register=code)
            return True


async def purge(pool: DatabasePool) -> None:
    """Delete the files that have expired."""
    if expired := await jobs.sweep(pool):
        log("reports.expired", count=expired)
