"""Roles that need an authenticator app: who must add one, what a mailbox alone opens, and the reset of a lost app."""

from uuid import UUID, uuid4

import pytest

from deploy.operate.actions import ResettingParts
from services.identity.operators import reset_app_of
from services.identity.settings import IdentitySettings
from shared.accounts import UserAct
from shared.contracts.authenticator import ReadApp, RemoveApp
from shared.contracts.identity import ChangePassword, RemindPassword
from shared.contracts.users import ListUsers, ResetApp, User
from shared.database import transaction
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import AccountGrant, Permission, Role
from tests.services.identity.managing import AMINA, COMBINED, GAIL, JO, MAX, access, changed, done, made, office, read
from tests.services.identity.phones import Phone, add_app, come_in_by_app, with_app
from tests.services.identity.rig import PASSWORD, WARD, Rig, refused

NEW = "Heath-Lark-28!"


@pytest.fixture
def settings(settings: IdentitySettings) -> IdentitySettings:
    return settings.model_copy(update={"app_required_for": None})


async def must_add_app(rig: Rig, email: str, register: str = "dsr") -> bool:
    visitor = (await rig.find((await rig.come_in(email)).session_token, register)).visitor
    assert visitor.must_add_app is (visitor.permissions == {Permission.USE_ACCOUNT})
    return visitor.must_add_app


async def with_roles(rig: Rig) -> tuple[UUID, dict[str, Phone]]:
    """Add the office, whose administrators have apps. Return Jo's id, and the phones."""
    jo = await office(rig)
    return jo, {email: await with_app(rig, email) for email in (GAIL, AMINA, MAX)}


async def as_by_app(rig: Rig, phone: Phone, email: str) -> str:
    return (await rig.find((await come_in_by_app(rig, phone, email)).session_token)).assertion


async def reset(rig: Rig, who: str, user_id: UUID) -> str | None:
    return (await rig.ask(ResetApp(user_id=user_id), who)).code


async def reminded(rig: Rig, email: str) -> str:
    await rig.ask(RemindPassword(register_code="dsr", email=email, address=WARD))
    return (await rig.mails("reminder"))[-1].values["password"]


@pytest.mark.requirement("R-PRIV-004")
async def test_administrators_and_reporting_users_must_add_an_app_and_standard_users_need_none(rig: Rig) -> None:
    await office(rig)
    await made(rig, "rae@mpft.nhs.uk", "Rae Port", Role.REPORTING)

    needing = [await must_add_app(rig, email) for email in (GAIL, AMINA, MAX, "rae@mpft.nhs.uk", JO)]

    assert [True, True, True, True, False] == needing


@pytest.mark.parametrize("grant", AccountGrant)
async def test_add_ons_for_loading_and_for_privacy_need_an_app(rig: Rig, grant: AccountGrant) -> None:
    await office(rig)
    await rig.pool.execute("UPDATE register_grant SET grants = $1", [grant])

    assert (grant in (AccountGrant.BULK_LOAD, AccountGrant.PRIVACY_OFFICER)) is await must_add_app(rig, JO)


async def test_a_role_on_one_register_needs_the_app_on_every_register(rig: Rig) -> None:
    await office(rig)

    assert await must_add_app(rig, GAIL, "s117")


@pytest.mark.requirement("R-PRIV-004")
async def test_who_must_add_an_app_may_do_nothing_else_before(rig: Rig) -> None:
    await office(rig)
    opened = await rig.come_in(GAIL)
    gail = await rig.find(opened.session_token)
    with pytest.raises(NotAnswered) as fault:
        await rig.ask(ListUsers(), gail.assertion)

    await add_app(rig, opened)

    after = await rig.find(opened.session_token)
    assert (Fault.NOT_ALLOWED, None, Role.ADMINISTRATOR) == (fault.value.fault, gail.visitor.role, after.visitor.role)
    assert len((await rig.ask(ListUsers(), after.assertion)).users) == 3


async def test_a_new_administrator_changes_the_password_and_then_adds_an_app(rig: Rig) -> None:
    await office(rig)
    opened = await rig.come_in(GAIL, await reminded(rig, GAIL))
    first = (await rig.find(opened.session_token)).visitor
    temporary = (await rig.mails("reminder"))[-1].values["password"]
    changing = ChangePassword(current_password=temporary, new_password=NEW)

    opened = await rig.ask(changing, (await rig.find(opened.session_token)).assertion)
    second = (await rig.find(opened.session_token)).visitor
    await add_app(rig, opened, NEW)

    assert (True, True, False, True) == (
        first.must_change,
        first.must_add_app,
        second.must_change,
        second.must_add_app,
    )
    assert Role.ADMINISTRATOR is (await rig.find(opened.session_token)).visitor.role


