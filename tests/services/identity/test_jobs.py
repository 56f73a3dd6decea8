"""The jobs of identity, its start, and its password hashing."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from services.identity.hashing import OWASP, PasswordHashes
from services.identity.jobs import Sweeper, heartbeat
from services.identity.service import build
from services.identity.settings import IdentitySettings
from shared.audit import Sealer
from shared.context import ServiceContext
from shared.contracts.health import ReadIdentityBacklog
from shared.contracts.identity import Heartbeat, ListOrganisations, LogOut
from shared.jobs import repeat
from shared.messages import Fault, NotAnswered, Refused
from shared.service import start
from shared.tasks import end
from tests.services.identity.rig import ADA, Rig, refused


async def test_the_heart_beats_at_once(rig: Rig) -> None:
    heard = asyncio.Event()

    async def hear(_told: Heartbeat) -> None:
        heard.set()

    await rig.gateway.hear(Heartbeat, hear)
    beating = asyncio.create_task(repeat(heartbeat(rig.context.bus)))

    async with asyncio.timeout(1):
        await heard.wait()

    assert [] == await end([beating])


async def test_what_is_over_is_swept_away(rig: Rig) -> None:
    await rig.person()
    await rig.come_in()
    await rig.wrong_passwords(1)
    await rig.let_pass(timedelta(days=2))

    await Sweeper(rig.context).sweep()

    tables = ("attempt", "session", "rate_window")
    assert [0, 0, 0] == [await rig.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
    assert [1, 1] == [await rig.pool.fetchval(f"SELECT count(*) FROM {table}") for table in ("account", "device")]


async def test_what_is_alive_is_left_alone(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    waiting = await rig.log_in()
    pin = await rig.newest_pin()

    await Sweeper(rig.context).sweep()

    assert "" == await refused(rig.find(opened.session_token))
    assert (await rig.verify(waiting, pin)).session_token


async def test_a_browser_unused_for_three_months_is_forgotten(rig: Rig) -> None:
    await rig.person()
    await rig.come_in()
    await rig.let_pass(timedelta(days=90))

    await Sweeper(rig.context).sweep()

    assert 0 == await rig.pool.fetchval("SELECT count(*) FROM device")


async def test_a_count_that_a_dead_process_left_keeps_nobody_out(rig: Rig) -> None:
    await rig.person()
    await rig.pool.execute("UPDATE account SET wrong_passwords = 5, counted_at = clock_timestamp()")
    before = await refused(rig.log_in())

    await rig.let_pass(timedelta(minutes=1))
    await Sweeper(rig.context).sweep()

    assert ("wrong_details", "") == (before, await refused(rig.log_in()))


async def test_a_count_that_a_dead_process_left_on_a_known_browser_keeps_nobody_out(rig: Rig) -> None:
    await rig.person()
    device = (await rig.come_in()).device_token
    await rig.pool.execute("UPDATE device SET wrong_passwords = 5, counted_at = clock_timestamp()")
    before = await refused(rig.log_in(device=device))

    await rig.let_pass(timedelta(minutes=1))
    await Sweeper(rig.context).sweep()

    assert ("wrong_details", "") == (before, await refused(rig.log_in(device=device)))


async def test_a_register_begins_with_the_organisations_of_its_definition(rig: Rig) -> None:
    await rig.pool.execute("INSERT INTO organisation VALUES (gen_random_uuid(), 'dsr', 'Another', 'another.nhs.uk')")
    written = [each.name for register in rig.context.registers.newest() for each in register.organisations]

    for _ in range(2):
        await Sweeper(rig.context).begin_registers()

    listed = await rig.ask(ListOrganisations(register_code="dsr"))
    assert 6 == len(listed.organisations)
    assert {*written, "Another"} == {row["name"] for row in await rig.pool.fetch("SELECT name FROM organisation")}


async def test_the_service_answers_all_that_its_contracts_name(
    service_parts: ServiceContext, settings: IdentitySettings
) -> None:
    service = build(service_parts, settings)

    await start(service_parts, service)

    assert 2 == len(service.jobs)


async def test_each_request_wakes_the_jobs_that_wait_for_work_whatever_its_answer(
    service_parts: ServiceContext, settings: IdentitySettings
) -> None:
    job = Sealer(service_parts.pool, "identity", None).jobs[0]
    seen = [job.wakeup.is_set()]
    await start(service_parts, build(service_parts, settings), [job])

    for request in (ReadIdentityBacklog(), LogOut(session_token="unknown")):
        job.wakeup.clear()
        with contextlib.suppress(NotAnswered, Refused):
            await service_parts.bus.ask(request)
        seen.append(job.wakeup.is_set())

    assert [False, True, True] == seen


async def test_operations_can_ask_how_much_waits(rig: Rig) -> None:
    await rig.person()
    await rig.log_in()

    assert 1 == (await rig.ask(ReadIdentityBacklog())).unsent


async def test_a_key_that_is_too_short_stops_the_start(
    settings: IdentitySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICS_PIN_KEY", "abcd")

    with pytest.raises(ValueError, match="64 hex digits"):
        type(settings)()


# -------------------------------------------------------------------------------------------------------------- hashing
async def test_passwords_are_kept_as_argon2id_at_the_cost_that_is_asked_for() -> None:
    hashes = PasswordHashes(workers=1)

    known = await hashes.make("Gorse-Hill-27!")

    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (True, False, False) == (
        await hashes.is_right(known, "Gorse-Hill-27!"),
        await hashes.is_right(known, "gorse-hill-27!"),
        await hashes.is_right(None, "of nobody"),
    )
    assert (19 * 1024, 2, 1) == (OWASP.memory_kib, OWASP.passes, OWASP.lanes)


async def test_letters_composed_in_two_ways_are_one_password() -> None:
    hashes = PasswordHashes(workers=1)

    assert await hashes.is_right(await hashes.make("Caf\u00e9-Row-9"), "Cafe\u0301-Row-9")


async def test_more_than_can_wait_are_told_that_we_are_busy() -> None:
    hashes = PasswordHashes(workers=1, waiting_at_most=2)

    outcomes = await asyncio.gather(*(hashes.is_right(None, ADA) for _ in range(10)), return_exceptions=True)

    faults = [outcome.fault for outcome in outcomes if isinstance(outcome, NotAnswered)]
    assert ([Fault.BUSY] * 7, 3) == (faults, outcomes.count(False))
    assert not await hashes.is_right(None, ADA)
