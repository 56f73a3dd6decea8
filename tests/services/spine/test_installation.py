"""A copy never acts: it is held when it starts under another address or in another database, until it is released."""

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from shared.database import transaction
from shared.fake_bus import FakeWire
from shared.installation import address_of, held_because, note_start
from shared.installation_words import hold_in_words
from shared.measures import measured
from shared.migrate import Connection
from shared.outbox import put
from tests.conftest import OpenDatabase
from tests.deploy.dumps import connected
from tests.services.spine.test_outbox import an_event, carry_all, relay_of
from tests.support.connections import KeptConnections

HERE, ELSEWHERE = "https://dsr.example.nhs.uk", "https://clone.example.nhs.uk"


@pytest.fixture
async def owner(kept: KeptConnections, database: OpenDatabase, addresses: Addresses) -> Connection:
    return await kept.owner(addresses, "identity")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://DSR.example.nhs.uk/", "https://dsr.example.nhs.uk"),
        ("https://dsr.example.nhs.uk:8443/registers", "https://dsr.example.nhs.uk:8443"),
        ("http://127.0.0.1:8080", "this machine"),
        ("http://[::1]:9090/", "this machine"),
        ("http://localhost", "this machine"),
        ("http://0.0.0.0:8080", "this machine"),
    ],
)
def test_an_address_is_scheme_host_and_port_and_loopback_is_one_address(url: str, address: str) -> None:
    assert address == address_of(url)


async def test_the_first_start_and_every_start_at_the_same_address_are_free(database: OpenDatabase) -> None:
    pool = await database("identity")

    assert [None, None] == [await note_start(pool, url) for url in (HERE, f"{HERE}/")]


async def test_a_demo_may_take_any_port_of_this_machine(database: OpenDatabase) -> None:
    pool = await database("identity")

    assert [None, None] == [await note_start(pool, f"http://127.0.0.1:{port}") for port in (8080, 8099)]


async def test_a_start_at_another_address_holds_the_installation(database: OpenDatabase) -> None:
    pool = await database("identity")
    await note_start(pool, HERE)

    assert ["address_changed"] * 3 == [await note_start(pool, url) for url in (ELSEWHERE, ELSEWHERE, HERE)]


async def test_a_start_in_another_database_holds_the_installation(database: OpenDatabase, owner: Connection) -> None:
    pool = await database("identity")
    await note_start(pool, HERE)
    await owner.execute("UPDATE installation SET database = 'a server/1'")

    assert "restored" == await note_start(pool, HERE)


async def test_a_host_may_keep_the_identifier_of_its_server_to_itself(own_addresses: Addresses) -> None:
    async with connected(own_addresses.databases["identity"].admin_dsn) as administrator:
        await administrator.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    async with connected(own_addresses.dsn("identity")) as db:
        assert await db.fetchval("SELECT note_start('https://dsr.example.nhs.uk')") is None
    async with connected(own_addresses.migrator_dsn("identity"), "identity") as db:
        assert (await db.fetchval("SELECT database FROM installation")).isdigit()


async def test_a_restored_copy_is_held_wherever_it_starts(database: OpenDatabase, owner: Connection) -> None:
    pool = await database("identity")
    await note_start(pool, HERE)
    await owner.execute("SELECT hold_installation()")

    assert ["restored", "restored"] == [await held_because(pool), await note_start(pool, ELSEWHERE)]


@pytest.mark.parametrize("starts", [True, False])
async def test_a_release_lasts_whether_the_copy_has_started_or_not(
    database: OpenDatabase, owner: Connection, *, starts: bool
) -> None:
    pool = await database("identity")
    await note_start(pool, HERE)
    await owner.execute("SELECT hold_installation()")
    if starts:
        await note_start(pool, ELSEWHERE)

    assert await owner.fetchval("SELECT release_installation()")
    assert [None, None] == [await held_because(pool), await note_start(pool, ELSEWHERE)]
    assert not await owner.fetchval("SELECT release_installation()")


async def test_no_event_leaves_while_held_and_all_leave_after_the_release(
    database: OpenDatabase, owner: Connection
) -> None:
    pool, wire, event = await database("identity"), FakeWire(), an_event()
    await owner.execute("SELECT hold_installation()")
    async with transaction(pool) as db:
        await put(db, event)
    await carry_all(relay_of(pool, wire))
    held = list(wire.published)

    await owner.execute("SELECT release_installation()")
    await carry_all(relay_of(pool, wire))

    assert ([], 1) == (held, len(wire.published))


async def test_a_held_service_is_ready_although_its_events_wait(database: OpenDatabase, owner: Connection) -> None:
    pool = await database("identity")
    async with transaction(pool) as db:
        await put(db, an_event())
    await owner.execute("UPDATE outbox SET occurred_at = occurred_at - interval '1 hour'")
    late = await measured(pool)
    await owner.execute("SELECT hold_installation()")

    assert (1, []) == (len(late), await measured(pool))
    assert "ics release" in hold_in_words(await held_because(pool))[0]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE installation SET held_since = NULL, held_because = NULL",
        "DELETE FROM installation",
        "SELECT release_installation()",
        "SELECT hold_installation()",
    ],
)
async def test_a_service_cannot_release_itself(database: OpenDatabase, statement: str) -> None:
    pool = await database("identity")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(statement)