@pytest.mark.requirement("R-PRIV-004")
async def test_a_new_role_that_needs_an_app_logs_the_user_out_to_add_one(rig: Rig) -> None:
    jo, phones = await with_roles(rig)
    session = (await rig.come_in(JO)).session_token

    gail = await as_by_app(rig, phones[GAIL], GAIL)
    await changed(rig, gail, jo, await access(rig, Role.REPORTING, everywhere=True))

    assert ("no_session", True) == (await refused(rig.find(session)), await must_add_app(rig, JO))


@pytest.mark.requirement("R-PRIV-004")
async def test_an_administrator_resets_the_app_of_another_who_then_needs_their_code(rig: Rig) -> None:
    _jo, phones = await with_roles(rig)
    amina_id = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", AMINA)
    session = (await come_in_by_app(rig, phones[AMINA], AMINA)).session_token

    code = await reset(rig, await as_by_app(rig, phones[GAIL], GAIL), amina_id)

    assert code is not None
    assert "no_session" == await refused(rig.find(session))
    old = [phones[AMINA].code(), phones[AMINA].code(1), phones[AMINA].recovery_codes[0]]
    assert ["pin_refused"] * 3 == [await refused(rig.verify(await rig.log_in(AMINA), each)) for each in old]
    opened = await rig.verify(await rig.log_in(AMINA), code)
    assert (await rig.find(opened.session_token)).visitor.must_add_app
    assert "pin_refused" == await refused(rig.verify(await rig.log_in(AMINA), code))
    new = await add_app(rig, opened)
    assert Role.ADMINISTRATOR is (await rig.find(opened.session_token)).visitor.role
    assert (await come_in_by_app(rig, new, AMINA)).session_token
    assert [AMINA] == [mail.recipient for mail in await rig.mails("app_reset")]
    assert "app_reset" in await rig.audited()


@pytest.mark.requirement("R-PRIV-004")
async def test_after_a_reset_a_stolen_mailbox_alone_opens_nothing(rig: Rig) -> None:
    _jo, phones = await with_roles(rig)
    amina_id = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", AMINA)
    code = await reset(rig, await as_by_app(rig, phones[GAIL], GAIL), amina_id)
    mailed = len(await rig.mails("pin"))

    half = await rig.log_in(AMINA, await reminded(rig, AMINA))

    assert mailed == len(await rig.mails("pin"))
    assert not any(str(code) in mail.model_dump_json() for mail in await rig.mails())
    assert "pin_refused" == await refused(rig.verify(half, await rig.newest_pin()))


@pytest.mark.requirement("R-PRIV-004")
async def test_a_stolen_mailbox_alone_opens_nothing_once_a_needed_app_is_removed(rig: Rig) -> None:
    _jo, phones = await with_roles(rig)
    opened = await come_in_by_app(rig, phones[GAIL], GAIL)
    removing = RemoveApp(current_password=PASSWORD, code=phones[GAIL].code())
    await rig.ask(removing, (await rig.find(opened.session_token)).assertion)
    mailed = len(await rig.mails("pin"))

    half = await rig.log_in(GAIL, await reminded(rig, GAIL))

    codes = [await rig.newest_pin(), phones[GAIL].code(1)]
    assert ["pin_refused"] * 2 == [await refused(rig.verify(half, each)) for each in codes]
    assert mailed == len(await rig.mails("pin"))
    assert (await rig.find(opened.session_token)).visitor.must_add_app


async def test_who_removes_a_needed_app_adds_another_also_after_a_log_in_by_a_recovery_code(rig: Rig) -> None:
    _jo, phones = await with_roles(rig)
    opened = await come_in_by_app(rig, phones[GAIL], GAIL)
    removing = RemoveApp(current_password=PASSWORD, code=phones[GAIL].code())
    await rig.ask(removing, (await rig.find(opened.session_token)).assertion)

    opened = await rig.verify(await rig.log_in(GAIL), phones[GAIL].recovery_codes[0])
    new = await add_app(rig, opened)

    assert Role.ADMINISTRATOR is (await rig.find((await come_in_by_app(rig, new, GAIL)).session_token)).visitor.role
    assert "pin_refused" == await refused(rig.verify(await rig.log_in(GAIL), phones[GAIL].recovery_codes[1]))


async def test_the_code_of_a_reset_gets_old_in_a_day(rig: Rig) -> None:
    _jo, phones = await with_roles(rig)
    amina_id = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", AMINA)
    code = str(await reset(rig, await as_by_app(rig, phones[GAIL], GAIL), amina_id))

    await rig.pool.execute("UPDATE app SET reset_until = reset_until - interval '24 hours'")

    assert "pin_refused" == await refused(rig.verify(await rig.log_in(AMINA), code))


