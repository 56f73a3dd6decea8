"""Temporary passwords, reminders, and changes of a user's own password."""

import asyncio
from datetime import timedelta

import pytest

from services.identity.rules.log_in import Status
from shared.contracts.identity import (
    ChangePassword,
    PasswordUnmet,
    PasswordWrong,
    ReadPasswordRule,
    RemindPassword,
    SessionOpened,
)
from shared.contracts.registration import RegisterAccount
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Permission
from tests.services.identity.rig import ADA, PASSWORD, WARD, Rig, refused

NEW = "Curlew-Marsh-48!"


def reminder(email: str = ADA, address: str = WARD) -> RemindPassword:
    return RemindPassword(register_code="dsr", email=email, address=address)


async def temporary(rig: Rig) -> str:
    """Ask for a reminder, and return the temporary password from the mail."""
    await rig.ask(reminder())
    return (await rig.mails("reminder"))[-1].values["password"]


async def change(rig: Rig, opened: SessionOpened, new: str = NEW, current: str = PASSWORD) -> SessionOpened:
    who = (await rig.find(opened.session_token)).assertion
    return await rig.ask(ChangePassword(current_password=current, new_password=new), who=who)


# ------------------------------------------------------------------------------------------------------------ reminders
@pytest.mark.requirement("R-DSR-063", "R-S117-001")
async def test_a_reminder_brings_a_temporary_password_that_opens(rig: Rig) -> None:
    await rig.person()

    opened = await rig.come_in(password=await temporary(rig))

    [mail] = await rig.mails("reminder")
    assert (ADA, "Ada", "https://registers.example/dsr/login/") == (
        mail.recipient,
        mail.values["first_name"],
        mail.values["link"],
    )
    assert opened.must_change


@pytest.mark.requirement("R-DSR-064")
async def test_a_reminder_is_answered_alike_whether_there_is_an_account_or_not(rig: Rig) -> None:
    await rig.person()
    await rig.person("bo.cole@mpft.nhs.uk")
    await rig.set_status(Status.DISABLED, "bo.cole@mpft.nhs.uk")

    answers = [
        await rig.ask(reminder(email, f"203.0.113.{n}"))
        for email in (ADA, "bo.cole@mpft.nhs.uk", "nobody@mpft.nhs.uk", "no address", "")
        for n in range(4)
    ]

    assert 1 == len({answer.model_dump_json() for answer in answers})
    assert [ADA] * 3 == [mail.recipient for mail in await rig.mails()]


@pytest.mark.requirement("R-DSR-065")
async def test_a_temporary_password_gives_no_role_before_it_is_changed(rig: Rig) -> None:
    await rig.person()

    found = await rig.find((await rig.come_in(password=await temporary(rig))).session_token)

    assert (True, None, ()) == (found.visitor.must_change, found.visitor.role, found.visitor.organisation_ids)
    assert frozenset({Permission.USE_ACCOUNT}) == found.visitor.permissions
    with pytest.raises(NotAnswered):
        rig.elsewhere.verify(found.assertion)


async def test_a_temporary_password_opens_once(rig: Rig) -> None:
    await rig.person()
    password = await temporary(rig)
    await rig.come_in(password=password)

    assert "wrong_details" == await refused(rig.log_in(password=password))


async def test_of_two_log_ins_begun_with_it_one_ends_well(rig: Rig) -> None:
    await rig.person()
    password = await temporary(rig)
    attempts = [await rig.log_in(password=password) for _ in range(2)]
    pins = [mail.values["pin"] for mail in await rig.mails("pin")]

    codes = await asyncio.gather(*(refused(rig.verify(token, pin)) for token, pin in zip(attempts, pins, strict=True)))

    assert ["", "attempt_over"] == sorted(codes)


async def test_a_temporary_password_is_good_for_a_day(rig: Rig) -> None:
    await rig.person()
    password = await temporary(rig)

    await rig.let_pass(timedelta(hours=23, minutes=55))
    in_time = await refused(rig.log_in(password=password))
    await rig.let_pass(timedelta(minutes=5))

    assert ("", "wrong_details") == (in_time, await refused(rig.log_in(password=password)))


