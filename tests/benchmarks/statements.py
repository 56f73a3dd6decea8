"""The statements behind the same acts, sent straight to the database without pages, bus and services."""

import itertools
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.events import RecordEvents
from services.referrals.handlers.saving import content_of
from services.referrals.rules.search import read_search
from services.referrals.store import finding, history, saving
from services.referrals.store.finding import ListPage
from services.referrals.store.saving import Content, NewCommand, NewRecord, NewVersion
from services.reports.store import dashboards
from shared.contracts.referrals.reading import PastWanted
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import DatabasePool, open_pool, scope_of, transaction
from shared.ids import new_id
from shared.messages import Event
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, organisation_compartment
from shared.registers.definition.register import Definition
from shared.registers.form.reading import read_answers
from shared.registers.load import load_registers
from tests.benchmarks.loading import REGISTER, Crowd
from tests.benchmarks.measuring import Act
from tests.benchmarks.pages import People
from tests.inside import Inside

LENGTH = 10
TODAY = date(2026, 1, 1)
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Statements:
    """Pools with the services' own size and roles, and the data that the acts need."""

    referrals: DatabasePool
    reports: DatabasePool
    crowd: Crowd
    words: People
    register: Definition = field(default_factory=lambda: load_registers().find(REGISTER))
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _kept: dict[tuple[str, int], tuple[UUID, int]] = field(default_factory=dict)

    def acts(self) -> dict[str, Act]:
        """Return the acts under the names of the pages. The empty form is left out, because it needs no statement."""
        crowd = self.crowd
        return {
            "list, 40 organisations": lambda _: self._list(crowd.everywhere),
            "list, 1 organisation": lambda _: self._list(crowd.one),
            "list, own records": lambda _: self._list(crowd.own),
            "search, beginning": lambda _: self._search(self.words.beginning()),
            "search, within": lambda _: self._search(self.words.within()),
            "dashboard": lambda _: self._dashboard(),
            "open": self._open,
            "create": self._add,
            "update": self._update,
        }

    async def backends(self) -> list[int]:
        """Open every connection of the pools, and return the process ids of their backends."""
        pids: list[int] = []
        async with AsyncExitStack() as held:
            for pool in (self.referrals, self.reports):
                for _ in range(pool.get_max_size()):
                    db = await held.enter_async_context(pool.acquire())
                    pids.append(db.get_server_pid())
        return pids

    async def close(self) -> None:
        await self.referrals.close()
        await self.reports.close()

    async def _list(self, visitor: Visitor) -> None:
        page = ListPage(0, LENGTH)
        async with self.referrals.acquire() as db:
            await finding.list_records(db, visitor, page)

    async def _search(self, words: str) -> None:
        visitor, search = self.crowd.everywhere, read_search((REGISTER,), words)
        assert search is not None
        async with self.referrals.acquire() as db:
            await finding.search_records(db, visitor, ListPage(0, LENGTH), search)

    async def _dashboard(self) -> None:
        visitor = self.crowd.everywhere
        async with transaction(self.reports, visitor) as db:
            covered = None if visitor.all_compartments else visitor.compartment_ids
            await dashboards.read_standing(db, load_registers().find(REGISTER), covered, TODAY)

    async def _open(self, client: int) -> None:
        """Run what the page asks for: the record, its history and its notes."""
        record, _ = await self._record_of("open", client)
        await self._read(record)
        await self._read_past(record)

    async def _read(self, record: UUID) -> None:
        async with self.referrals.acquire() as db:
            await finding.read_record(db, self.crowd.own, record, ended=False)

    async def _read_past(self, record: UUID) -> None:
        async with self.referrals.acquire() as db:
            await history.read_past(db, self.crowd.own, record, PastWanted(), ended=False)

    @property
    def home(self) -> Compartment:
        return organisation_compartment(self.crowd.organisations[0])

    def _content(self) -> Content:
        answers = read_answers(self.register.form, self.words.referral(), self.register.words, TODAY).answers
        return content_of(self.register, answers)

    def _record(self) -> NewRecord:
        reference = f"SQL-{next(self._numbers)}-{new_id().hex[:8]}"
        home = self.crowd.organisations[0]
        return NewRecord(new_id(), reference, self.register.edition, self.register.lifecycle.first_state, home, home)

    def _command(self, receipt: RecordReceipt) -> NewCommand:
        return NewCommand(new_id(), self.crowd.own.user_id, b"hash", receipt)

    def _telling(self, receipt: RecordReceipt) -> RecordEvents:
        return RecordEvents(self.register, self.home.bodies, receipt, MOMENT)

    async def _add(self, _client: int) -> None:
        await self._create(self._record())

    async def _create(self, record: NewRecord) -> UUID:
        receipt = RecordReceipt(record_id=record.record_id, reference=record.reference, version=0)
        events: list[Event] = self._telling(receipt).created("routine")
        async with self.referrals.acquire() as db:
            await saving.submit_record(
                db, scope_of(self.crowd.own), self._command(receipt), record, self._content(), events
            )
        return record.record_id

    async def _record_of(self, act: str, client: int) -> tuple[UUID, int]:
        if (act, client) not in self._kept:
            self._kept[act, client] = (await self._create(self._record()), 0)
        return self._kept[act, client]

    async def _update(self, client: int) -> None:
        record_id, version = await self._record_of("update", client)
        receipt = RecordReceipt(record_id=record_id, reference="", version=version + 1)
        update = NewVersion(
            record_id=record_id,
            version=version,
            act="updated",
            action=ReferralsAction.RECORD_UPDATED,
            state=self.register.lifecycle.first_state,
            is_open=True,
            compartment_id=self.home.compartment_id,
            is_update=True,
            changes=(("latest_update", None, "News"),),
        )
        content = replace(self._content(), judged=None)
        command, events = self._command(receipt), self._telling(receipt).updated(None)
        async with self.referrals.acquire() as db:
            await saving.find_for_update(db, self.crowd.own, command.command_id, record_id)
            updated = await saving.save_version(db, scope_of(self.crowd.own), command, update, content, events)
        assert "done" == updated.verdict, updated.verdict
        self._kept["update", client] = (record_id, version + 1)


async def open_statements(inside: Inside, crowd: Crowd, words: People) -> Statements:
    referrals = await open_pool(inside.addresses.dsn("referrals"))
    return Statements(referrals, await open_pool(inside.addresses.dsn("reports")), crowd, words)
