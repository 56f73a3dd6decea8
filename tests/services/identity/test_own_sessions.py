"""A user's own sessions: listed with browser and address, ended one by one, and limited by the installation."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.identity.handlers.pins import PinStep
from shared.contracts.identity import EndOwnSession, ListOwnSessions, OwnSession, SessionOpened, VerifyPin
from tests.services.identity.rig import ADA, ELSEWHERE, WARD, Rig, refused

BEA = "bea.ash@mpft.nhs.uk"


async def opened_in(rig: Rig, browser: str = "Edge on Windows", address: str = WARD, email: str = ADA) -> SessionOpened:
    half = await rig.log_in(email)
    return await rig.ask(VerifyPin(attempt_token=half, pin=await rig.newest_pin(), browser=browser, address=address))


async def listed(rig: Rig, opened: SessionOpened) -> tuple[OwnSession, ...]:
    return (await rig.ask(ListOwnSessions(), (await rig.find(opened.session_token)).assertion)).sessions


async def session_of(rig: Rig, opened: SessionOpened) -> UUID:
    return (await rig.find(opened.session_token)).visitor.session_id


async def test_a_user_sees_where_they_are_logged_in_and_nobody_elses_sessions(rig: Rig) -> None:
    await rig.person()
    await rig.person(BEA)
    await opened_in(rig, "Safari on an iPhone", ELSEWHERE)
    await opened_in(rig, email=BEA)
    here = await opened_in(rig)

    found = await listed(rig, here)

    assert [("Edge on Windows", WARD, True), ("Safari on an iPhone", ELSEWHERE, False)] == [
        (each.browser, each.address, each.is_this) for each in found
    ]


async def test_a_user_ends_a_session_of_their_own_at_once(rig: Rig) -> None:
    await rig.person()
    there, here = await opened_in(rig), await opened_in(rig)
    ended = await session_of(rig, there)

    await rig.ask(EndOwnSession(session_id=ended), (await rig.find(here.session_token)).assertion)

    assert ("no_session", "") == (
        await refused(rig.find(there.session_token)),
        await refused(rig.find(here.session_token)),
    )
    assert ([ended], "own_session_ended") == (rig.revoked, (await rig.audited())[-1])


async def test_a_session_of_somebody_else_cannot_be_ended(rig: Rig) -> None:
    await rig.person()
    await rig.person(BEA)
    hers, mine = await opened_in(rig, email=BEA), await opened_in(rig)
    who = (await rig.find(mine.session_token)).assertion

    for session_id in (await session_of(rig, hers), uuid4()):
        assert "not_found" == await refused(rig.ask(EndOwnSession(session_id=session_id), who))
    assert "" == await refused(rig.find(hers.session_token))


async def test_the_fourth_session_ends_the_first_and_says_so(rig: Rig) -> None:
    await rig.person()
    await rig.person(BEA)
    hers = await opened_in(rig, email=BEA)
    opened = [await opened_in(rig) for _ in range(4)]

    found = [await refused(rig.find(each.session_token)) for each in (hers, *opened)]

    assert ["", "no_session", "", "", ""] == found
    assert ([0, 0, 0, 1], 1) == ([each.ended_others for each in opened], len(rig.revoked))
    assert "oldest_session_ended" in await rig.audited()


async def test_sessions_that_have_run_out_leave_room_without_a_word(rig: Rig) -> None:
    await rig.person()
    for _ in range(3):
        await opened_in(rig)
    await rig.let_pass(timedelta(minutes=16))

    assert 0 == (await opened_in(rig)).ended_others


@pytest.mark.parametrize("most", [1, 2])
async def test_an_installation_says_how_many(rig: Rig, most: int) -> None:
    await rig.person()
    step = PinStep(replace(rig.context, most_sessions=most))
    halves = [(await rig.log_in(), await rig.newest_pin()) for _ in range(3)]

    opened = [await step.verify(VerifyPin(attempt_token=half, pin=pin)) for half, pin in halves]

    assert most == len(await listed(rig, opened[-1]))