async def test_without_a_role_that_needs_it_a_reset_app_is_gone_and_a_pin_is_mailed_again(rig: Rig) -> None:
    jo, phones = await with_roles(rig)
    await with_app(rig, JO)
    gail = await as_by_app(rig, phones[GAIL], GAIL)

    assert (True, None) == ((await read(rig, gail, jo)).may_reset_app, await reset(rig, gail, jo))
    assert not await must_add_app(rig, JO)
    assert not (await read(rig, gail, jo)).may_reset_app
    assert "not_now" == await refused(reset(rig, gail, jo))


@pytest.mark.requirement("R-PRIV-004")
async def test_nobody_resets_their_own_app_or_that_of_someone_with_more(rig: Rig) -> None:
    _jo, phones = await with_roles(rig)
    ids = {row["email"]: row["account_id"] for row in await rig.pool.fetch("SELECT email, account_id FROM account")}
    local = await made(rig, "lo@combined.nhs.uk", "Lo Cal", Role.ADMINISTRATOR, COMBINED)
    lo = await as_by_app(rig, await with_app(rig, "lo@combined.nhs.uk"), "lo@combined.nhs.uk")
    gail = await as_by_app(rig, phones[GAIL], GAIL)

    tries = [(lo, local), (lo, ids[GAIL]), (lo, ids[MAX]), (gail, ids[MAX]), (gail, ids[GAIL]), (gail, uuid4())]

    assert ["yourself", "not_found", "not_found", "not_found", "yourself", "not_found"] == [
        await refused(reset(rig, who, whom)) for who, whom in tries
    ]
    assert 4 == await rig.pool.fetchval("SELECT count(*) FROM app WHERE reset_until IS NULL")


async def test_an_account_of_several_registers_is_reset_by_a_master_admin_alone(rig: Rig) -> None:
    jo, phones = await with_roles(rig)
    await with_app(rig, JO)
    await rig.pool.execute(
        "INSERT INTO register_grant (account_id, register_code, role) VALUES ($1, 's117', $2)", jo, "administrator"
    )
    gail, master = await as_by_app(rig, phones[GAIL], GAIL), await as_by_app(rig, phones[MAX], MAX)

    assert "elsewhere" == await refused(reset(rig, gail, jo))
    assert await reset(rig, master, jo)


async def test_the_app_of_a_user_who_is_logged_out_everywhere_stays(rig: Rig) -> None:
    jo, phones = await with_roles(rig)
    phone = await with_app(rig, JO)

    await done(rig, await as_by_app(rig, phones[GAIL], GAIL), jo, UserAct.END_SESSIONS)

    assert (await come_in_by_app(rig, phone, JO)).session_token


@pytest.mark.requirement("R-PRIV-004")
async def test_an_operator_resets_the_app_of_the_last_master_admin(rig: Rig) -> None:
    _jo, phones = await with_roles(rig)
    parts = ResettingParts(rig.context.keys, rig.context.mails, rig.context.needing_app)

    async with transaction(rig.pool) as db:
        code = await reset_app_of(db, parts, MAX, "ICS Registers")
    with pytest.raises(Refused):
        async with transaction(rig.pool) as db:
            await reset_app_of(db, parts, "nobody@mpft.nhs.uk", "ICS Registers")

    assert "pin_refused" == await refused(rig.verify(await rig.log_in(MAX), phones[MAX].code()))
    assert (await rig.verify(await rig.log_in(MAX), str(code))).session_token
    assert 1 == (await rig.audited()).count("app_reset")


async def test_the_account_s_page_knows_whether_a_role_needs_the_app(rig: Rig) -> None:
    await office(rig)
    who = [(await rig.find((await rig.come_in(email)).session_token)).assertion for email in (GAIL, JO)]

    assert [True, False] == [(await rig.ask(ReadApp(), each)).required for each in who]


async def test_nothing_set_means_the_default_and_none_in_demo_mode(settings: IdentitySettings) -> None:
    default = ("master_admin", "administrator", "reporting", "bulk_load", "privacy_officer")

    assert (default, ()) == (settings.needing_app, settings.model_copy(update={"demo": True}).needing_app)
    assert ("reporting", "unlock") == settings.model_copy(update={"app_required_for": "reporting, unlock"}).needing_app
    assert () == settings.model_copy(update={"app_required_for": ""}).needing_app


def test_a_role_that_does_not_exist_stops_the_start(
    settings: IdentitySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICS_APP_REQUIRED_FOR", "administrator,nurse")

    with pytest.raises(ValueError, match="nurse: not a role or an add-on"):
        IdentitySettings()


async def test_a_user_s_page_says_whether_there_is_an_app(rig: Rig) -> None:
    jo, phones = await with_roles(rig)
    gail = await as_by_app(rig, phones[GAIL], GAIL)

    before: User = await read(rig, gail, jo)
    await with_app(rig, JO)

    assert (False, True) == (before.user.has_app, (await read(rig, gail, jo)).user.has_app)
