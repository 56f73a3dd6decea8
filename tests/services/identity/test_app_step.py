"""The second step of a log-in by authenticator app: what opens the account, what does not, and how often."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from services.identity.keys import Keys
from services.identity.rules.log_in import Status
from shared.contracts.identity import LogIn, RemindPassword, ResendPin
from tests.services.identity.phones import come_in_by_app, with_app
from tests.services.identity.rig import ADA, PASSWORD, WARD, Rig, refused


async def tried(rig: Rig, code: str, count: int = 1) -> Counter[str]:
    """Send this code in so many log-ins at once, and count the refusals."""
    halves = [await rig.log_in() for _ in range(count)]
    return Counter(await asyncio.gather(*(refused(rig.verify(half, code)) for half in halves)))


@pytest.mark.requirement("R-USE-015")
async def test_a_code_of_the_app_opens_the_account_and_no_pin_is_mailed(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)
    mailed = len(await rig.mails("pin"))

    attempt = await rig.ask(LogIn(register_code="dsr", email=ADA, password=PASSWORD, address=WARD))
    opened = await rig.verify(attempt.attempt_token, phone.code())

    assert (True, mailed) == (attempt.by_app, len(await rig.mails("pin")))
    assert "password_totp" == (await rig.find(opened.session_token)).visitor.method


@pytest.mark.requirement("R-PRIV-004")
async def test_a_stolen_password_opens_nothing_without_the_app(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)
    last_pin = await rig.newest_pin()

    assert {"pin_refused": 1} == await tried(rig, phone.wrong())
    assert {"pin_refused": 1} == await tried(rig, last_pin)
    assert "attempt_over" == await refused(rig.ask(ResendPin(attempt_token=await rig.log_in())))


@pytest.mark.requirement("R-PRIV-004")
async def test_a_stolen_mailbox_alone_opens_nothing(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)

    await rig.ask(RemindPassword(register_code="dsr", email=ADA, address=WARD))
    password = (await rig.mails("reminder"))[-1].values["password"]
    half = await rig.log_in(ADA, password)

    for mail in await rig.mails():
        for value in mail.values.values():
            if len(value) <= 32 and value.isdigit():
                assert "pin_refused" == await refused(rig.verify(half, value))
    assert 1 == await rig.pool.fetchval("SELECT count(*) FROM session")  # the one in which the app was added
    assert (await rig.verify(await rig.log_in(ADA, password), phone.code())).must_change


@pytest.mark.requirement("R-USE-015")
async def test_a_code_is_accepted_once_however_many_log_ins_send_it(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)
    code = phone.code()

    assert {"": 1, "pin_refused": 4} == await tried(rig, code, 5)
    assert {"pin_refused": 1} == await tried(rig, code)


async def test_an_earlier_code_is_not_accepted_after_a_later_one(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)
    now, next_one = phone.code(), phone.code(1)

    assert {"": 1} == await tried(rig, next_one)
    assert {"pin_refused": 1} == await tried(rig, now)


async def test_the_code_that_added_the_app_is_used_up(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)
    await rig.pool.execute("UPDATE app SET last_step = last_step + 2")  # take back the minute that passed

    assert {"pin_refused": 1} == await tried(rig, phone.code())


@pytest.mark.requirement("R-USE-015")
async def test_a_recovery_code_works_once_and_is_told(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)
    code = phone.recovery_codes[3]

    assert {"": 1, "pin_refused": 4} == await tried(rig, code.lower(), 5)
    assert {"pin_refused": 1} == await tried(rig, code)
    [mail] = await rig.mails("recovery_code_used")
    assert (ADA, "9") == (mail.recipient, mail.values["left"])
    assert 1 == Counter(await rig.audited())["recovery_code_used"]


async def test_a_recovery_code_of_one_user_opens_nothing_of_another(rig: Rig) -> None:
    await rig.person()
    await rig.person("bea.ash@mpft.nhs.uk")
    await with_app(rig)
    others = await with_app(rig, "bea.ash@mpft.nhs.uk")

    assert {"pin_refused": 1} == await tried(rig, others.recovery_codes[0])
    assert {"pin_refused": 1} == await tried(rig, others.code())


@pytest.mark.requirement("R-USE-015")
async def test_of_a_flood_of_codes_ten_are_looked_at_and_then_the_account_is_locked(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.person()
    phone = await with_app(rig)
    looked_at: list[str] = []
    unseal = Keys.unseal

    def counted(keys: Keys, account_id: UUID, sealed: bytes) -> str:
        looked_at.append("")
        return unseal(keys, account_id, sealed)

    monkeypatch.setattr(Keys, "unseal", counted)
    halves = [await rig.log_in() for _ in range(5)]
    guesses = [refused(rig.verify(half, phone.wrong())) for half in halves * 6]

    codes = Counter(await asyncio.gather(*guesses))

    assert (10, Status.LOCKED, 0) == (len(looked_at), await rig.status(), codes[""])
    assert ["locked"] == [mail.template for mail in await rig.mails("locked")]
    assert "wrong_details" == await refused(rig.log_in())


async def test_recovery_codes_count_as_pins_do(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)

    for _ in range(10):
        await tried(rig, "ABCDE-FGHJK")

    assert Status.LOCKED is await rig.status()
    assert "wrong_details" == await refused(come_in_by_app(rig, phone))


async def test_five_wrong_codes_end_a_log_in(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)
    half = await rig.log_in()

    wrong = [await refused(rig.verify(half, phone.wrong())) for _ in range(5)]

    assert (["pin_refused"] * 4 + ["attempt_over"], "attempt_over") == (
        wrong,
        await refused(rig.verify(half, phone.code())),
    )


async def test_right_codes_use_up_no_limit(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)

    for _ in range(12):
        await come_in_by_app(rig, phone)

    assert Status.ACTIVE is await rig.status()
