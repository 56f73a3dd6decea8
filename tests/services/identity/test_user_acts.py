"""Unlocking, deactivating and similar acts: what may be done to which account, by which user, and its effect."""

import asyncio
from datetime import timedelta

import pytest

from services.identity.rules.log_in import Status
from services.identity.store import users
from shared.accounts import UserAct, UserState
from shared.contracts.identity import CheckGrant, FindSession, RemindPassword
from shared.contracts.registration import RegisterAccount
from shared.database import transaction
from shared.permissions import Role
from tests.services.identity.managing import (
    AMINA,
    GAIL,
    JO,
    MAX,
    MPFT,
    access,
    added,
    as_,
    changed,
    done,
    made,
    office,
    read,
)
from tests.services.identity.rig import WARD, Rig, refused, statement_of

KIT = "kit.wren@example.org"


@pytest.mark.requirement("R-S117-020")
@pytest.mark.parametrize("asker", [GAIL, MAX])
async def test_a_locked_account_is_unlocked(rig: Rig, asker: str) -> None:
    jo = await office(rig)
    device = (await rig.come_in(JO)).device_token
    await rig.wrong_passwords(5, JO, device=device)
    assert Status.LOCKED is await rig.status(JO)

    await done(rig, await as_(rig, asker), jo, UserAct.UNLOCK)

    assert (await rig.come_in(JO, device=device)).session_token
    assert "account_unlocked" in await rig.audited()


@pytest.mark.requirement("R-S117-020")
@pytest.mark.parametrize("asker", [GAIL, MAX])
async def test_an_account_that_an_unknown_browser_locked_is_unlocked_with_a_new_count(rig: Rig, asker: str) -> None:
    jo = await office(rig)
    who = await as_(rig, asker)
    await rig.wrong_passwords(5, JO)
    assert Status.LOCKED_TO_STRANGERS is await rig.status(JO)

    await done(rig, who, jo, UserAct.UNLOCK)

    assert Status.ACTIVE is await rig.status(JO)
    assert ["wrong_details"] * 4 == await rig.wrong_passwords(4, JO)
    assert (await rig.come_in(JO)).session_token


