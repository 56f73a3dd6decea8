"""What a service measures of its queues, in every schema, and how `/ready` and `/metrics` say it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import REGISTRY

from shared.health import HealthPort
from shared.measures import measured
from shared.messages import SERVICES, Process
from tests.conftest import OpenDatabase

ADD_UNSENT = """
    INSERT INTO outbox (event_id, subjects, event_type, body, occurred_at)
    VALUES (gen_random_uuid(), '{event.dsr.none.happened}', 'happened', '{}', clock_timestamp() - $1::interval)
"""
ADD_SET_ASIDE = """
    INSERT INTO set_aside (consumer, event_id, subject, reason, deliveries) VALUES ('c', '1', 'event.x', 'r', 5)
"""
UNSENT = ["events have not been sent for more than two minutes"]


def told() -> dict[str, float | None]:
    names = ("ics_outbox_unsent", "ics_outbox_oldest_seconds", "ics_set_aside")
    return {name: REGISTRY.get_sample_value(name) for name in names}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_measures_what_it_has_not_sent_and_what_it_gave_up(
    database: OpenDatabase, service: Process
) -> None:
    pool = await database(service)
    assert [] == await measured(pool)
    assert {"ics_outbox_unsent": 0, "ics_outbox_oldest_seconds": 0, "ics_set_aside": 0} == told()

    await pool.execute(ADD_UNSENT.replace("$1", "'1 minute'"))
    await pool.execute(ADD_SET_ASIDE)
    assert [] == await measured(pool)
    figures = told()
    assert (1, 1) == (figures["ics_outbox_unsent"], figures["ics_set_aside"])
    assert 60 <= (figures["ics_outbox_oldest_seconds"] or 0) < 90

    await pool.execute("UPDATE outbox SET occurred_at = occurred_at - interval '1 minute'")
    assert UNSENT == await measured(pool)

    await pool.execute("UPDATE outbox SET sent_at = clock_timestamp()")
    assert [] == await measured(pool)
    assert 0 == told()["ics_outbox_oldest_seconds"]


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


async def test_metrics_are_those_of_the_moment(health: HealthPort, tmp_path: Path, database: OpenDatabase) -> None:
    pool = await database("identity")
    health.ready_when(lambda: measured(pool))
    await pool.execute(ADD_SET_ASIDE)

    status, text = await ask(tmp_path, "/metrics")

    assert (200, True) == (status, "ics_set_aside 1.0\n" in text)
