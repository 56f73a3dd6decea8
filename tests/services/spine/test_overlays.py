"""Each process follows the published overlays: by broadcast, by a request at its start, and by polling as fallback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from deploy.runner.waiting import until
from shared import overlays as overlays_module
from shared.contracts.referrals.overlays import OverlayBatch, OverlayPublished, ReadOverlays
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Fault, NotAnswered
from shared.overlays import OverlayFollower
from shared.registers.definition.register import PublicHome
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Overlay
from tests.gateway.stand_in_overlays import StandInOverlays

AWAY = NotAnswered(Fault.UNAVAILABLE)


@pytest.fixture
def wire() -> FakeWire:
    return FakeWire()


@pytest.fixture
def registers() -> Registers:
    return load_registers()


@pytest.fixture
async def referrals(wire: FakeWire) -> StandInOverlays:
    referrals = StandInOverlays()
    await referrals.answer_on(wire)
    return referrals


@asynccontextmanager
async def following(overlays: OverlayFollower) -> AsyncIterator[OverlayFollower]:
    """Run the follower during the block, as a process does from its start to its end."""
    await overlays.listen()
    job = asyncio.create_task(overlays.run())
    yield overlays
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)


def headed(heading: str) -> Overlay:
    return Overlay(public=PublicHome(heading=heading, paragraphs=("One.",)))


async def is_headed(registers: Registers, heading: str) -> bool:
    async def says_so() -> bool:
        return registers.find("dsr").public.heading == heading

    return await until(says_so, seconds=5)


async def test_a_process_knows_before_it_is_ready_what_was_published_before_it_began(
    wire: FakeWire, registers: Registers, referrals: StandInOverlays
) -> None:
    referrals.put(headed("Before"))
    overlays = OverlayFollower(FakeBus("outcomes", wire), registers)
    assert not overlays.known

    async with following(overlays):
        assert await is_headed(registers, "Before")
        assert overlays.known


async def test_what_is_published_is_in_force_as_soon_as_it_is_told(
    wire: FakeWire, registers: Registers, referrals: StandInOverlays
) -> None:
    async with following(OverlayFollower(FakeBus("reports", wire), registers)) as overlays:
        assert await until(lambda: _true(overlays.known), seconds=5)
        referrals.put(headed("Told"))
        await FakeBus("referrals", wire).tell(OverlayPublished(register_code="dsr", version=1))

        assert await is_headed(registers, "Told")


async def _true(known: bool) -> bool:
    return known


async def test_a_broadcast_that_was_lost_costs_no_more_than_the_net(
    wire: FakeWire, registers: Registers, referrals: StandInOverlays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlays_module, "POLL_FALLBACK_SECONDS", 0.05)
    async with following(OverlayFollower(FakeBus("notifier", wire), registers)) as overlays:
        assert await until(lambda: _true(overlays.known), seconds=5)
        referrals.put(headed("Found"))

        assert await is_headed(registers, "Found")


async def test_while_referrals_is_away_a_process_lives_and_is_not_ready(
    wire: FakeWire, registers: Registers, referrals: StandInOverlays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlays_module, "RETRY_SECONDS", 0.01)
    referrals.failing[ReadOverlays] = AWAY
    referrals.put(headed("Late"))
    async with following(OverlayFollower(FakeBus("identity", wire), registers)) as overlays:
        await asyncio.sleep(0.05)
        assert not overlays.known

        referrals.failing.clear()

        assert await is_headed(registers, "Late")
        assert overlays.known


async def test_what_is_known_stays_in_force_when_referrals_goes_away(
    wire: FakeWire, registers: Registers, referrals: StandInOverlays
) -> None:
    overlays = OverlayFollower(FakeBus("gateway", wire), registers)
    referrals.put(headed("Kept"))
    await overlays.look()
    referrals.failing[ReadOverlays] = AWAY

    with pytest.raises(NotAnswered):
        await overlays.look()

    assert overlays.known
    assert "Kept" == registers.find("dsr").public.heading


async def answering(wire: FakeWire, batch: OverlayBatch) -> None:
    async def answer(_asked: object, _context: object) -> OverlayBatch:
        return batch

    await FakeBus("referrals", wire).answer(ReadOverlays, answer)


async def test_what_referrals_does_not_serve_is_served_by_no_process(wire: FakeWire, registers: Registers) -> None:
    await answering(wire, OverlayBatch(overlays=(), withheld=("dsr",)))

    await OverlayFollower(FakeBus("gateway", wire), registers).look()

    assert ("dsr",) == registers.withheld()


async def test_a_process_with_other_register_files_than_referrals_says_which_once(
    wire: FakeWire, registers: Registers
) -> None:
    editions = {**registers.fingerprints(), "homes/2031.toml": "0123456789abcdef"}
    await answering(wire, OverlayBatch(overlays=(), editions=editions))
    overlays = OverlayFollower(FakeBus("gateway", wire), registers)

    with capture_logs() as written:
        await overlays.look()
        await overlays.look()

    assert [["homes/2031.toml"]] == [line["files"] for line in written if line["event"] == "registers.differ"]
