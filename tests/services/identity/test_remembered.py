"""Remembered browsers: a code is asked once in some days, and a copy of one opens nothing."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.identity.settings import IdentitySettings
from shared.accounts import UserAct
from shared.contracts.authenticator import ForgetRemembered, ListRemembered, RemoveApp
from shared.contracts.identity import Attempt, ChangePassword, LogIn, RemindPassword, SessionOpened, VerifyPin
from shared.permissions import Role
from tests.services.identity.managing import GAIL, done, made
from tests.services.identity.phones import Phone, add_app
from tests.services.identity.rig import ADA, PASSWORD, WARD, Rig, refused


@pytest.fixture
def settings(settings: IdentitySettings) -> IdentitySettings:
    changes = {"remember_device_days": 14, "app_required_for": "administrator"}
    return settings.model_copy(update=changes)


@dataclass
class Chrome:
    """A browser that keeps the two cookies, as the gateway sets them."""

    rig: Rig
    email: str = ADA
    password: str = PASSWORD
    device: str | None = field(default=None, repr=False)
    remembered: str | None = field(default=None, repr=False)

    def copy(self) -> "Chrome":
        return Chrome(self.rig, self.email, self.password, self.device, self.remembered)

    async def enter_password(self) -> Attempt:
        asked = LogIn(
            register_code="dsr",
            email=self.email,
            password=self.password,
            address=WARD,
            device_token=self.device,
            remember_token=self.remembered,
        )
        return await self.rig.ask(asked)

    async def verify(self, attempt: Attempt, code: str = "", *, remember: bool = False) -> SessionOpened:
        asked = VerifyPin(attempt_token=attempt.attempt_token, pin=code, remember=remember, browser="Edge on Windows")
        opened = await self.rig.ask(asked)
        self.device, self.remembered = opened.device_token, opened.remember_token or self.remembered
        return opened

    async def come_in(self, phone: Phone | None = None, *, remember: bool = True) -> SessionOpened:
        attempt = await self.enter_password()
        code = phone.code() if phone else await self.rig.newest_pin()
        opened = await self.verify(attempt, code, remember=remember)
        await self.rig.let_pass(timedelta(minutes=1))
        return opened

    async def is_let_in(self) -> bool:
        """Enter the password, and log in if no code is asked."""
        attempt = await self.enter_password()
        if attempt.remembered:
            await self.verify(attempt)
        return attempt.remembered


async def remembered_by_pin(rig: Rig) -> Chrome:
    await rig.person()
    chrome = Chrome(rig)
    await chrome.come_in()
    return chrome


async def assertion(rig: Rig, opened: SessionOpened) -> str:
    return (await rig.find(opened.session_token)).assertion


@pytest.mark.requirement("R-USE-015")
async def test_in_a_remembered_browser_no_code_is_asked_until_its_days_are_over(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    mailed = len(await rig.mails("pin"))

    first = await chrome.enter_password()
    opened = await chrome.verify(first)
    await rig.let_pass(timedelta(days=13, hours=23))
    late = await chrome.is_let_in()
    await rig.let_pass(timedelta(hours=1))

    assert (True, True, mailed) == (first.remembered, late, len(await rig.mails("pin")))
    assert 0 < opened.remember_seconds <= 14 * 86_400
    assert not await chrome.is_let_in()


@pytest.mark.requirement("R-USE-015")
async def test_the_password_is_asked_all_the_same(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    chrome.password = "wrong"

    assert "wrong_details" == await refused(chrome.enter_password())


async def test_a_user_who_did_not_ask_for_it_is_asked_for_a_code_again(rig: Rig) -> None:
    await rig.person()
    chrome = Chrome(rig)
    await chrome.come_in(remember=False)

    assert (None, False) == (chrome.remembered, await chrome.is_let_in())


@pytest.mark.requirement("R-USE-015")
async def test_a_copy_in_another_browser_is_noticed_and_both_are_asked_for_a_code(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    copy = chrome.copy()

    assert await copy.is_let_in()
    assert not await chrome.is_let_in()
    assert not await copy.is_let_in()
    assert "device_token_copied" in await rig.audited()


@pytest.mark.requirement("R-USE-015")
async def test_the_cookie_alone_opens_nothing_in_a_browser_that_is_not_its_own(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    thief = Chrome(rig, remembered=chrome.remembered)

    assert not await thief.is_let_in()
    assert not await chrome.is_let_in()


@pytest.mark.requirement("R-USE-015")
async def test_a_cookie_that_was_used_before_is_taken_for_a_copy(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    used = chrome.remembered
    assert await chrome.is_let_in()

    chrome.remembered = used

    assert not await chrome.is_let_in()
    assert "device_token_copied" in await rig.audited()


async def test_the_cookie_of_one_user_opens_nothing_of_another(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    await rig.person("bea.ash@mpft.nhs.uk")
    other = Chrome(rig, "bea.ash@mpft.nhs.uk", device=chrome.device, remembered=chrome.remembered)

    assert (False, True) == (await other.is_let_in(), await chrome.is_let_in())


async def test_a_log_in_from_a_remembered_browser_that_is_forgotten_meanwhile_opens_nothing(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    half = await chrome.enter_password()

    await rig.pool.execute("UPDATE device SET remembered_until = NULL")

    assert "pin_refused" == await refused(chrome.verify(half))


@pytest.mark.requirement("R-USE-015")
async def test_a_new_password_ends_it(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    opened = await chrome.come_in()

    await rig.ask(
        ChangePassword(current_password=PASSWORD, new_password="Heath-Lark-28!"), await assertion(rig, opened)
    )

    chrome.password = "Heath-Lark-28!"
    assert not await chrome.is_let_in()
    assert 0 == await rig.pool.fetchval("SELECT count(*) FROM remembered_token")


async def test_with_a_temporary_password_a_code_is_asked(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    await rig.ask(RemindPassword(register_code="dsr", email=ADA, address=WARD))

    chrome.password = (await rig.mails("reminder"))[-1].values["password"]

    assert not await chrome.is_let_in()


@pytest.mark.requirement("R-USE-015")
@pytest.mark.parametrize("act", [UserAct.END_SESSIONS, UserAct.DEACTIVATE])
async def test_who_is_logged_out_everywhere_is_asked_for_a_code_again(rig: Rig, act: UserAct) -> None:
    await made(rig, GAIL, "Gail Thomas", Role.ADMINISTRATOR, everywhere=True)
    opened = await rig.come_in(GAIL)
    await add_app(rig, opened)
    chrome = await remembered_by_pin(rig)
    ada = await rig.pool.fetchval("SELECT account_id FROM account WHERE email = $1", ADA)

    gail = await assertion(rig, opened)
    await done(rig, gail, ada, act)
    if act is UserAct.DEACTIVATE:
        await done(rig, gail, ada, UserAct.ACTIVATE)

    assert not await chrome.is_let_in()


async def test_a_user_sees_remembered_browsers_and_ends_them(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    opened = await chrome.come_in()
    await rig.person("bea.ash@mpft.nhs.uk")
    bea = await assertion(rig, await rig.come_in("bea.ash@mpft.nhs.uk"))
    ada = await assertion(rig, opened)

    [shown] = (await rig.ask(ListRemembered(), ada)).devices
    forgetting = ForgetRemembered(device_id=shown.device_id)

    assert ("Edge on Windows", ()) == (shown.browser, (await rig.ask(ListRemembered(), bea)).devices)
    assert ["not_found", ""] == [await refused(rig.ask(forgetting, who)) for who in (bea, ada)]
    assert not await chrome.is_let_in()
    assert () == (await rig.ask(ListRemembered(), ada)).devices


@pytest.mark.requirement("R-PRIV-004")
async def test_a_role_that_needs_an_app_is_remembered_by_its_app_alone(rig: Rig) -> None:
    await made(rig, GAIL, "Gail Thomas", Role.ADMINISTRATOR, everywhere=True)
    chrome = Chrome(rig, GAIL)
    before = await chrome.enter_password()
    opened = await chrome.verify(before, await rig.newest_pin(), remember=True)
    phone = await add_app(rig, opened)

    recovered = await chrome.verify(await chrome.enter_password(), phone.recovery_codes[0], remember=True)
    with_app = await chrome.come_in(phone)

    assert (0, None, None) == (before.remember_days, opened.remember_token, recovered.remember_token)
    assert with_app.remember_token
    assert await chrome.is_let_in()


@pytest.mark.requirement("R-PRIV-004")
async def test_a_browser_that_a_pin_remembered_does_not_replace_the_app(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)
    opened = await Chrome(rig).come_in(remember=False)

    phone = await add_app(rig, opened)
    removing = RemoveApp(current_password=PASSWORD, code=phone.code())

    assert not await chrome.is_let_in()
    await chrome.come_in(phone)
    await rig.ask(removing.model_copy(update={"code": phone.code()}), await assertion(rig, opened))
    assert not await chrome.is_let_in()


async def test_a_role_that_comes_to_need_an_app_is_asked_for_a_code(rig: Rig) -> None:
    chrome = await remembered_by_pin(rig)

    await rig.pool.execute("UPDATE register_grant SET role = 'administrator'")

    assert not await chrome.is_let_in()


async def test_where_it_is_not_allowed_nothing_is_remembered(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    chrome = await remembered_by_pin(rig)
    monkeypatch.setitem(vars(rig.context), "remembering", timedelta(0))

    attempt = await chrome.enter_password()
    opened = await chrome.verify(attempt, await rig.newest_pin(), remember=True)

    assert (False, 0, None) == (attempt.remembered, attempt.remember_days, opened.remember_token)
