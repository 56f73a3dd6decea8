"""The PIN step of a log-in: what succeeds, what is refused, and how many attempts are allowed."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from services.identity.operators import unlock_account
from services.identity.rules.log_in import Status
from shared.contracts.identity import CancelAttempt, PinRefused, ResendPin, SessionOpened
from shared.database import transaction
from shared.messages import Refused
from tests.services.identity.rig import ADA, PASSWORD, Rig, other_than, refused


async def cancel(rig: Rig, attempt_token: str) -> None:
    await rig.ask(CancelAttempt(attempt_token=attempt_token))


async def resend(rig: Rig, attempt_token: str) -> str:
    return await refused(rig.ask(ResendPin(attempt_token=attempt_token)))


async def wrong_pins(rig: Rig, attempt_token: str, count: int) -> list[str]:
    wrong = other_than(await rig.newest_pin())
    return [await refused(rig.verify(attempt_token, wrong)) for _ in range(count)]


@pytest.mark.requirement("R-S117-004", "R-S117-009")
async def test_a_code_of_six_digits_is_mailed_and_opens(rig: Rig) -> None:
    await rig.person()

    attempt_token = await rig.log_in()

    [mail] = await rig.mails()
    assert ("pin", ADA, "30") == (mail.template, mail.recipient, mail.values["minutes"])
    assert (6, True) == (len(mail.values["pin"]), mail.values["pin"].isdigit())
    opened = await rig.verify(attempt_token, mail.values["pin"])
    assert "Ada Birch" == (await rig.find(opened.session_token)).visitor.full_name


@pytest.mark.requirement("R-S117-004")
async def test_each_log_in_gets_a_code_of_its_own(rig: Rig) -> None:
    await rig.person()

    for _ in range(5):
        await rig.log_in()

    assert len({mail.values["pin"] for mail in await rig.mails("pin")}) > 1


@pytest.mark.requirement("R-S117-012")
async def test_the_right_password_alone_opens_nothing(rig: Rig) -> None:
    await rig.person()

    attempt_token = await rig.log_in()

    assert "no_session" == await refused(rig.find(attempt_token))
    assert 0 == await rig.pool.fetchval("SELECT count(*) FROM session")


@pytest.mark.requirement("R-S117-009", "R-S117-010")
async def test_a_code_is_good_for_thirty_minutes(rig: Rig) -> None:
    await rig.person()
    early, late = await rig.log_in(), await rig.log_in()
    early_pin, late_pin = [mail.values["pin"] for mail in await rig.mails("pin")]

    await rig.let_pass(timedelta(minutes=29, seconds=40))
    in_time = await refused(rig.verify(early, early_pin))
    await rig.let_pass(timedelta(seconds=20))

    assert ("", "pin_refused") == (in_time, await refused(rig.verify(late, late_pin)))


async def test_wrong_and_too_old_are_refused_alike(rig: Rig) -> None:
    await rig.person()
    refusals = []
    for age in (timedelta(0), timedelta(minutes=31)):
        attempt_token = await rig.log_in()
        pin = await rig.newest_pin()
        await rig.let_pass(age)
        with pytest.raises(Refused) as refusal:
            await rig.verify(attempt_token, pin if age else other_than(pin))
        refusals.append(refusal.value.details)

    assert [PinRefused(tries_left=4)] * 2 == refusals


@pytest.mark.requirement("R-S117-010")
async def test_a_code_is_good_for_one_log_in_and_once(rig: Rig) -> None:
    await rig.person()
    first = await rig.log_in()
    first_pin = await rig.newest_pin()
    second = await rig.log_in()
    second_pin = await rig.newest_pin()

    earlier_code = await refused(rig.verify(second, first_pin)) if first_pin != second_pin else "pin_refused"
    opened = await rig.verify(second, second_pin)
    used_again = await refused(rig.verify(second, second_pin))

    assert opened.session_token
    assert ("pin_refused", "attempt_over") == (earlier_code, used_again)
    assert "pin_refused" == await refused(rig.verify(first, other_than(first_pin)))


@pytest.mark.requirement("R-S117-010")
async def test_a_used_code_is_refused_in_the_next_log_in(rig: Rig) -> None:
    await rig.person()
    await rig.come_in()
    used = await rig.newest_pin()

    attempt_token = await rig.log_in()
    fresh = await rig.newest_pin()

    assert used == fresh or "pin_refused" == await refused(rig.verify(attempt_token, used))


@pytest.mark.requirement("R-S117-011")
async def test_cancel_makes_the_code_useless(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()

    await cancel(rig, attempt_token)

    assert "attempt_over" == await refused(rig.verify(attempt_token, await rig.newest_pin()))
    assert "attempt_over" == await resend(rig, attempt_token)


async def test_cancel_says_nothing_of_what_it_found(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()

    for token in (attempt_token, attempt_token, "of nothing"):
        await cancel(rig, token)

    assert 1 == Counter(await rig.audited())["attempt_cancelled"]


async def test_five_wrong_codes_end_the_log_in(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()

    assert ["pin_refused"] * 4 + ["attempt_over"] * 2 == await wrong_pins(rig, attempt_token, 6)
    assert "attempt_over" == await refused(rig.verify(attempt_token, await rig.newest_pin()))
    assert 5 == Counter(await rig.audited())["pin_wrong"]


@pytest.mark.slow
async def test_of_two_hundred_guesses_at_once_five_are_looked_at(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()
    wrong = other_than(await rig.newest_pin())

    outcomes = Counter(await asyncio.gather(*(refused(rig.verify(attempt_token, wrong)) for _ in range(200))))

    assert Counter(pin_refused=4, attempt_over=196) == outcomes
    assert 5 == Counter(await rig.audited())["pin_wrong"]


async def test_of_fifty_who_bring_the_right_code_at_once_one_comes_in(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()
    pin = await rig.newest_pin()

    outcomes = await asyncio.gather(*(rig.verify(attempt_token, pin) for _ in range(50)), return_exceptions=True)

    opened = [outcome for outcome in outcomes if isinstance(outcome, SessionOpened)]
    assert (1, 1) == (len(opened), await rig.pool.fetchval("SELECT count(*) FROM session"))


# ----------------------------------------------------------------------------------------- over all log-ins of a person
@pytest.mark.slow
async def test_ten_wrong_codes_in_an_hour_lock_the_account(rig: Rig) -> None:
    """An attacker who guesses codes has the password: five tries in each of fifty log-ins would be 250 guesses."""
    await rig.person()
    opened = await rig.come_in()
    attempts = [await rig.log_in() for _ in range(50)]
    pins = {mail.values["pin"] for mail in await rig.mails("pin")}
    wrong = next(pin for pin in (f"{n:06}" for n in range(1_000)) if pin not in pins)

    for _ in range(6):
        await asyncio.gather(*(refused(rig.verify(token, wrong)) for token in attempts))

    assert (10, Status.LOCKED) == (Counter(await rig.audited())["pin_wrong"], await rig.status())
    assert 1 == len(await rig.mails("locked"))
    assert "no_session" == await refused(rig.find(opened.session_token))


async def test_the_right_code_after_the_last_allowed_try_is_refused(rig: Rig) -> None:
    await rig.person()
    held_back = await rig.log_in()
    its_pin = await rig.newest_pin()
    for _ in range(2):
        await wrong_pins(rig, await rig.log_in(), 5)

    assert "attempt_over" == await refused(rig.verify(held_back, its_pin))
    assert "wrong_details" == await refused(rig.log_in())


async def test_where_the_hours_tries_are_used_up_no_code_is_looked_at(rig: Rig) -> None:
    await rig.person()
    await wrong_pins(rig, await rig.log_in(), 1)
    await rig.pool.execute("UPDATE rate_window SET counted = 10 WHERE kind = 'pins_hour'")
    attempt_token = await rig.log_in()

    assert "attempt_over" == await refused(rig.verify(attempt_token, await rig.newest_pin()))
    assert Status.LOCKED == await rig.status()


async def test_twenty_wrong_codes_in_a_day_lock_the_account(rig: Rig) -> None:
    await rig.person()
    for _ in range(4):
        assert Status.ACTIVE == await rig.status()
        await wrong_pins(rig, await rig.log_in(), 5)
        await rig.let_pass(timedelta(hours=1))

    assert Status.LOCKED == await rig.status()


async def test_a_right_code_is_no_wrong_one(rig: Rig) -> None:
    await rig.person()

    for _ in range(12):
        await rig.come_in()

    assert Status.ACTIVE == await rig.status()


async def test_who_is_unlocked_is_counted_anew(rig: Rig) -> None:
    await rig.person()
    for _ in range(2):
        await wrong_pins(rig, await rig.log_in(), 5)

    async with transaction(rig.pool) as db:
        assert await unlock_account(db, rig.context.keys, ADA)

    assert (await rig.come_in()).session_token


async def test_no_more_than_five_log_ins_wait_at_once(rig: Rig) -> None:
    await rig.person()
    first, *others = [await rig.log_in() for _ in range(6)]
    pins = [mail.values["pin"] for mail in await rig.mails("pin")]

    assert "attempt_over" == await refused(rig.verify(first, pins[0]))
    assert "" == await refused(rig.verify(others[0], pins[1]))


# -------------------------------------------------------------------------------------------------------- sending again
@pytest.mark.requirement("R-S117-010")
async def test_a_code_that_is_sent_again_is_a_new_one_and_the_old_is_dead(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()
    old = await rig.newest_pin()
    await rig.let_pass(timedelta(minutes=20))

    assert "" == await resend(rig, attempt_token)
    new = await rig.newest_pin()
    await rig.let_pass(timedelta(minutes=29))

    assert old == new or "pin_refused" == await refused(rig.verify(attempt_token, old))
    assert "" == await refused(rig.verify(attempt_token, new))


async def test_a_code_is_sent_again_after_a_minute_and_five_times_in_an_hour(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()

    too_soon = await resend(rig, attempt_token)
    codes = []
    for _ in range(6):
        await rig.let_pass(timedelta(minutes=1))
        codes.append(await resend(rig, attempt_token))

    assert ("too_many", ["", "", "", "", "", "too_many"]) == (too_soon, codes)
    assert 6 == len(await rig.mails("pin"))


async def test_sending_again_gives_back_no_try(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()
    await wrong_pins(rig, attempt_token, 4)

    await rig.let_pass(timedelta(minutes=1))
    await resend(rig, attempt_token)

    assert ["attempt_over"] == await wrong_pins(rig, attempt_token, 1)
    assert "attempt_over" == await resend(rig, attempt_token)


async def test_a_mail_with_a_code_is_not_sent_when_the_code_is_dead(rig: Rig) -> None:
    await rig.person()
    await rig.log_in()

    [mail] = await rig.mails("pin")

    life = await rig.pool.fetchval("SELECT $1::timestamptz - opened_at FROM attempt", mail.expires_at)
    assert timedelta(minutes=29, seconds=59) < life < timedelta(minutes=30, seconds=1)


async def test_what_the_database_keeps_of_a_code_is_not_the_code(rig: Rig) -> None:
    await rig.person()
    await rig.log_in()

    [kept] = await rig.pool.fetch("SELECT attempt_id, pin_hash FROM attempt")

    pin = await rig.newest_pin()
    assert rig.context.keys.pin(kept["attempt_id"], pin) == kept["pin_hash"]
    assert pin not in repr(kept["pin_hash"])


@pytest.mark.requirement("R-S117-019")
async def test_a_person_who_is_locked_between_password_and_code_does_not_come_in(rig: Rig) -> None:
    await rig.person()
    attempt_token = await rig.log_in()
    await rig.wrong_passwords(5)

    assert "attempt_over" == await refused(rig.verify(attempt_token, await rig.newest_pin()))


async def test_a_new_log_in_ends_no_session_and_shows_in_the_others(rig: Rig) -> None:
    await rig.person()
    first = await rig.come_in()
    second = await rig.come_in(ADA, PASSWORD)

    assert (1, 1) == (
        (await rig.find(first.session_token)).other_sessions,
        (await rig.find(second.session_token)).other_sessions,
    )