@pytest.mark.requirement("R-DSR-170")
async def test_who_is_deactivated_is_thrown_out_at_once_and_cannot_come_in(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    session = (await rig.come_in(JO)).session_token

    await done(rig, gail, jo, UserAct.DEACTIVATE)

    assert "no_session" == await refused(rig.ask(FindSession(register_code="dsr", session_token=session)))
    assert "wrong_details" == await refused(rig.log_in(JO))
    assert (1, UserState.DEACTIVATED) == (len(rig.revoked), (await read(rig, gail, jo)).user.state)


async def test_a_deactivated_account_gets_no_mail_and_serves_nobody(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    await done(rig, gail, jo, UserAct.DEACTIVATE)
    before = len(await rig.mails())

    await rig.ask(RemindPassword(register_code="dsr", email=JO, address=WARD))
    await rig.ask(RegisterAccount(register_code="dsr", first_name="Jo", last_name="Lark", email=JO, address=WARD))

    grant = CheckGrant(register_code="dsr", user_id=jo)
    assert "no_grant" == await refused(rig.ask(grant, statement_of("referrals")))
    assert before == len(await rig.mails())


async def test_an_account_that_is_activated_again_opens_with_its_password(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    await done(rig, gail, jo, UserAct.DEACTIVATE)

    await done(rig, gail, jo, UserAct.ACTIVATE)

    assert (await rig.come_in(JO)).session_token


async def test_a_welcome_goes_out_anew_once_the_password_has_run_out(rig: Rig) -> None:
    await office(rig)
    gail = await as_(rig, GAIL)
    kit = (await added(rig, gail, KIT, await access(rig, Role.STANDARD, MPFT))).user_id
    early = await refused(done(rig, gail, kit, UserAct.WELCOME))
    await rig.pool.execute("UPDATE account SET temporary_expires_at = now() - interval '1 hour' WHERE email = $1", KIT)

    await done(rig, gail, kit, UserAct.WELCOME)

    [_, again] = await rig.mails("welcome")
    assert ("not_now", True) == (early, (await rig.come_in(KIT, again.values["password"])).must_change)


async def test_somebody_is_logged_out_everywhere_and_may_come_back(rig: Rig) -> None:
    jo, gail = await office(rig), await as_(rig, GAIL)
    session = (await rig.come_in(JO)).session_token

    await done(rig, gail, jo, UserAct.END_SESSIONS)

    assert "no_session" == await refused(rig.ask(FindSession(register_code="dsr", session_token=session)))
    assert (await rig.come_in(JO)).session_token


@pytest.mark.parametrize("act", UserAct)
async def test_nothing_is_done_to_who_is_not_the_askers_or_to_oneself(rig: Rig, act: UserAct) -> None:
    jo, amina = await office(rig), await as_(rig, AMINA)
    herself = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", AMINA)

    assert ["not_found", "yourself"] == [await refused(done(rig, amina, each, act)) for each in (jo, herself)]


async def test_an_account_that_serves_another_register_is_closed_by_a_master_admin_alone(rig: Rig) -> None:
    jo, gail, master = await office(rig), await as_(rig, GAIL), await as_(rig, MAX)
    await rig.pool.execute(
        "INSERT INTO register_grant (account_id, register_code, role) VALUES ($1, 'carers', 'standard')", jo
    )

    assert "elsewhere" == await refused(done(rig, gail, jo, UserAct.DEACTIVATE))
    await done(rig, gail, jo, UserAct.REMOVE)

    left = await rig.pool.fetch("SELECT register_code FROM register_grant WHERE account_id = $1", jo)
    assert ["carers"] == [row["register_code"] for row in left]
    assert "not_found" == await refused(done(rig, master, jo, UserAct.DEACTIVATE))


async def test_the_last_administrator_of_everything_stays(rig: Rig) -> None:
    await office(rig)
    master = await as_(rig, MAX)
    gail = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", GAIL)

    assert "last_administrator" == await refused(done(rig, master, gail, UserAct.DEACTIVATE))
    await made(rig, KIT, "Kit Wren", Role.ADMINISTRATOR, MPFT, everywhere=True)
    await done(rig, master, gail, UserAct.DEACTIVATE)


async def test_of_two_who_lower_each_other_one_stays(rig: Rig) -> None:
    await office(rig)
    kit = await made(rig, KIT, "Kit Wren", Role.ADMINISTRATOR, MPFT, everywhere=True)
    gail = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", GAIL)
    hers, his = await as_(rig, GAIL), await as_(rig, KIT)
    given = await access(rig, Role.STANDARD, MPFT)

    async with transaction(rig.pool) as db:
        await users.queue_up(db)  # as another change of accounts does at this moment
        acts = [asyncio.create_task(changed(rig, who, whom, given)) for who, whom in ((hers, kit), (his, gail))]
        await asyncio.sleep(0.3)
        assert not any(each.done() for each in acts)
    both = await asyncio.gather(*acts, return_exceptions=True)

    left = "SELECT count(*) FROM register_grant WHERE all_organisations AND role = 'administrator'"
    assert (1, 1) == (await rig.pool.fetchval(left), sum(isinstance(each, Exception) for each in both))


async def test_a_temporary_password_that_lives_is_not_replaced_by_a_second_click(rig: Rig) -> None:
    await office(rig)
    gail = await as_(rig, GAIL)
    kit = (await added(rig, gail, KIT, await access(rig, Role.STANDARD, MPFT))).user_id
    await rig.let_pass(timedelta(minutes=10))
    gail = await as_(rig, GAIL)

    assert UserAct.WELCOME not in (await read(rig, gail, kit)).acts
