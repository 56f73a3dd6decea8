"""The front door of a service: one row for each request, with its handler and who may ask it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shared import log
from shared.assertion import Claims, Verifier
from shared.bus.protocol import Bus, Context
from shared.contracts import REQUESTS
from shared.database import DATABASE_AWAY
from shared.messages import Fault, Message, NotAnswered, Request
from shared.permissions import Caller, Permission, Visitor
from shared.shortage import Shortage

Asked = TypeVar("Asked", bound=Request[Message])
Reach = Callable[[Visitor], Awaitable[Visitor]]


@dataclass(frozen=True)
class AnsweredRequest:
    """One row of a service's table. `policy` says who may ask; the generated documents print it."""

    request: type[Request[Message]]
    policy: str
    guarded: bool
    serve: Callable[[Request[Message], "Shown | None"], Awaitable[Message]]


@dataclass(frozen=True, repr=False)
class Shown:
    """A verified assertion: the token as it came, its claims, and how the service finds what a visitor may reach."""

    assertion: str
    claims: Claims
    reach: Reach


def for_anyone(request: type[Asked], handler: Callable[[Asked], Awaitable[Message]]) -> AnsweredRequest:
    """Return a row that needs no assertion: only for steps that lead to a log-in, and data that names no person."""

    async def serve(asked: Request[Message], _shown: Shown | None) -> Message:
        return await handler(_as(request, asked))

    return AnsweredRequest(request, "anyone behind the gateway", False, serve)


def for_visitors(
    request: type[Asked], permission: Permission, handler: Callable[[Visitor, Asked], Awaitable[Message]]
) -> AnsweredRequest:
    """Return a row for signed-in users who hold the permission on the register that the assertion names."""

    async def without_assertion(visitor: Visitor, _assertion: str, asked: Asked) -> Message:
        return await handler(visitor, asked)

    return for_visitors_carried_on(request, permission, without_assertion)


def for_visitors_carried_on(
    request: type[Asked], permission: Permission, handler: Callable[[Visitor, str, Asked], Awaitable[Message]]
) -> AnsweredRequest:
    """Return a row as `for_visitors`, whose handler also gets the assertion to call other services for the visitor."""

    async def serve(asked: Request[Message], shown: Shown | None) -> Message:
        visitor = shown.claims.visitor if shown else None
        if shown is None or visitor is None or not visitor.may(permission):
            raise NotAnswered(Fault.NOT_ALLOWED)
        log.register_code.set(visitor.register_code)
        return await handler(await shown.reach(visitor), shown.assertion, _as(request, asked))

    return AnsweredRequest(request, f"visitors who may {permission.value}", True, serve)


def for_callers(
    request: type[Asked], services: tuple[str, ...], handler: Callable[[Caller, Asked], Awaitable[Message]]
) -> AnsweredRequest:
    """Return a row for other services that work without a user's session."""

    async def serve(asked: Request[Message], shown: Shown | None) -> Message:
        caller = shown.claims.caller if shown else None
        if caller is None or caller.service not in services:
            raise NotAnswered(Fault.NOT_ALLOWED)
        return await handler(caller, _as(request, asked))

    return AnsweredRequest(request, f"services: {', '.join(services)}", True, serve)


def _as(request: type[Asked], asked: Request[Message]) -> Asked:
    if not isinstance(asked, request):
        raise NotAnswered(Fault.UNREADABLE)
    return asked


async def as_signed(visitor: Visitor) -> Visitor:
    return visitor


async def open_door(
    service: str,
    bus: Bus,
    verifier: Verifier,
    answers: Sequence[AnsweredRequest],
    reach: Reach = as_signed,
    woken: Sequence[asyncio.Event] = (),
    shortage: Shortage | None = None,
) -> None:
    """
    Answer every request in the table. Raise `ValueError` if the table and the service's contracts differ.

    `reach` adds to a verified visitor the compartments that they may reach in the service's own schema. `woken` are set
    when a request ends, however it ends: a refusal may be audited too. `shortage` is told of faults of the database.
    """
    named = [answer.request for answer in answers]
    owed = [request for request in REQUESTS if request.service() == service]
    if sorted(each.subject for each in named) != sorted(each.subject for each in owed):
        raise ValueError(f"the front door of {service} and its contracts do not name the same subjects")
    for answer in answers:
        await bus.answer(answer.request, _at_the_door(answer, verifier, reach, woken, shortage))
    await bus.settle()


def _at_the_door(
    answer: AnsweredRequest,
    verifier: Verifier,
    reach: Reach,
    woken: Sequence[asyncio.Event],
    shortage: Shortage | None,
) -> Callable[[Request[Message], Context], Awaitable[Message]]:
    async def serve(asked: Request[Message], context: Context) -> Message:
        shown = Shown(context.who or "", verifier.verify(context.who), reach) if answer.guarded else None
        try:
            return await answer.serve(asked, shown)
        except DATABASE_AWAY as error:  # the outcome is unknown: the work may have been committed
            log.warn("door.database_away", subject=answer.request.subject, error=error)
            if shortage is not None:
                shortage.note(error)
            raise NotAnswered(Fault.TOO_LATE) from None
        finally:
            for event in woken:
                event.set()

    return serve
