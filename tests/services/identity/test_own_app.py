"""The authenticator app of the own account: how it is added, kept, removed, and told of."""

from datetime import timedelta

import pytest

from services.identity.rules.log_in import Status
from shared.contracts.authenticator import AppState, BeginApp, ConfirmApp, ReadApp, RemoveApp, RenewRecoveryCodes
from shared.contracts.identity import ChangePassword, SessionOpened
from shared.messages import Fault, NotAnswered
from tests.services.identity.phones import Phone, add_app, come_in_by_app, with_app
from tests.services.identity.rig import ADA, PASSWORD, Rig, refused

NEW = "Heath-Lark-28!"


async def who(rig: Rig, opened: SessionOpened) -> str:
    return (await rig.find(opened.session_token)).assertion


async def state(rig: Rig, opened: SessionOpened) -> AppState:
    return await rig.ask(ReadApp(), await who(rig, opened))


async def told(rig: Rig) -> list[str]:
    return [mail.template for mail in await rig.mails() if mail.template != "pin"]


@pytest.mark.requirement("R-USE-015")
async def test_an_app_is_added_with_the_password_and_one_of_its_codes(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    before = await state(rig, opened)

    phone = await add_app(rig, opened)

    after = await state(rig, opened)
    assert (None, 0, True, 10) == (
        before.added_at,
        before.recovery_codes_left,
        after.added_at is not None,
        after.recovery_codes_left,
    )
    assert "password_totp" == (await rig.find(opened.session_token)).visitor.method
    assert (10, ["app_added"]) == (len(set(phone.recovery_codes)), await told(rig))
    assert {"app_begun", "app_added"} <= set(await rig.audited())


async def test_the_picture_shows_the_site_and_the_address(rig: Rig) -> None:
    await rig.person()

    begun = await rig.ask(BeginApp(current_password=PASSWORD), await who(rig, await rig.come_in()))

    assert begun.uri.startswith("otpauth://totp/Staffordshire")
    assert f"secret={begun.secret}" in begun.uri
    assert "secret" not in repr(begun)


async def test_a_wrong_password_gets_no_secret_and_a_wrong_code_adds_no_app(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    ada = await who(rig, opened)

    assert "password_wrong" == await refused(rig.ask(BeginApp(current_password="wrong"), ada))
    assert "not_begun" == await refused(rig.ask(ConfirmApp(code="123456"), ada))
    begun = await rig.ask(BeginApp(current_password=PASSWORD), ada)
    assert "code_wrong" == await refused(rig.ask(ConfirmApp(code=Phone(begun.secret).wrong()), ada))
    assert (await state(rig, opened)).added_at is None
    assert [] == await told(rig)


async def test_a_secret_belongs_to_its_session_and_gets_old(rig: Rig) -> None:
    await rig.person()
    one, other = await rig.come_in(), await rig.come_in()
    begun = await rig.ask(BeginApp(current_password=PASSWORD), await who(rig, one))
    code = Phone(begun.secret).code()

    elsewhere = await refused(rig.ask(ConfirmApp(code=code), await who(rig, other)))
    await rig.pool.execute("UPDATE begun_app SET begun_at = begun_at - interval '31 minutes'")

    assert ("not_begun", "not_begun") == (elsewhere, await refused(rig.ask(ConfirmApp(code=code), await who(rig, one))))


async def test_a_session_that_ends_meanwhile_adds_no_app(rig: Rig) -> None:
    await rig.person()
    ada = await who(rig, await rig.come_in())
    begun = await rig.ask(BeginApp(current_password=PASSWORD), ada)
    await rig.pool.execute("DELETE FROM session")  # its end has not been heard at identity's front door yet

    with pytest.raises(NotAnswered) as fault:
        await rig.ask(ConfirmApp(code=Phone(begun.secret).code()), ada)

    assert (Fault.NOT_SIGNED_IN, 0) == (fault.value.fault, await rig.pool.fetchval("SELECT count(*) FROM app"))


async def test_whatever_was_opened_without_the_app_ends(rig: Rig) -> None:
    await rig.person()
    elsewhere, half = await rig.come_in(), await rig.log_in()
    pin = await rig.newest_pin()

    opened = await rig.come_in()
    await add_app(rig, opened)

    assert "no_session" == await refused(rig.find(elsewhere.session_token))
    assert "attempt_over" == await refused(rig.verify(half, pin))
    assert "Ada Birch" == (await rig.find(opened.session_token)).visitor.full_name


async def test_nothing_that_is_stored_is_a_secret_in_clear(rig: Rig) -> None:
    await rig.person()

    phone = await with_app(rig)

    sealed = await rig.pool.fetchval("SELECT sealed_secret FROM app")
    hashes = [row["code_hash"] for row in await rig.pool.fetch("SELECT code_hash FROM recovery_code")]
    plain = [phone.secret.encode(), *(code.replace("-", "").encode() for code in phone.recovery_codes)]
    assert not any(each in stored for each in plain for stored in (sealed, *hashes))
    assert phone.secret == rig.context.keys.unseal(await rig.pool.fetchval("SELECT account_id FROM app"), sealed)
    assert not any(phone.secret in mail.model_dump_json() for mail in await rig.mails())


async def test_the_app_is_removed_with_password_and_code(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    phone = await add_app(rig, opened)
    ada = await who(rig, opened)

    for password, code, refusal in (
        ("wrong", phone.code(), "password_wrong"),
        (PASSWORD, phone.wrong(), "code_wrong"),
        (PASSWORD, phone.code(), ""),
        (PASSWORD, phone.code(1), "no_app"),
    ):
        assert refusal == await refused(rig.ask(RemoveApp(current_password=password, code=code), ada))
    assert ["app_added", "app_removed"] == await told(rig)
    assert 0 == await rig.pool.fetchval("SELECT count(*) FROM recovery_code")
    assert (await rig.come_in()).session_token


async def test_who_has_lost_the_phone_removes_the_app_with_a_recovery_code(rig: Rig) -> None:
    await rig.person()
    phone = await with_app(rig)
    opened = await rig.verify(await rig.log_in(), phone.recovery_codes[0])

    removing = RemoveApp(current_password=PASSWORD, code=phone.recovery_codes[1])

    assert "" == await refused(rig.ask(removing, await who(rig, opened)))
    assert (await state(rig, opened)).added_at is None


@pytest.mark.requirement("R-USE-015")
async def test_new_recovery_codes_replace_the_earlier_ones(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    phone = await add_app(rig, opened)
    renewing = RenewRecoveryCodes(current_password=PASSWORD, code=phone.code())

    new = await rig.ask(renewing, await who(rig, opened))

    assert "pin_refused" == await refused(rig.verify(await rig.log_in(), phone.recovery_codes[0]))
    assert (await rig.verify(await rig.log_in(), new.codes[0])).session_token
    assert ["app_added", "recovery_codes_renewed", "recovery_code_used"] == await told(rig)


async def test_wrong_codes_on_the_account_page_lock_the_account_as_wrong_pins_do(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    phone = await add_app(rig, opened)
    ada = await who(rig, opened)
    wrong = RemoveApp(current_password=PASSWORD, code=phone.wrong())

    assert ["code_wrong"] * 9 == [await refused(rig.ask(wrong, ada)) for _ in range(9)]
    with pytest.raises(NotAnswered) as fault:
        await rig.ask(wrong, ada)

    assert (Fault.NOT_SIGNED_IN, Status.LOCKED) == (fault.value.fault, await rig.status())
    assert "no_session" == await refused(rig.find(opened.session_token))


async def test_a_new_password_keeps_the_app(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    phone = await add_app(rig, opened)

    await rig.ask(ChangePassword(current_password=PASSWORD, new_password=NEW), await who(rig, opened))

    assert (
        "password_totp" == (await rig.find((await come_in_by_app(rig, phone, ADA, NEW)).session_token)).visitor.method
    )


async def test_a_second_app_needs_the_first_to_be_removed(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    await add_app(rig, opened)

    assert "app_before" == await refused(rig.ask(BeginApp(current_password=PASSWORD), await who(rig, opened)))


async def test_tries_to_confirm_an_app_have_a_limit(rig: Rig) -> None:
    await rig.person()
    ada = await who(rig, await rig.come_in())
    wrong = ConfirmApp(code="123456")

    codes = [await refused(rig.ask(wrong, ada)) for _ in range(31)]
    await rig.let_pass(timedelta(minutes=1))

    assert ["not_begun"] * 30 + ["too_many"] == codes
