"""Overlays: each is published once for all users, and a published overlay never changes."""

import asyncio
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
import pytest_asyncio

from deploy.runner.environment import Addresses
from deploy.runner.stack import EmbeddedParts
from shared.contracts.referrals.overlays import (
    ListOverlays,
    OverlayInForce,
    OverlayPublished,
    OverlayReceipt,
    PublishOverlay,
    ReadOverlays,
)
from shared.contracts.referrals.saving import ReviewRecord
from shared.database import DatabasePool
from shared.fake_bus import FakeBus
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from shared.registers.definition.questions import Option
from shared.registers.definition.register import PublicHome
from shared.registers.load import Registers, load_registers
from shared.registers.overlay import Overlay
from tests.rules.typed import INVENTED
from tests.services.referrals.builders import a_visitor, new_id
from tests.services.referrals.loading import a_changed_row, a_new_row, load
from tests.services.referrals.rig import Owner, Referrals, an_update
from tests.support.connections import ServicePools
from tests.support.databases import database_copy

HOME = PublicHome(heading="Together", paragraphs=("Words of our own.",))


@pytest_asyncio.fixture(scope="module")
async def shared_database(parts: EmbeddedParts) -> AsyncIterator[Addresses]:
    """A database for these tests alone, because an overlay applies to the whole register."""
    async with database_copy(parts) as addresses:
        yield addresses


@pytest.fixture
def registers() -> Registers:
    return load_registers([INVENTED])


@pytest.fixture
async def referrals(pools: ServicePools, registers: Registers) -> Referrals:
    return await Referrals.open(pools, registers)


@pytest.fixture
def everywhere() -> Visitor:
    return a_visitor(Role.ADMINISTRATOR, full_name="Ada First").model_copy(update={"all_organisations": True})


async def in_force(referrals: Referrals, code: str = "dsr") -> OverlayInForce:
    """Return the overlay that any process reads for this register."""
    found = (await FakeBus("notifier", referrals.wire).ask(ReadOverlays())).overlays
    return next((each for each in found if each.register_code == code), _nothing(code))


def _nothing(code: str) -> OverlayInForce:
    return OverlayInForce(register_code=code, version=0, overlay=Overlay())


async def publishing(referrals: Referrals, change: Callable[[Overlay], Overlay]) -> PublishOverlay:
    """Return a command to publish this change of the newest overlay."""
    seen = await in_force(referrals)
    return PublishOverlay(command_id=new_id(), seen_version=seen.version, overlay=change(seen.overlay))


def with_home(heading: str) -> Callable[[Overlay], Overlay]:
    public = HOME.model_copy(update={"heading": heading})
    return lambda overlay: overlay.model_copy(update={"public": public})


def with_locality(registers: Registers, *more: Option) -> Callable[[Overlay], Overlay]:
    question = registers.find("dsr").form.by_name["locality"]

    def change(overlay: Overlay) -> Overlay:
        kept = overlay.options.get("locality", question.options)
        return overlay.model_copy(update={"options": {**overlay.options, "locality": (*kept, *more)}})

    return change


async def publish(referrals: Referrals, by: Visitor, change: Callable[[Overlay], Overlay]) -> OverlayReceipt:
    return await referrals.ask(by, await publishing(referrals, change))


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-011")
@pytest.mark.requirement("R-DSR-081")
async def test_what_is_published_is_read_by_every_process_and_told(
    referrals: Referrals, registers: Registers, everywhere: Visitor
) -> None:
    told: list[OverlayPublished] = []

    async def hear(broadcast: OverlayPublished) -> None:
        told.append(broadcast)

    await FakeBus("outcomes", referrals.wire).hear(OverlayPublished, hear)

    receipt = await publish(referrals, everywhere, with_locality(registers, Option(code="moon", label="The Moon")))

    found = await in_force(referrals)
    assert receipt.version == found.version
    assert "The Moon" == found.overlay.options["locality"][-1].label
    assert [OverlayPublished(register_code="dsr", version=receipt.version)] == told


async def test_who_knows_the_newest_is_told_nothing_again(referrals: Referrals, everywhere: Visitor) -> None:
    version = (await publish(referrals, everywhere, with_home("Known"))).version

    again = await FakeBus("reports", referrals.wire).ask(ReadOverlays(known={"dsr": version}))

    assert () == again.overlays


@pytest.mark.requirement("R-DSR-011")
async def test_it_binds_all_organisations_so_only_who_has_them_all_may_publish(
    referrals: Referrals, everywhere: Visitor
) -> None:
    command = await publishing(referrals, with_home("Ours alone"))
    of_some = everywhere.model_copy(update={"all_organisations": False})

    assert "not_all_organisations" == (await referrals.refusal(of_some, command))[0]
    with pytest.raises(NotAnswered) as refused:
        await referrals.ask(everywhere.model_copy(update={"role": Role.STANDARD}), command)
    assert Fault.NOT_ALLOWED == refused.value.fault
    assert command.seen_version == (await in_force(referrals)).version


async def test_of_two_who_publish_at_once_one_is_told_of_the_other(referrals: Referrals, everywhere: Visitor) -> None:
    commands = [await publishing(referrals, with_home(heading)) for heading in ("Mine", "Yours")]

    refusals = await asyncio.gather(*(referrals.refusal(everywhere, command) for command in commands))

    newest = commands[0].seen_version + 1
    assert [("", {}), ("conflict", {"version": newest})] == sorted(refusals)
    assert newest == (await in_force(referrals)).version