async def test_a_newer_temporary_password_kills_the_older(rig: Rig) -> None:
    await rig.person()
    older = await temporary(rig)
    begun = await rig.log_in(password=older)
    its_pin = await rig.newest_pin()

    newer = await temporary(rig)

    assert "wrong_details" == await refused(rig.log_in(password=older))
    assert "attempt_over" == await refused(rig.verify(begun, its_pin))
    assert (await rig.come_in(password=newer)).must_change


@pytest.mark.slow
async def test_a_hundred_reminders_by_others_leave_five_mails_and_nothing_else(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()

    for n in range(100):
        await rig.ask(reminder(address=f"203.0.{n}.1"))
        await rig.let_pass(timedelta(minutes=5))
        await rig.find(opened.session_token)

    assert 5 == len(await rig.mails("reminder"))
    assert not (await rig.come_in()).must_change


async def test_the_old_password_lives_until_the_temporary_one_is_used(rig: Rig) -> None:
    await rig.person()
    password = await temporary(rig)
    begun = await rig.log_in(password=password)
    its_pin = await rig.newest_pin()

    before = await refused(rig.log_in())
    await rig.verify(begun, its_pin)

    assert ("", "wrong_details") == (before, await refused(rig.log_in()))


async def test_three_reminders_in_an_hour(rig: Rig) -> None:
    await rig.person()

    for _ in range(4):
        await rig.ask(reminder())
    in_one_hour = len(await rig.mails("reminder"))
    await rig.let_pass(timedelta(hours=1))
    await rig.ask(reminder())

    assert (3, 4) == (in_one_hour, len(await rig.mails("reminder")))


async def test_one_network_asks_for_no_more_reminders_than_the_limit_in_an_hour(rig: Rig) -> None:
    most = rig.context.shared_limits.reminders_from_network.most
    codes = [await refused(rig.ask(reminder(f"person{n}@nhs.net"))) for n in range(most + 1)]

    assert [""] * most + ["too_many"] == codes


async def test_a_temporary_password_and_a_pin_open_an_account_that_strangers_closed(rig: Rig) -> None:
    """Without a known browser the user would be out until an administrator acts, and a stranger could do it again."""
    await rig.person()
    await rig.wrong_passwords(5)
    password = await temporary(rig)

    half = await rig.log_in(password=password)
    after_the_password = await rig.status()
    opened = await rig.verify(half, await rig.newest_pin())

    assert (Status.LOCKED_TO_STRANGERS, Status.ACTIVE) == (after_the_password, await rig.status())
    await change(rig, opened, current=password)
    assert await rig.log_in(password=NEW)


async def test_reminders_that_others_asked_for_use_up_none_after_a_log_in(rig: Rig) -> None:
    await rig.person()
    password = await temporary(rig)
    for _ in range(4):
        await rig.let_pass(timedelta(hours=1))
        password = await temporary(rig)
    await rig.let_pass(timedelta(hours=1))
    before = len(await rig.mails("reminder"))
    await rig.ask(reminder())
    used_up = len(await rig.mails("reminder")) == before

    await change(rig, await rig.come_in(password=password), current=password)
    await rig.wrong_passwords(5)

    assert used_up
    assert (await rig.come_in(password=await temporary(rig))).must_change


async def test_of_a_closed_account_the_lasting_password_stays_useless_in_new_browsers(rig: Rig) -> None:
    await rig.person()
    await rig.wrong_passwords(5)
    await temporary(rig)

    assert "wrong_details" == await refused(rig.log_in())
    assert Status.LOCKED_TO_STRANGERS == await rig.status()


@pytest.mark.requirement("R-S117-019")
@pytest.mark.parametrize("status", [Status.LOCKED, Status.DISABLED])
async def test_a_temporary_password_from_before_does_not_open_an_account_locked_altogether(
    rig: Rig, status: Status
) -> None:
    await rig.person()
    password = await temporary(rig)
    half = await rig.log_in(password=password)
    await rig.set_status(status)

    assert "wrong_details" == await refused(rig.log_in(password=password))
    assert "attempt_over" == await refused(rig.verify(half, await rig.newest_pin()))
    assert status == await rig.status()


@pytest.mark.parametrize("kind", ["passwords_network", "passwords_everywhere", "passwords_email"])
async def test_a_temporary_password_is_heard_whatever_others_have_guessed(rig: Rig, kind: str) -> None:
    await rig.person()
    password = await temporary(rig)
    await rig.wrong_passwords(5)
    await rig.pool.execute("UPDATE rate_window SET counted = 10000 WHERE kind = $1", kind)

    assert (await rig.come_in(password=password)).must_change


@pytest.mark.requirement("R-S117-019")
async def test_a_reminder_does_not_open_a_locked_account(rig: Rig) -> None:
    await rig.person()
    await rig.set_status(Status.LOCKED)

    await rig.ask(reminder())

    assert ["locked"] == [mail.template for mail in await rig.mails()]
    assert Status.LOCKED == await rig.status()


async def test_what_the_database_keeps_of_it_is_not_the_password(rig: Rig) -> None:
    await rig.person()
    password = await temporary(rig)

    kept = await rig.pool.fetchval("SELECT account::text FROM account")

    assert password not in kept
    assert PASSWORD not in kept
    assert "$argon2id$" in kept


# --------------------------------------------------------------------------------------------------------------- change
async def test_after_a_change_the_new_password_opens_and_the_old_does_not(rig: Rig) -> None:
    await rig.person()

    opened = await change(rig, await rig.come_in())

    assert (await rig.find(opened.session_token)).visitor.may(Permission.SUBMIT_RECORD)
    assert "wrong_details" == await refused(rig.log_in())
    assert not (await rig.come_in(password=NEW)).must_change


async def test_a_change_needs_somebody_who_is_logged_in(rig: Rig) -> None:
    asked = ChangePassword(current_password=PASSWORD, new_password=NEW)

    with pytest.raises(NotAnswered) as unanswered:
        await rig.ask(asked)

    assert Fault.NOT_SIGNED_IN == unanswered.value.fault


async def test_a_change_ends_every_session_and_says_so(rig: Rig) -> None:
    await rig.person()
    other, own = await rig.come_in(), await rig.come_in()
    ids = {(await rig.find(each.session_token)).visitor.session_id for each in (other, own)}
    begun = await rig.log_in()
    its_pin = await rig.newest_pin()

    opened = await change(rig, own)

    gone = [await refused(rig.find(each.session_token)) for each in (other, own)]
    assert (["no_session"] * 2, ids) == (gone, set(rig.revoked))
    assert "attempt_over" == await refused(rig.verify(begun, its_pin))
    assert "" == await refused(rig.find(opened.session_token))
    assert ["password_changed"] == [mail.template for mail in await rig.mails() if mail.template != "pin"]


async def test_a_change_makes_no_session_longer(rig: Rig) -> None:
    await rig.person()
    first = await rig.come_in()
    ends_at = (await rig.find(first.session_token)).ends_at

    opened = await change(rig, first)

    assert ends_at == (await rig.find(opened.session_token)).ends_at


async def test_a_change_forgets_every_browser_but_this_one(rig: Rig) -> None:
    await rig.person()
    elsewhere = (await rig.come_in()).device_token

    opened = await change(rig, await rig.come_in())
    await rig.wrong_passwords(5)

    assert "wrong_details" == await refused(rig.log_in(password=NEW, device=elsewhere))
    assert "" == await refused(rig.log_in(password=NEW, device=opened.device_token))


@pytest.mark.requirement("R-DSR-065")
async def test_who_came_in_with_a_temporary_password_changes_it_and_has_their_role(rig: Rig) -> None:
    await rig.person()
    password = await temporary(rig)
    limited = await rig.come_in(password=password)

    opened = await change(rig, limited, current=password)

    found = await rig.find(opened.session_token)
    assert (False, True) == (found.visitor.must_change, found.visitor.may(Permission.SUBMIT_RECORD))
    assert not (await rig.come_in(password=NEW)).must_change


@pytest.mark.requirement("R-DSR-054")
async def test_a_wrong_current_password_is_refused(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()

    assert "password_wrong" == await refused(change(rig, opened, current="wrong"))
    assert "" == await refused(rig.log_in())
    assert "password_change_refused" in await rig.audited()


async def test_whoever_holds_a_session_cannot_guess_the_password_with_it(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()

    codes = [await refused(change(rig, opened, current=f"wrong {n}")) for n in range(7)]

    assert ["password_wrong"] * 5 + ["too_many"] * 2 == codes
    assert "too_many" == await refused(change(rig, opened))


async def test_a_new_password_that_breaks_the_rule_is_told_which_sentences(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()

    with pytest.raises(Refused) as refusal:
        await change(rig, opened, new="abc")

    assert PasswordUnmet(sentences=(1, 2, 3)) == refusal.value.details


async def test_every_fault_of_a_change_is_told_at_once_and_nothing_is_changed(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    who = (await rig.find(opened.session_token)).assertion

    with pytest.raises(Refused) as refusal:
        await change(rig, opened, new="abc", current="wrong")
    unconfirmed = ChangePassword(current_password=PASSWORD, new_password=NEW, confirmed=False)

    assert PasswordWrong(sentences=(1, 2, 3)) == refusal.value.details
    assert "not_confirmed" == await refused(rig.ask(unconfirmed, who=who))
    assert "" == await refused(rig.log_in())


async def test_a_new_password_may_not_be_made_of_what_others_know_of_the_person(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()

    easy = ("Birch-2026!", "Ada.Birch1!", "Midlands1!", "Nhs-Mpft-2026!", "Foundation-Trust-1!")
    codes = [await refused(change(rig, opened, new=new)) for new in easy]

    assert ["password_rule"] * 5 == codes


async def test_a_new_password_that_is_the_old_one_changes_nothing(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()

    assert "password_unchanged" == await refused(change(rig, opened, new=PASSWORD))
    assert "" == await refused(rig.find(opened.session_token))


async def test_of_two_changes_at_once_one_holds(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()
    who = (await rig.find(opened.session_token)).assertion
    both = [ChangePassword(current_password=PASSWORD, new_password=f"{NEW}{n}") for n in range(2)]

    outcomes = await asyncio.gather(*(rig.ask(each, who=who) for each in both), return_exceptions=True)

    assert 1 == [type(each) for each in outcomes].count(SessionOpened)
    assert [] == [each for each in outcomes if not isinstance(each, SessionOpened | NotAnswered | Refused)]
    assert 1 == await rig.pool.fetchval("SELECT count(*) FROM session")


async def test_a_session_that_ends_while_the_new_password_is_hashed_changes_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.person()
    opened, make = await rig.come_in(), rig.hashes.make

    async def make_meanwhile(password: str) -> str:
        await rig.pool.execute("DELETE FROM session")
        return await make(password)

    monkeypatch.setattr(rig.hashes, "make", make_meanwhile)
    with pytest.raises(NotAnswered) as unanswered:
        await change(rig, opened)

    assert (Fault.NOT_SIGNED_IN, []) == (unanswered.value.fault, await rig.pool.fetch("SELECT FROM session"))
    assert (await rig.log_in()) != ""


async def test_an_assertion_of_a_session_that_has_ended_changes_nothing(rig: Rig) -> None:
    await rig.person()
    who = (await rig.find((await rig.come_in()).session_token)).assertion
    await rig.pool.execute("DELETE FROM session")

    with pytest.raises(NotAnswered) as unanswered:
        await rig.ask(ChangePassword(current_password=PASSWORD, new_password=NEW), who=who)

    assert Fault.NOT_SIGNED_IN == unanswered.value.fault


@pytest.mark.requirement("R-S117-001", "R-S117-002")
async def test_from_registration_to_the_own_password(rig: Rig) -> None:
    await rig.ask(
        RegisterAccount(
            register_code="dsr", first_name="Joe", last_name="Bloggs", email="joe@staffordshire.gov.uk", address=WARD
        )
    )
    password = (await rig.mails("welcome"))[-1].values["password"]
    limited = await rig.come_in("joe@staffordshire.gov.uk", password)

    await change(rig, limited, current=password)

    assert not (await rig.come_in("joe@staffordshire.gov.uk", NEW)).must_change


async def test_the_rule_that_is_told_is_the_one_in_force(rig: Rig) -> None:
    told = await rig.ask(ReadPasswordRule())

    assert (rig.context.profile.name, rig.context.profile.sentences) == (told.profile, told.sentences)
