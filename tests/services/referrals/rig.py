"""The test rig of referrals: the service behind its front door on an in-process bus, and requests to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import asyncpg

from services.referrals.service import service_of
from shared.assertion import Signer, Verifier, public_key
from shared.context import ServiceContext
from shared.contracts import EVENTS, LETTERS
from shared.contracts.identity import CheckGrant, Grant
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.archiving import ArchiveRecord
from shared.contracts.referrals.listing import ListRecords, RecordPage
from shared.contracts.referrals.reading import AddNote, History, ReadHistory, ReadRecord, RecordShown
from shared.contracts.referrals.saving import RecordReceipt, SubmitRecord, UpdateRecord
from shared.database import DatabasePool
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Event, Message, Refused, Request
from shared.outbox import Relay
from shared.permissions import Caller, Visitor
from shared.registers.load import Registers
from shared.service import start
from tests.services.referrals.builders import EDITION, a_referral, new_id
from tests.services.referrals.people import having_seen
from tests.support.connections import ServicePools

SEEDS: Mapping[str, bytes] = {
    name: bytes([number]) * 32 for number, name in enumerate(("identity", "referrals", "outcomes", "reports"), start=1)
}
REFERRALS = "referrals"
PATIENCE = 30.0  # a busy machine takes longer than the product lets anyone wait

Reply = TypeVar("Reply", bound=Message)
Saved = TypeVar("Saved", SubmitRecord, UpdateRecord)


class Waking(Relay):
    """A relay that publishes only when told to, and counts its wake-ups."""

    woken = 0

    def wake(self) -> None:
        self.woken += 1


@dataclass(frozen=True)
class Referrals:
    """The service as tests use it: ask as a visitor, and read the events."""

    pool: DatabasePool
    background: DatabasePool
    wire: FakeWire
    relay: Waking
    context: ServiceContext

    @classmethod
    async def open(cls, pools: ServicePools, registers: Registers) -> "Referrals":
        wire = FakeWire()
        bus = FakeBus(REFERRALS, wire)
        signer = Signer(REFERRALS, SEEDS[REFERRALS])
        relay = Waking(pools.background, bus, signer, LETTERS)
        verifier = Verifier(REFERRALS, {name: public_key(seed) for name, seed in SEEDS.items()})
        context = ServiceContext(REFERRALS, pools.pool, pools.background, bus, signer, verifier, relay, registers)
        await start(context, service_of(context))
        return cls(pools.pool, pools.background, wire, relay, context)

    async def ask(self, visitor: Visitor, request: Request[Reply]) -> Reply:
        """Ask through the front door, with an assertion of the visitor."""
        who = Signer("identity", SEEDS["identity"]).sign_visitor(visitor, (REFERRALS,))
        return await FakeBus("gateway", self.wire).ask(request, who=who, seconds=PATIENCE)

    async def ask_as(self, caller: Caller, request: Request[Reply]) -> Reply:
        """Ask through the front door as a service without a user."""
        who = Signer(caller.service, SEEDS[caller.service]).sign_caller(caller, REFERRALS)
        return await FakeBus(caller.service, self.wire).ask(request, who=who)

    async def refusal(self, visitor: Visitor, request: Request[Reply]) -> tuple[str, dict[str, object]]:
        """Return the code and details of the refusal, or ("", {}) if the request is carried out."""
        try:
            await self.ask(visitor, request)
        except Refused as refused:
            return refused.code, refused.details.model_dump(exclude_none=True)
        return "", {}

    async def submit(self, visitor: Visitor, **changes: Answer) -> RecordReceipt:
        return await self.anyway(visitor, a_submission(**changes))

    async def anyway(self, visitor: Visitor, asked: Saved) -> RecordReceipt:
        """Save the record as a user who looks at every likely duplicate and saves the record anyway."""
        while True:
            try:
                return await self.ask(visitor, asked)
            except Refused as refusal:
                if refusal.code != "likely_duplicate":
                    raise
                asked = having_seen(asked, refusal)

    async def read(self, visitor: Visitor, record_id: UUID) -> RecordShown:
        return await self.ask(visitor, ReadRecord(record_id=record_id))

    async def history(self, visitor: Visitor, record_id: UUID) -> History:
        return await self.ask(visitor, ReadHistory(record_id=record_id))

    async def listed(self, visitor: Visitor, search: str = "", page: int = 1) -> RecordPage:
        return await self.ask(visitor, ListRecords(search=search, page=page))

    async def names(self, visitor: Visitor, search: str = "") -> list[str]:
        """Return the names on the first page of the list or search."""
        return [row.name for row in (await self.listed(visitor, search)).rows]

    async def update(self, visitor: Visitor, receipt: RecordReceipt, **changes: Answer) -> RecordReceipt:
        return await self.anyway(visitor, an_update(receipt, **changes))

    async def archive(self, visitor: Visitor, receipt: RecordReceipt) -> RecordReceipt:
        return await self.ask(visitor, an_archive(receipt))

    async def told(self, record_id: UUID) -> list[Event]:
        """Publish all waiting events, and return those about this record, in no particular order."""
        while await self.relay.carry_batch():
            pass
        kinds = {f"{kind.family} {kind.kind}": kind for kind in EVENTS}
        events = [
            kinds[f"{subject.split('.')[0]} {subject.split('.')[-1]}"].model_validate_json(body)
            for subject, body, _ in self.wire.published
            if not subject.startswith("copy.")
        ]
        return [event for event in events if event.record_id == record_id]

    async def grants(self, visitor: Visitor | None) -> None:
        """Set what identity answers about a user's current grant. None means that they have none."""

        async def answer(_asked: object, _context: object) -> Grant:
            if visitor is None:
                raise Refused("no_grant")
            return Grant(visitor=visitor)

        await FakeBus("identity", self.wire).answer(CheckGrant, answer)


@dataclass(frozen=True)
class Owner:
    """A connection as the schema's owner, who sees every row."""

    db: "asyncpg.Connection[asyncpg.Record]"

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        return await self.db.fetch(query, *values)

    async def value(self, query: str, *values: object) -> object:
        found: object = await self.db.fetchval(query, *values)
        return found

    async def all_text(self) -> str:
        """Return every row of every table of the schema, as text."""
        tables = await self.db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        found = [await self.db.fetch(f"SELECT t::text AS row FROM {each['tablename']} AS t") for each in tables]
        return "\n".join(row["row"] for rows in found for row in rows)


def a_submission(**changes: Answer) -> SubmitRecord:
    """Return a submission of the same person each time, except for these changes."""
    return SubmitRecord(command_id=new_id(), edition=EDITION, answers=a_referral(**changes))


def an_update(receipt: RecordReceipt, **changes: Answer) -> UpdateRecord:
    """Return an update of this version of the record."""
    return UpdateRecord(
        command_id=new_id(), record_id=receipt.record_id, version=receipt.version, answers=a_referral(**changes)
    )


def an_archive(receipt: RecordReceipt) -> ArchiveRecord:
    return ArchiveRecord(command_id=new_id(), record_id=receipt.record_id, version=receipt.version)


def a_note(record_id: UUID, text: str = "Called the family") -> AddNote:
    return AddNote(command_id=new_id(), record_id=record_id, text=text)
