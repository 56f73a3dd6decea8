"""What a service measures of its queues, in every schema, and how `/ready` and `/metrics` say it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from prometheus_client import REGISTRY

from deploy.runner.environment import Addresses
from shared.assertion import Signer, Verifier
from shared.audit import SEAL
from shared.bus.protocol import ReaderState
from shared.context import ServiceContext
from shared.contracts import REQUESTS
from shared.contracts.health import ReadOutcomesBacklog
from shared.fake_bus import FakeBus
from shared.front_door import for_anyone, open_door
from shared.health import HealthPort
from shared.measures import find_backlog, measured, read_readers
from shared.messages import SERVICES, NotAnswered, Nothing, Process
from shared.outbox import Relay
from shared.registers.load import load_registers
from tests.conftest import OpenDatabase
from tests.support.connections import KeptConnections

ADD_UNSENT = """
    INSERT INTO outbox (event_id, subjects, event_type, body, occurred_at)
    VALUES (gen_random_uuid(), '{event.dsr.none.happened}', 'happened', '{}', clock_timestamp() - $1::interval)
"""
ADD_SET_ASIDE = """
    INSERT INTO set_aside (consumer, event_id, subject, reason, deliveries) VALUES ('c', '1', 'event.x', 'r', 5)
"""
UNSENT = ["events have not been sent for more than two minutes"]


def told() -> dict[str, float | None]:
    names = ("ics_outbox_unsent", "ics_outbox_oldest_seconds", "ics_outbox_lost", "ics_set_aside")
    return {name: REGISTRY.get_sample_value(name) for name in names}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_measures_what_it_has_not_sent_and_what_it_gave_up(
    database: OpenDatabase, service: Process
) -> None:
    pool = await database(service)
    assert [] == await measured(pool)
    assert {0} == set(told().values())

    await pool.execute(ADD_UNSENT.replace("$1", "'1 minute'"))
    await pool.execute(ADD_SET_ASIDE)
    assert [] == await measured(pool)
    figures = told()
    assert (1, 1) == (figures["ics_outbox_unsent"], figures["ics_set_aside"])
    assert 60 <= (figures["ics_outbox_oldest_seconds"] or 0) < 90

    await pool.execute("UPDATE outbox SET occurred_at = occurred_at - interval '1 minute'")
    assert UNSENT == await measured(pool)

    await pool.execute("UPDATE outbox SET sent_at = clock_timestamp(), lost_at = clock_timestamp()")
    assert [] == await measured(pool)
    figures = told()
    assert (0, 1) == (figures["ics_outbox_oldest_seconds"], figures["ics_outbox_lost"])


AGE_AUDIT = "UPDATE audit SET at = at - interval '16 minutes'"


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_measures_how_long_its_audit_has_not_been_sealed(
    database: OpenDatabase, addresses: Addresses, kept: KeptConnections, service: Process
) -> None:
    pool, owner = await database(service), await kept.owner(addresses, service)
    await pool.execute("INSERT INTO audit (action) VALUES ('nothing.happened'), ('nothing.happened')")
    assert [] == await measured(pool)
    await owner.execute(AGE_AUDIT)

    assert ["the audit has not been sealed for more than 15 minutes"] == await measured(pool)
    assert 2 == REGISTRY.get_sample_value("ics_audit_unsealed")

    await pool.execute(SEAL)
    assert [] == await measured(pool)
    assert 0 == REGISTRY.get_sample_value("ics_audit_unsealed")


async def test_rows_that_an_earlier_start_of_the_server_left_unsealed_are_counted(
    database: OpenDatabase, kept: KeptConnections, addresses: Addresses
) -> None:
    pool, owner = await database("identity"), await kept.owner(addresses, "identity")
    await owner.execute("INSERT INTO audit (server_start, xid, action) VALUES ('2026-01-01', '18000000', 'tested')")

    await measured(pool)
    assert 1 == REGISTRY.get_sample_value("ics_audit_unsealed")
    await pool.execute(SEAL)
    await measured(pool)
    assert 0 == REGISTRY.get_sample_value("ics_audit_unsealed")


class TiredBus(FakeBus):
    """A bus with one reader in a state that the test names, and that has lost NATS before."""

    reader = ReaderState("reports--event", 0, 0.0)

    @property
    def reconnects(self) -> int:
        return 3

    async def look_at_readers(self) -> list[ReaderState]:
        return [self.reader]


SHORT = "in the last minute the database refused work for want of disk space, memory or connections"
MISSING = "NATS has no reader reports--event, so no event arrives"
STALLED = "the reader reports--event has handled no event for more than two minutes"
BEHIND = "more than 1000 events wait for the reader reports--event"


@pytest.mark.parametrize(
    ("lag", "stalled", "said"),
    [
        (0, 300.0, []),
        (1, 119.0, []),
        (1000, 1.0, []),
        (1, 121.0, [STALLED]),
        (1001, 1.0, [BEHIND]),
        (None, 1.0, [MISSING]),
    ],
)
async def test_a_reader_that_does_not_get_on_is_said(lag: int | None, stalled: float, said: list[str]) -> None:
    bus = TiredBus("reports")
    bus.reader = ReaderState("reports--event", lag, stalled)

    assert said == await read_readers(bus)
    figures = [
        REGISTRY.get_sample_value(f"ics_reader_{name}", {"reader": "reports--event"})
        for name in ("lag", "stalled_seconds", "missing")
    ]
    assert [lag or 0, stalled, lag is None] == figures


async def test_a_service_says_that_nats_refuses_events(database: OpenDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, bus, signer = await database("identity"), TiredBus("identity"), Signer("identity", bytes(32))
    relay = Relay(pool, bus, signer, {})
    context = ServiceContext("identity", pool, pool, bus, signer, Verifier("identity", {}), relay, load_registers([]))
    assert [] == await find_backlog(context, ())
    monkeypatch.setattr(relay, "refused_seconds", lambda: 31.0)

    assert ["NATS has refused to store events for more than 30 seconds"] == await find_backlog(context, ())
    assert (3, 1, 31) == tuple(
        REGISTRY.get_sample_value(f"ics_{name}")
        for name in ("bus_reconnects", "bus_connected", "publishing_refused_seconds")
    )


async def test_a_database_without_space_is_said_until_a_minute_after(
    database: OpenDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It still answers queries that store nothing."""
    now = 100.0
    monkeypatch.setattr("shared.shortage.monotonic", lambda: now)
    pool, bus, signer = await database("outcomes"), FakeBus("outcomes"), Signer("outcomes", bytes(32))
    relay = Relay(pool, bus, signer, {})
    context = ServiceContext("outcomes", pool, pool, bus, signer, Verifier("outcomes", {}), relay, load_registers([]))
    refusals: list[Exception] = [asyncpg.ConnectionDoesNotExistError(), asyncpg.DiskFullError()]

    async def refused(*_given: object) -> Nothing:
        raise refusals.pop(0)

    answers = [for_anyone(each, refused) for each in REQUESTS if each.service() == "outcomes"]
    await open_door("outcomes", bus, context.verifier, answers, shortage=context.shortage)

    said = []
    for _ in range(2):
        with pytest.raises(NotAnswered):
            await bus.ask(ReadOutcomesBacklog())
        said.append(await find_backlog(context, ()))

    assert [[], [SHORT]] == said
    now += 61.0
    assert [] == await find_backlog(context, ())


