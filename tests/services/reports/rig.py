"""The test rig of reports: the service behind its front door on an in-process bus, fed by the real referrals."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from openpyxl import Workbook, load_workbook

from services.outcomes.context import OutcomesContext
from services.outcomes.service import service_of as outcomes_of
from services.referrals.service import service_of as referrals_of
from services.reports.context import ReportsContext
from services.reports.feeding import AgeBandRefresh, FeedCopier, NightlyRebuild, OutcomeCopier, Records, Source
from services.reports.making import Making
from services.reports.service import answers_of, follower_of
from shared.assertion import Signer, Verifier, public_key
from shared.bus.protocol import Context
from shared.context import ServiceContext
from shared.contracts import LETTERS
from shared.contracts.identity import CheckGrant, Grant, ListOrganisations, Organisation, Organisations
from shared.contracts.outcomes import RecordOutcome
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.reversing import AskReversal, DecideReversal, ListReversals
from shared.contracts.referrals.saving import RecordReceipt, UpdateRecord
from shared.contracts.reports import (
    Dashboard,
    ReadDashboard,
    ReadReportChunk,
    ReadReportJob,
    ReportJob,
    StartReport,
    StopReport,
)
from shared.database import DatabasePool
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Message, Refused, Request
from shared.organisations import OrganisationNames
from shared.outbox import Relay
from shared.permissions import Role, Visitor
from shared.registers.load import Registers
from shared.service import Service, start
from tests.services.referrals.builders import EDITION, a_referral, a_visitor, new_id
from tests.services.referrals.people import a_person, unasked
from tests.support.connections import ServicePools

LEFT = "Lives in another county now"
PROCESSES = ("identity", "referrals", "outcomes", "reports", "notifier")
SEEDS: Mapping[str, bytes] = {name: bytes([number]) * 32 for number, name in enumerate(PROCESSES, start=1)}

Reply = TypeVar("Reply", bound=Message)


@dataclass
class Clock:
    """A clock that shows the real time, or the time that it is set to."""

    set_to: datetime | None = None

    def __call__(self) -> datetime:
        return self.set_to or datetime.now(UTC)


@dataclass
class StandInIdentity:
    """A stand-in that knows the organisations and the current grant of each user."""

    organisations: dict[UUID, str] = field(default_factory=dict)
    grants: dict[UUID, Visitor] = field(default_factory=dict)

    async def answer_on(self, wire: FakeWire) -> None:
        bus = FakeBus("identity", wire)
        await bus.answer(ListOrganisations, self._list)
        await bus.answer(CheckGrant, self._check)

    async def _list(self, _asked: ListOrganisations, _context: Context) -> Organisations:
        listed = [
            Organisation(organisation_id=each, name=name, domain=f"{name.lower().replace(' ', '-')}.nhs.uk")
            for each, name in sorted(self.organisations.items(), key=lambda item: item[1])
        ]
        return Organisations(organisations=tuple(listed))

    async def _check(self, asked: CheckGrant, context: Context) -> Grant:
        claims = Verifier("identity", keys()).verify(context.who)
        assert claims.caller is not None
        asked_for = asked.user_id if claims.caller.service == "reports" else claims.caller.on_behalf_of
        assert claims.caller.on_behalf_of == asked_for
        if asked.user_id not in self.grants:
            raise Refused("no_grant")
        return Grant(visitor=self.grants[asked.user_id].model_copy(update={"session_id": UUID(int=0)}))


def keys() -> dict[str, bytes]:
    return {name: public_key(seed) for name, seed in SEEDS.items()}


@dataclass(frozen=True)
class Rig:
    """The service as tests use it: add records, copy them, read the dashboard, and request and make reports."""

    pool: DatabasePool
    background: DatabasePool
    referrals: ServiceContext
    context: ReportsContext
    clock: Clock
    identity: StandInIdentity
    wire: FakeWire
    folder: Path

    @classmethod
    async def open(cls, pools: Mapping[str, ServicePools], registers: Registers, folder: Path) -> "Rig":
        referrals, outcomes, own = pools["referrals"], pools["outcomes"], pools["reports"]
        wire, identity, clock = FakeWire(), StandInIdentity(), Clock()
        await identity.answer_on(wire)
        source = context_of("referrals", referrals, wire, registers)
        await start(source, referrals_of(source))
        of_outcomes = OutcomesContext(**vars(context_of("outcomes", outcomes, wire, registers)))
        await start(of_outcomes, outcomes_of(of_outcomes))
        shared = replace(context_of("reports", own, wire, registers), clock=clock)
        context = ReportsContext(**vars(shared), organisations=OrganisationNames(shared.bus, lambda: 0.0))
        await start(context, Service(answers=answers_of(context), followers=[follower_of(context)]))
        return cls(own.pool, own.background, source, context, clock, identity, wire, folder)

    # ------------------------------------------------------------------------------------------------- people
    def somebody(self, role: Role = Role.REPORTING, *organisations: UUID) -> Visitor:
        """Return a visitor whose grant identity knows."""
        visitor = a_visitor(role, *organisations)
        self.identity.grants[visitor.user_id] = visitor
        return visitor

    def organisation(self, name: str) -> UUID:
        organisation_id = new_id()
        self.identity.organisations[organisation_id] = name
        return organisation_id

    async def ask(self, visitor: Visitor, request: Request[Reply]) -> Reply:
        who = Signer("identity", SEEDS["identity"]).sign_visitor(visitor, ("referrals", "outcomes", "reports"))
        return await FakeBus("gateway", self.wire).ask(request, who=who)

    async def refusal(self, visitor: Visitor, request: Request[Reply]) -> str:
        """Return the code of the refusal, or an empty string if the request is carried out."""
        try:
            await self.ask(visitor, request)
        except Refused as refused:
            return refused.code
        return ""

    # ------------------------------------------------------------------------------------------------- records
    async def submit(self, organisation_id: UUID, **changes: Answer) -> RecordReceipt:
        visitor = a_visitor(Role.ADMINISTRATOR, organisation_id)
        return await self.ask(visitor, unasked(**a_person(**changes)))

    async def update(self, organisation_id: UUID, receipt: RecordReceipt, **changes: Answer) -> RecordReceipt:
        visitor = a_visitor(Role.ADMINISTRATOR, organisation_id)
        update = UpdateRecord(
            command_id=new_id(), record_id=receipt.record_id, version=receipt.version, answers=a_referral(**changes)
        )
        return await self.ask(visitor, update)

    async def record_outcome(
        self, organisation_id: UUID, receipt: RecordReceipt, *, ending: bool = False, **changes: Answer
    ) -> None:
        """Record an outcome of this version of the record as Ada Minister."""
        visitor = a_visitor(Role.ADMINISTRATOR, organisation_id, full_name="Ada Minister")
        outcome = RecordOutcome(
            command_id=new_id(),
            edition=EDITION,
            record_id=receipt.record_id,
            version=receipt.version,
            ending=ending,
            answers={"cetr_requested": "no", "laep_requested": "no", **changes},
            leaving={"leaving_reason": "other", "leaving_text": LEFT} if ending else {},
        )
        await self.ask(visitor, outcome)

    async def archive(self, organisation_id: UUID, receipt: RecordReceipt) -> None:
        await self.record_outcome(organisation_id, receipt, ending=True)

    async def reverse(self, organisation_id: UUID, receipt: RecordReceipt) -> None:
        """Reverse the archive of the record with two administrators."""
        one, other = (a_visitor(Role.ADMINISTRATOR, organisation_id) for _ in range(2))
        await self.ask(one, AskReversal(command_id=new_id(), reference=receipt.reference, reason="The wrong person"))
        (found,) = (await self.ask(other, ListReversals())).reversals
        await self.ask(other, DecideReversal(command_id=new_id(), reversal_id=found.reversal_id, confirmed=True))

    async def tell(self) -> None:
        """Publish all waiting events of referrals."""
        while await self.referrals.relay.carry_batch():
            pass

    # ------------------------------------------------------------------------------------------------- copies
    @property
    def sources(self) -> tuple[Source, ...]:
        return Records(self.context), OutcomeCopier(self.context)

    @property
    def feeding(self) -> FeedCopier:
        """Return a job that copies the records."""
        return FeedCopier(self.context, Records(self.context))

    @property
    def nights(self) -> NightlyRebuild:
        return NightlyRebuild(self.context, self.sources)

    @property
    def birthdays(self) -> AgeBandRefresh:
        return AgeBandRefresh(self.context)

    async def copy(self) -> None:
        """Copy everything that is committed."""
        for source in self.sources:
            await FeedCopier(self.context, source).catch_up()

    async def dashboard(self, visitor: Visitor, organisation_id: UUID | None = None) -> Dashboard:
        return await self.ask(visitor, ReadDashboard(organisation_id=organisation_id))

    async def panel(self, visitor: Visitor, title: str, organisation_id: UUID | None = None) -> dict[str, int]:
        """Return the counts of one panel of the dashboard, by label."""
        tiles = {tile.title: tile for tile in (await self.dashboard(visitor, organisation_id)).tiles}
        return {each.label: each.count for each in tiles[title].counts}

    # ------------------------------------------------------------------------------------------------- reports
    def making(self, lease: timedelta = timedelta(seconds=15), life: timedelta = timedelta(hours=1)) -> Making:
        return Making(self.context, self.folder, lease, life, again_after=timedelta(0))

    async def start(
        self,
        visitor: Visitor,
        report: str = "referrals",
        *,
        organisation_id: UUID | None = None,
        age: str | None = None,
        **options: str,
    ) -> ReportJob:
        return await self.ask(visitor, a_request(report, organisation_id=organisation_id, age=age, **options))

    async def make(self) -> bool:
        return await self.making().make_next()

    async def job(self, visitor: Visitor, job: ReportJob) -> ReportJob:
        return await self.ask(visitor, ReadReportJob(job_id=job.job_id))

    async def stop(self, visitor: Visitor, job: ReportJob) -> ReportJob:
        return await self.ask(visitor, StopReport(command_id=new_id(), job_id=job.job_id))

    async def download(self, visitor: Visitor, job: ReportJob) -> bytes:
        ready = await self.job(visitor, job)
        assert "ready" == ready.state
        asked = [ReadReportChunk(job_id=job.job_id, number=number) for number in range(ready.chunks)]
        content = b"".join([(await self.ask(visitor, each)).content for each in asked])
        assert ready.size == len(content)
        return content

    async def report(
        self,
        visitor: Visitor,
        report: str = "referrals",
        *,
        organisation_id: UUID | None = None,
        age: str | None = None,
        **options: str,
    ) -> Workbook:
        """Request a report, make it, and return the open workbook."""
        job = await self.start(visitor, report, organisation_id=organisation_id, age=age, **options)
        assert await self.make()
        return await self.workbook(visitor, job)

    async def workbook(self, visitor: Visitor, job: ReportJob) -> Workbook:
        return load_workbook(io.BytesIO(await self.download(visitor, job)))


def a_request(
    report: str = "referrals", *, organisation_id: UUID | None = None, age: str | None = None, **options: str
) -> StartReport:
    return StartReport(command_id=new_id(), report=report, organisation_id=organisation_id, age=age, options=options)


def context_of(name: str, pools: ServicePools, wire: FakeWire, registers: Registers) -> ServiceContext:
    bus, signer = FakeBus(name, wire), Signer(name, SEEDS[name])
    relay = Relay(pools.background, bus, signer, LETTERS)
    verifier = Verifier(name, keys())
    return ServiceContext(name, pools.pool, pools.background, bus, signer, verifier, relay, registers)


def column(workbook: Workbook, heading: str, sheet: str | None = None) -> list[object]:
    """Return the values under a heading."""
    worksheet = workbook[sheet] if sheet else workbook.worksheets[0]
    rows = list(worksheet.iter_rows(values_only=True))
    place = rows[0].index(heading)
    return [row[place] for row in rows[1:]]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
