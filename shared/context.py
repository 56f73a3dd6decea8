"""The context of a service: the parts that its handlers and jobs share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from uuid import UUID

from shared.assertion import Signer, Verifier
from shared.bus.protocol import Bus, Follower
from shared.clock import Clock, utc_now
from shared.compartments import find_reached
from shared.database import ACQUIRE_SECONDS, Database, DatabasePool
from shared.inbox import SetAside
from shared.messages import Event, Fault, Message, NotAnswered, Refused, Request
from shared.outbox import Relay
from shared.permissions import Caller, Visitor
from shared.registers.definition.register import Definition
from shared.registers.load import Registers, UnknownRegister
from shared.shortage import Shortage
from shared.values import london_day

Told = TypeVar("Told", bound=Event)


@dataclass(frozen=True)
class ServiceContext:
    """
    The parts of a service process, shared by its handlers and jobs. A service adds its own in a subclass.

    `pool` is for what visitors ask for. `background` is for the service's own work, such as feeds and jobs, and has the
    rights of `pool` and those on the rows of all registers and compartments. `asked` is set after each request: a long
    job clears it, and makes room for others when it is set again. `closing` holds resources that are closed when the
    process ends.
    """

    name: str
    pool: DatabasePool
    background: DatabasePool
    bus: Bus
    signer: Signer
    verifier: Verifier
    relay: Relay
    registers: Registers
    clock: Clock = utc_now
    shortage: Shortage = field(default_factory=Shortage)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    closing: ExitStack = field(default_factory=ExitStack)

    def wake(self) -> None:
        """Wake the relay. Call this after a commit that added to the outbox."""
        self.relay.wake()

    def day(self) -> date:
        """Return today's date in London."""
        return london_day(self.clock())

    def register(self, visitor: Visitor, edition: str) -> Definition:
        """Return this edition of the register that the assertion names. Refused as `unknown_edition`."""
        try:
            return self.registers.find(visitor.register_code, edition)
        except UnknownRegister:
            raise Refused("unknown_edition") from None

    def latest(self, visitor: Visitor) -> Definition:
        """Return the newest edition of the register that the assertion names. Refused as `unknown_register`."""
        try:
            return self.registers.find(visitor.register_code)
        except UnknownRegister:
            raise Refused("unknown_register") from None

    async def reach(self, visitor: Visitor) -> Visitor:
        """
        Return the visitor with the compartments that they may reach now. Raise `NotAnswered` for a withheld register.

        Looked up only in a register whose scope is made of bodies, for visitors who do not have everything.
        """
        if self.registers.is_withheld(visitor.register_code):
            raise NotAnswered(Fault.UNAVAILABLE)
        if visitor.all_organisations or not self.registers.is_scoped_by_bodies(visitor.register_code):
            return visitor
        reached = await find_reached(self.pool, visitor.register_code, visitor.bodies)
        return visitor.model_copy(update={"reached": reached})

    def sign(self, request: Request[Message], job: str, on_behalf_of: UUID | None = None) -> str:
        """Return an assertion under which this service itself makes a request, without a user's session."""
        caller = Caller(service=self.name, job=job, on_behalf_of=on_behalf_of)
        return self.signer.sign_caller(caller, request.service())

    def follower(
        self,
        durable: str,
        stream: str,
        take: Callable[[Told], Awaitable[None]],
        *events: type[Told],
        take_together: Callable[[Sequence[Told]], Awaitable[None]] | None = None,
        gather: float = 0.0,
    ) -> Follower:
        """Return a follower of these events. An event that fails after all retries is set aside in the schema."""
        return Follower(
            durable=durable,
            stream=stream,
            events=events,
            take=take,
            set_aside=SetAside(self.background, durable),
            take_together=take_together,
            gather=gather,
        )

    @asynccontextmanager
    async def one_trip(self) -> AsyncIterator[Database]:
        """Yield a connection for one database function that sets its own context and is its own transaction."""
        async with self.pool.acquire(timeout=ACQUIRE_SECONDS) as db:
            yield db

    @asynccontextmanager
    async def background_trip(self) -> AsyncIterator[Database]:
        """Yield a connection of the service's own work for one database function, as `one_trip` does for a visitor."""
        async with self.background.acquire(timeout=ACQUIRE_SECONDS) as db:
            yield db
