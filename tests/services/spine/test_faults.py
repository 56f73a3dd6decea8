"""Handling of faults: the first one is reported, a lost database delays the answer, and a failed job is named."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from shared.assertion import Verifier
from shared.bus.protocol import is_away
from shared.contracts import REQUESTS
from shared.contracts.health import Backlog, ReadNotifierBacklog
from shared.contracts.referrals.events import UrgentNotice
from shared.database import DATABASE_AWAY, DatabasePool, transaction
from shared.fake_bus import FakeBus
from shared.front_door import for_anyone, open_door
from shared.messages import Event, Fault, Message, NotAnswered, Nothing, Request
from shared.service import waiting_for_database
from tests.conftest import OpenDatabase

A_NOTICE = UrgentNotice(
    event_id=UUID(int=1),
    occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
    register_code="dsr",
    bodies=(f"organisation:{UUID(int=2).hex}",),
    record_id=UUID(int=3),
    version=0,
    reference="DSR-2222-2222",
)
AWAY = (
    asyncpg.ConnectionDoesNotExistError("away"),
    asyncpg.CannotConnectNowError("away"),
    asyncpg.InterfaceError("away"),
    asyncpg.InternalClientError("away"),
    ConnectionRefusedError("away"),
    TimeoutError("away"),
)


async def fail_on_a_busy_connection(pool: DatabasePool) -> None:
    """Fail while the connection still waits for another answer, so that no ROLLBACK can be sent."""
    async with transaction(pool) as db:
        busy = asyncio.ensure_future(db.fetchval("SELECT pg_sleep(1)"))
        busy.add_done_callback(asyncio.Future.exception)  # its result does not matter
        await asyncio.sleep(0)
        raise ZeroDivisionError


async def test_what_went_wrong_first_is_told_when_it_cannot_be_rolled_back(database: OpenDatabase) -> None:
    pool = await database("notifier")

    with pytest.raises(ZeroDivisionError):
        await fail_on_a_busy_connection(pool)

    assert 1 == await pool.fetchval("SELECT 1")


@pytest.mark.parametrize("fault", AWAY, ids=lambda fault: type(fault).__name__)
async def test_a_database_that_is_away_makes_an_answer_late_and_not_wrong(fault: Exception) -> None:
    async def backlog(_asked: ReadNotifierBacklog) -> Backlog:
        raise fault

    async def nothing(_asked: Request[Message]) -> Nothing:
        return Nothing()

    bus = FakeBus("notifier")
    others = [each for each in REQUESTS if each.service() == "notifier" and each is not ReadNotifierBacklog]
    rows = [for_anyone(ReadNotifierBacklog, backlog), *(for_anyone(each, nothing) for each in others)]
    await open_door("notifier", bus, Verifier("notifier", {}), rows)

    with pytest.raises(NotAnswered) as unanswered:
        await bus.ask(ReadNotifierBacklog())

    assert Fault.TOO_LATE is unanswered.value.fault


async def test_an_event_that_meets_a_database_that_is_away_waits_for_it() -> None:
    async def take(_event: Event) -> None:
        raise ConnectionRefusedError

    with pytest.raises(NotAnswered) as unanswered:
        await waiting_for_database(take)(A_NOTICE)

    assert is_away(unanswered.value)


def test_what_a_statement_got_wrong_is_no_absence() -> None:
    assert not issubclass(asyncpg.UniqueViolationError, DATABASE_AWAY)
    assert not issubclass(asyncpg.PostgresSyntaxError, DATABASE_AWAY)
