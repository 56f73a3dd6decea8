"""Tests of how refusals travel, over both NATS and the fake bus."""

from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from shared.bus.protocol import Context
from shared.contracts.referrals.saving import Conflict
from shared.fake_bus import FakeBus, UnnamedRefusal
from shared.messages import Fault, NotAnswered, Nothing, Refusal, Refused
from tests.contracts.conftest import CANARY, Connect, Fail


async def test_a_refusal_travels_with_its_code_and_details(connect: Connect) -> None:
    refusals = iter((Refused(Conflict(version=3)), Refused("busy_now")))

    async def refuse(_asked: Fail, _context: Context) -> Nothing:
        raise next(refusals)

    asker, answerer = await connect("gateway"), await connect("identity")
    await answerer.answer(Fail, refuse)

    for code, details in (("conflict", Conflict(version=3)), ("busy_now", Nothing())):
        with pytest.raises(Refused) as refused:
            await asker.ask(Fail())
        assert (code, details) == (refused.value.code, refused.value.details)


class OtherConflict(Refusal):
    code: ClassVar[str] = "conflict"

    name: str


async def refuse_otherwise(_asked: Fail, _context: Context) -> Nothing:
    raise Refused(OtherConflict(name=CANARY))


async def test_in_tests_details_that_the_contract_does_not_name_are_an_error() -> None:
    bus = FakeBus("identity")
    await bus.answer(Fail, refuse_otherwise)

    with pytest.raises(UnnamedRefusal, match="Fail was refused as conflict with OtherConflict") as unnamed:
        await bus.ask(Fail())

    assert CANARY not in repr(unnamed.value)


async def test_in_production_they_are_an_unreadable_reply_without_its_content(on_nats: Connect) -> None:
    asker, answerer = await on_nats("gateway"), await on_nats("identity")
    await answerer.answer(Fail, refuse_otherwise)

    with capture_logs() as logged, pytest.raises(NotAnswered) as unreadable:
        await asker.ask(Fail())

    assert Fault.BROKEN is unreadable.value.fault
    assert CANARY not in f"{unreadable.value} {logged}"
    assert [Fail.subject] == [each["subject"] for each in logged if each["event"] == "bus.reply_unreadable"]
    assert ["conflict"] == [each["code"] for each in logged if each["event"] == "bus.refusal_not_named"]


async def refuse_unnamed(_asked: Fail, _context: Context) -> Nothing:
    raise Refused("not_in_the_contract")


async def test_in_tests_a_code_that_the_contract_does_not_name_is_an_error() -> None:
    bus = FakeBus("identity")
    await bus.answer(Fail, refuse_unnamed)

    with pytest.raises(UnnamedRefusal, match="Fail was refused as not_in_the_contract"):
        await bus.ask(Fail())


async def test_in_production_it_reaches_who_asked_and_is_logged(on_nats: Connect) -> None:
    asker, answerer = await on_nats("gateway"), await on_nats("identity")
    await answerer.answer(Fail, refuse_unnamed)

    with capture_logs() as logged, pytest.raises(Refused) as refused:
        await asker.ask(Fail())

    assert "not_in_the_contract" == refused.value.code
    assert ["not_in_the_contract"] == [each["code"] for each in logged if each["event"] == "bus.refusal_not_named"]
