"""Every page of a held installation says so, and stops saying so once it is released."""

from pathlib import Path

import pytest

from gateway.ui.hold import HOLD, HoldFollower
from shared.bus.protocol import Context
from shared.contracts.installation import HeldBecause, Hold, ReadHold
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import NotAnswered
from tests.gateway.conftest import Serve
from tests.gateway.small_app import small_app
from tests.gateway.strict import StrictInOurs
from tests.gateway.visit import visit


@pytest.mark.parametrize(
    ("because", "said"),
    [
        ("restored", "This service was restored from a backup, and waits until"),
        ("address_changed", "The address of this service has changed, and waits until"),
    ],
)
async def test_every_page_of_a_held_installation_says_so(
    serve: Serve, template_cache: Path, because: HeldBecause, said: str
) -> None:
    app = small_app(template_cache, undefined=StrictInOurs)
    client = await serve(app)
    free = (await visit(client, "/dsr/")).texts(".ics-held p")
    app[HOLD].because = because

    held = [(await visit(client, path)).texts(".ics-held p") for path in ("/dsr/", "/accessibility/")]
    held.append((await visit(client, "/nowhere/", status=404)).texts(".ics-held p"))

    assert [] == free
    assert [1, 1, 1] == [len(each) for each in held]
    assert all(said in each[0] for each in held)


async def test_the_gateway_learns_of_a_hold_and_of_its_end() -> None:
    wire, holds = FakeWire(), [Hold(because="restored"), Hold(because=None)]

    async def read(_asked: ReadHold, _context: Context) -> Hold:
        return holds.pop(0)

    hold = HoldFollower(FakeBus("gateway", wire))
    with pytest.raises(NotAnswered):
        await hold.look()
    await FakeBus("identity", wire).answer(ReadHold, read)

    known: list[HeldBecause | None] = []
    for _ in (1, 2):
        await hold.look()
        known.append(hold.because)

    assert ["restored", None] == known