async def test_what_was_left_undone_keeps_a_process_from_being_ready_but_not_from_having_started(
    health: HealthPort, tmp_path: Path
) -> None:
    needs: list[str] = []

    async def check() -> Sequence[str]:
        return needs

    async def backlog() -> Sequence[str]:
        return UNSENT

    assert (503, "not started: starting or stopping\n") == await ask(tmp_path, "/started")
    health.ready_when(check, backlog)
    assert (200, "started\n") == await ask(tmp_path, "/started")
    assert (503, f"not ready: {UNSENT[0]}\n") == await ask(tmp_path, "/ready")
    needs.append("NATS does not answer")
    assert (503, "not started: NATS does not answer\n") == await ask(tmp_path, "/started")


@pytest.fixture
async def health(tmp_path: Path) -> AsyncIterator[HealthPort]:
    health = HealthPort(f"unix:{tmp_path}/health")
    await health.open()
    yield health
    await health.close()


async def ask(tmp_path: Path, path: str) -> tuple[int, str]:
    connector = aiohttp.UnixConnector(path=f"{tmp_path}/health")
    async with aiohttp.ClientSession(connector=connector) as client, client.get(f"http://ics{path}") as answer:
        return answer.status, await answer.text()


async def test_the_health_port_says_what_is_in_the_way(health: HealthPort, tmp_path: Path) -> None:
    troubles: list[str] = []

    async def check() -> Sequence[str]:
        return troubles

    assert (503, "not ready: starting or stopping\n") == await ask(tmp_path, "/ready")
    health.ready_when(check)
    assert (200, "ready\n") == await ask(tmp_path, "/ready")
    troubles += ["the database does not answer", *UNSENT]
    assert (503, f"not ready: the database does not answer\nnot ready: {UNSENT[0]}\n") == await ask(tmp_path, "/ready")
    assert (200, "live\n") == await ask(tmp_path, "/live")


async def test_the_health_port_says_what_an_operator_must_know_all_the_same(health: HealthPort, tmp_path: Path) -> None:
    async def check() -> Sequence[str]:
        return []

    async def remarks() -> Sequence[str]:
        return ["held: no mail leaves"]

    health.ready_when(check, remarks=remarks)

    assert (200, "ready\nheld: no mail leaves\n") == await ask(tmp_path, "/ready")


async def test_metrics_are_those_of_the_moment(health: HealthPort, tmp_path: Path, database: OpenDatabase) -> None:
    pool = await database("identity")
    health.ready_when(lambda: measured(pool))
    await pool.execute(ADD_SET_ASIDE)

    status, text = await ask(tmp_path, "/metrics")

    assert (200, True) == (status, "ics_set_aside 1.0\n" in text)