async def test_a_double_click_publishes_once(referrals: Referrals, everywhere: Visitor) -> None:
    command = await publishing(referrals, with_home("Twice"))

    receipts = [await referrals.ask(everywhere, command) for _ in range(2)]

    assert [command.seen_version + 1] * 2 == [each.version for each in receipts]


async def test_what_does_not_hold_or_changes_nothing_is_refused(
    referrals: Referrals, registers: Registers, everywhere: Visitor
) -> None:
    same = await publishing(referrals, lambda overlay: overlay)
    cut = await publishing(
        referrals, lambda _: Overlay(options={"locality": (Option(code="moon2", label="Another moon"),)})
    )
    foreign = await publishing(referrals, lambda _: Overlay(options={"ethnicity": (Option(code="x", label="X"),) * 2}))

    codes = [(await referrals.refusal(everywhere, each))[0] for each in (same, cut, foreign)]

    assert ["unchanged", "invalid", "invalid"] == codes


async def test_another_register_is_as_it_was(referrals: Referrals, everywhere: Visitor) -> None:
    await publish(referrals, everywhere, with_home("Of this one"))

    assert 0 == (await in_force(referrals, "carers")).version
    elsewhere = everywhere.model_copy(update={"register_code": "carers"})
    assert () == (await referrals.ask(elsewhere, ListOverlays())).published


@pytest.mark.requirement("R-DSR-171")
async def test_who_published_what_and_when_is_audited_and_can_be_read(
    referrals: Referrals, owner: Owner, registers: Registers, everywhere: Visitor
) -> None:
    version = (
        await publish(referrals, everywhere, with_locality(registers, Option(code="mars", label="Mars")))
    ).version

    newest = (await referrals.ask(everywhere, ListOverlays())).published[0]

    assert (version, ("options:locality",), "Ada First") == (newest.version, newest.changed, newest.published_by)
    (row,) = await owner.rows("SELECT action, register, fields FROM audit WHERE actor = $1", everywhere.user_id)
    assert ("register.reworded", "dsr", [f"overlay:{version}", "options:locality"]) == tuple(row)


async def test_a_row_is_never_changed_nor_added_outside_its_register(pool: DatabasePool, referrals: Referrals) -> None:
    for statement in ("UPDATE overlay SET version = 9", "DELETE FROM overlay"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(
            "INSERT INTO overlay (register_code, version, content, changed, published_by, published_by_name) "
            "VALUES ('dsr', 99, '{}', '{}', $1, 'Nobody')",
            new_id(),
        )


async def test_a_record_says_which_overlay_its_answers_were_given_under(
    referrals: Referrals, owner: Owner, everywhere: Visitor
) -> None:
    first = (await publish(referrals, everywhere, with_home("First"))).version
    receipt = await referrals.submit(everywhere)
    second = (await publish(referrals, everywhere, with_home("Second"))).version
    review = ReviewRecord(command_id=new_id(), record_id=receipt.record_id, version=0)
    receipt = await referrals.ask(everywhere, review)
    await referrals.ask(everywhere, an_update(receipt, lead_professional="Somebody Else"))

    kept = await owner.rows(
        "SELECT version, overlay FROM record_version WHERE record_id = $1 ORDER BY version", receipt.record_id
    )

    assert [(0, first), (1, first), (2, second)] == [tuple(row) for row in kept]
    (record,) = await owner.rows("SELECT overlay FROM record WHERE id = $1", receipt.record_id)
    assert second == record["overlay"]


async def test_a_loaded_record_says_which_overlay_its_answers_were_given_under(
    referrals: Referrals, everywhere: Visitor, owner: Owner
) -> None:
    visitor = a_visitor()
    first = (await publish(referrals, everywhere, with_home("One"))).version
    (done,) = await load(referrals.context, visitor, a_new_row(referrals.context, visitor))
    second = (await publish(referrals, everywhere, with_home("Other"))).version
    row = await a_changed_row(referrals.context, visitor, done.record_id, latest_update="Moved house")
    await load(referrals.context, visitor, row)

    kept = await owner.rows("SELECT overlay FROM record_version WHERE record_id = $1 ORDER BY version", done.record_id)

    assert [first, second] == [row["overlay"] for row in kept]
    assert second == await owner.value("SELECT overlay FROM record WHERE id = $1", done.record_id)


@pytest.mark.requirement("R-DSR-081")
async def test_an_answer_that_was_added_is_taken_and_one_that_was_retired_stays_where_it_is(
    referrals: Referrals, registers: Registers, everywhere: Visitor
) -> None:
    await publish(referrals, everywhere, with_locality(registers, Option(code="venus", label="Venus")))
    receipt = await referrals.submit(everywhere, locality="venus")

    def retire(overlay: Overlay) -> Overlay:
        kept = tuple(o.model_copy(update={"retired": o.code == "venus"}) for o in overlay.options["locality"])
        return overlay.model_copy(update={"options": {**overlay.options, "locality": kept}})

    await publish(referrals, everywhere, retire)
    receipt = await referrals.update(everywhere, receipt, locality="venus", lead_professional="Somebody Else")

    assert "venus" == (await referrals.read(everywhere, receipt.record_id)).answers["locality"]
    other = an_update(await referrals.submit(everywhere), locality="venus")
    assert "invalid_answers" == (await referrals.refusal(everywhere, other))[0]
