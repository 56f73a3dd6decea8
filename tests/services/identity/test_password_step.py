"""The password step of a log-in: what is refused, what is counted, and when an account or a network is locked out."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from asyncpg.connection import LoggedQuery

from services.identity.handlers.log_in import PasswordStep
from services.identity.hashing import PasswordHashes
from services.identity.jobs import Sweeper
from services.identity.rules.log_in import LOG_INS_OPENED, PASSWORDS_FOR_EMAIL, Status
from shared.clock import utc_now
from shared.contracts.identity import LogIn, TooManyTries
from shared.database import transaction
from shared.messages import Fault, NotAnswered, Nothing, Refused
from tests.services.identity.rig import ADA, ELSEWHERE, PASSWORD, WARD, Rig, refused


@pytest.mark.requirement("R-DSR-048", "R-S117-002")
async def test_the_right_password_leads_on_to_the_pin(rig: Rig) -> None:
    await rig.person()

    attempt_token = await rig.log_in("ADA.Birch@MPFT.nhs.uk")

    assert (await rig.verify(attempt_token, await rig.newest_pin())).session_token


@pytest.mark.requirement("R-DSR-047")
async def test_unknown_wrong_and_empty_get_one_refusal(rig: Rig) -> None:
    await rig.person()
    tries = [(ADA, "wrong"), ("nobody@mpft.nhs.uk", PASSWORD), ("", ""), ("not an address", PASSWORD), (ADA, "")]

    refusals = []
    for email, password in tries:
        with pytest.raises(Refused) as refusal:
            await rig.log_in(email, password)
        refusals.append((refusal.value.code, refusal.value.details))

    assert [("wrong_details", Nothing())] * 5 == refusals
    assert [] == await rig.mails()


async def test_the_password_is_taken_as_it_is_typed(rig: Rig) -> None:
    await rig.person()

    assert ["wrong_details"] * 3 == [
        await refused(rig.log_in(ADA, typed)) for typed in (f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.lower())
    ]


# ------------------------------------------------------------------------------------------------------------- lock-out
@pytest.mark.requirement("R-S117-017", "R-S117-018", "R-S117-019")
async def test_five_wrong_passwords_lock_the_account_and_say_so_by_mail(rig: Rig) -> None:
    await rig.person()

    await rig.wrong_passwords(4)
    before = (await rig.status(), await rig.mails())
    await rig.wrong_passwords(1)

    assert (Status.ACTIVE, []) == before
    [mail] = await rig.mails()
    assert ("locked_to_strangers", ADA) == (mail.template, mail.recipient)
    assert "DynamicSupportRegister@mpft.nhs.uk" == mail.values["contact"]
    assert "wrong_details" == await refused(rig.log_in())


@pytest.mark.requirement("R-S117-017")
async def test_wrong_passwords_are_counted_in_a_row(rig: Rig) -> None:
    await rig.person()

    for _ in range(3):
        await rig.wrong_passwords(4)
        await rig.log_in()

    assert Status.ACTIVE == await rig.status()


@pytest.mark.requirement("R-S117-019")
async def test_a_locked_account_stays_locked_however_long_one_waits(rig: Rig) -> None:
    await rig.person()
    await rig.wrong_passwords(5)

    for pause in (timedelta(minutes=2), timedelta(days=30)):
        await rig.let_pass(pause)
        await Sweeper(rig.context).sweep()

    assert Status.LOCKED_TO_STRANGERS == await rig.status()
    assert "wrong_details" == await refused(rig.log_in())


@pytest.mark.requirement("R-S117-019")
async def test_the_sweep_opens_no_account_that_is_locked_altogether(rig: Rig) -> None:
    await rig.person()
    device = (await rig.come_in()).device_token
    await rig.wrong_passwords(5, device=device)

    await rig.let_pass(timedelta(minutes=2))
    await Sweeper(rig.context).sweep()

    assert Status.LOCKED == await rig.status()
    assert ["wrong_details"] * 2 == [await refused(rig.log_in(device=each)) for each in (device, None)]


@pytest.mark.slow
async def test_of_a_hundred_guesses_at_once_five_are_looked_at(rig: Rig) -> None:
    await rig.person()

    guesses = [rig.log_in(ADA, f"guess {n}", address=f"203.0.113.{n}") for n in range(100)]
    outcomes = await asyncio.gather(*map(refused, guesses))

    assert {"wrong_details"} == set(outcomes)
    assert (5, 95) == (rig.hashes.looked_at.count(True), rig.hashes.looked_at.count(False))
    assert Status.LOCKED_TO_STRANGERS == await rig.status()


async def test_a_right_password_among_too_many_guesses_does_not_open(rig: Rig) -> None:
    await rig.person()
    await rig.wrong_passwords(5)

    outcomes = await asyncio.gather(*(refused(rig.log_in()) for _ in range(20)))

    assert {"wrong_details"} == set(outcomes)
    assert [] == await rig.mails("pin")


# ------------------------------------------------------------------------------------------ lock-out against the person
async def test_strangers_cannot_lock_a_person_out_of_their_own_browser(rig: Rig) -> None:
    await rig.person()
    device = (await rig.come_in()).device_token
    for _ in range(20):
        await rig.wrong_passwords(5)

    opened = await rig.come_in(device=device)

    assert 1 == len(await rig.mails("locked_to_strangers"))
    assert "" == await refused(rig.find(opened.session_token))


async def test_a_log_in_in_a_known_browser_opens_the_account_to_new_ones_again(rig: Rig) -> None:
    await rig.person()
    device = (await rig.come_in()).device_token
    await rig.wrong_passwords(5)

    half = await rig.log_in(device=device)
    after_the_password = await rig.status()
    await rig.verify(half, await rig.newest_pin())

    assert (Status.LOCKED_TO_STRANGERS, Status.ACTIVE) == (after_the_password, await rig.status())
    assert ["wrong_details"] * 4 == await rig.wrong_passwords(4)
    assert await rig.log_in()
    assert "account_opened_again" in await rig.audited()


async def test_the_mail_says_how_an_account_that_strangers_closed_is_opened(rig: Rig) -> None:
    await rig.person()
    device = (await rig.come_in()).device_token

    await rig.wrong_passwords(5)
    await rig.wrong_passwords(5, device=device)

    closed, locked = [mail.template for mail in await rig.mails() if mail.template.startswith("locked")]
    assert ("locked_to_strangers", "locked") == (closed, locked)


async def test_strangers_throw_nobody_out_who_is_in(rig: Rig) -> None:
    await rig.person()
    session_token = (await rig.come_in()).session_token

    await rig.wrong_passwords(5)

    assert "" == await refused(rig.find(session_token))
    assert [] == rig.revoked


@pytest.mark.requirement("R-S117-017", "R-S117-019")
async def test_five_wrong_passwords_in_the_persons_own_browser_lock_altogether(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()

    await rig.wrong_passwords(5, device=opened.device_token)

    assert Status.LOCKED == await rig.status()
    assert "wrong_details" == await refused(rig.log_in(device=opened.device_token))
    assert "no_session" == await refused(rig.find(opened.session_token))
    assert 1 == len(rig.revoked)


async def test_the_cookie_of_one_person_says_nothing_of_another(rig: Rig) -> None:
    await rig.person()
    await rig.person("bo.cole@mpft.nhs.uk")
    device = (await rig.come_in("bo.cole@mpft.nhs.uk")).device_token

    await rig.wrong_passwords(5, device=device)

    assert Status.LOCKED_TO_STRANGERS == await rig.status()
    assert "wrong_details" == await refused(rig.log_in(device=device))


async def test_a_person_gets_three_such_mails_a_day_at_most(rig: Rig) -> None:
    await rig.person()

    for _ in range(5):
        await rig.wrong_passwords(5)
        await rig.set_status(Status.ACTIVE)
        await rig.pool.execute("UPDATE account SET wrong_passwords = 0")

    assert 3 == len(await rig.mails("locked_to_strangers"))


async def test_addresses_that_are_none_lock_nobody(rig: Rig) -> None:
    await rig.person()

    for email in ("", " ", "@", "ada", "@mpft.nhs.uk"):
        await rig.wrong_passwords(6, email)

    assert Status.ACTIVE == await rig.status()
    assert await rig.log_in()


# ------------------------------------------------------------------------------------------------- limits over accounts
async def test_one_network_is_stopped_before_it_has_tried_many_accounts(rig: Rig) -> None:
    most = rig.context.shared_limits.passwords_from_network.most
    outcomes = Counter([await refused(rig.log_in(f"person{n}@nhs.net", address=WARD)) for n in range(most + 10)])

    assert Counter(wrong_details=most, too_many=10) == outcomes
    assert "wrong_details" == await refused(rig.log_in("person@nhs.net", address=ELSEWHERE))
    await rig.let_pass(timedelta(minutes=5))
    assert "wrong_details" == await refused(rig.log_in("person@nhs.net"))


async def test_while_guesses_come_from_everywhere_each_address_gets_few_of_them(rig: Rig) -> None:
    """The same for an address with and without an account: it tells nothing about accounts."""
    await rig.person()
    await flood(rig)
    tries = [(email, f"203.0.113.{n}") for email in (ADA, "nobody@mpft.nhs.uk") for n in range(5)]

    outcomes = [await refused(rig.log_in(email, "wrong", address=address)) for email, address in tries]

    assert [*["wrong_details"] * PASSWORDS_FOR_EMAIL.most, "too_many", "too_many"] * 2 == outcomes
    assert 1 == Counter(await rig.audited())["limit_reached"]


async def test_no_flood_from_everywhere_closes_the_log_in(rig: Rig) -> None:
    """Ten addresses with fifty wrong passwords each must not keep everybody out who has a new browser."""
    await rig.person()
    await rig.person("bo.cole@mpft.nhs.uk")
    device = (await rig.come_in()).device_token
    await flood(rig)

    assert ["", "", ""] == [await refused(rig.log_in(address=f"203.0.113.{n}")) for n in range(3)]
    assert "" == await refused(rig.log_in("bo.cole@mpft.nhs.uk"))
    assert "" == await refused(rig.log_in(device=device))


async def test_a_complete_log_in_begins_the_count_of_an_address_again(rig: Rig) -> None:
    await rig.person()
    device = (await rig.come_in()).device_token
    await flood(rig)
    await rig.wrong_passwords(PASSWORDS_FOR_EMAIL.most + 1)
    before = await refused(rig.log_in())

    await rig.come_in(device=device)

    assert ("too_many", "") == (before, await refused(rig.log_in()))


async def test_a_log_in_is_complete_although_guesses_hold_the_count_of_its_address(rig: Rig) -> None:
    """The PIN and a temporary password are used up by then, so a failure would cost the user both."""
    await rig.person()
    await rig.wrong_passwords(1)
    half, pin = await rig.log_in(), await rig.newest_pin()

    async with transaction(rig.pool) as db:
        await db.execute("SELECT FROM rate_window WHERE kind = $1 FOR UPDATE", PASSWORDS_FOR_EMAIL.kind)
        opened = await rig.verify(half, pin)

    assert "" == await refused(rig.find(opened.session_token))


@pytest.mark.parametrize("kind", ["passwords_network", "passwords_everywhere"])
async def test_a_refusal_names_its_limit_and_its_end(rig: Rig, kind: str) -> None:
    await rig.person()
    await fill(rig, kind, 10_000)
    await fill(rig, PASSWORDS_FOR_EMAIL.kind, 10_000)

    with pytest.raises(Refused) as refusal:
        await rig.log_in("person@nhs.net", address="203.0.113.200")

    named = {"passwords_network": "network_passwords", "passwords_everywhere": "flood"}[kind]
    assert isinstance(refusal.value.details, TooManyTries)
    assert named == refusal.value.details.limit
    assert timedelta() < refusal.value.details.until - utc_now() <= timedelta(minutes=5)


async def test_right_passwords_use_up_no_limit_of_their_network(rig: Rig) -> None:
    """All staff of a hospital may share one network address."""
    await rig.person()

    for _ in range(3):
        await rig.log_in()

    counted = await rig.pool.fetch("SELECT counted FROM rate_window WHERE kind <> $1", LOG_INS_OPENED.kind)
    assert {0} == {row["counted"] for row in counted}


# ---------------------------------------------------------------------------------------------------------- enumeration
async def test_unknown_wrong_locked_and_disabled_take_the_same_steps(rig: Rig) -> None:
    await rig.person()

    unknown = await steps_of(rig, "nobody@mpft.nhs.uk", PASSWORD)
    wrong = await steps_of(rig, ADA, "wrong")
    await rig.set_status(Status.LOCKED)
    locked = await steps_of(rig, ADA, PASSWORD)
    await rig.set_status(Status.DISABLED)
    disabled = await steps_of(rig, ADA, PASSWORD)
    await rig.set_status(Status.LOCKED_TO_STRANGERS)
    closed = await steps_of(rig, ADA, PASSWORD)
    unreadable = await steps_of(rig, "no address", PASSWORD)

    assert [unknown] * 5 == [wrong, locked, disabled, closed, unreadable]
    assert ("wrong_details", 1, True) == (*unknown[:2], len(unknown[2]) > 5)


class FilledMeanwhile(PasswordHashes):
    """Hashes that have room when the request arrives, and none when the password is checked."""

    async def is_right(self, known: str | None, password: str) -> bool:
        raise NotAnswered(Fault.BUSY)


@pytest.mark.parametrize(
    "busy", [PasswordHashes(workers=1, waiting_at_most=-1), FilledMeanwhile(workers=1)], ids=["full", "filled"]
)
async def test_who_comes_when_all_are_busy_is_told_so_and_not_counted(rig: Rig, busy: PasswordHashes) -> None:
    await rig.person()
    step = PasswordStep(replace(rig.context, hashes=busy))

    with pytest.raises(NotAnswered) as unanswered:
        await step.log_in(LogIn(register_code="dsr", email=ADA, password=PASSWORD, address=WARD))

    assert Fault.BUSY == unanswered.value.fault
    assert 0 == await rig.pool.fetchval("SELECT max(wrong_passwords) FROM account")
    assert 0 == await rig.pool.fetchval("SELECT coalesce(sum(counted), 0) FROM rate_window")


@pytest.mark.requirement("R-DSR-021")
async def test_every_log_in_that_fails_is_audited_and_no_address(rig: Rig) -> None:
    account_id = await rig.person()
    await refused(rig.log_in("nobody@mpft.nhs.uk"))
    await rig.wrong_passwords(5)
    await refused(rig.log_in())

    rows = await rig.owner.fetch("SELECT action, subjects, audit::text AS whole FROM audit WHERE id > 2 ORDER BY id")

    wrong, locked, unheard = "log_in_refused", "account_locked_to_strangers", "log_in_not_heard"
    assert [wrong, *[wrong] * 5, locked, unheard] == [row["action"] for row in rows]
    assert [[], *[[account_id]] * 7] == [row["subjects"] for row in rows]
    assert not [row for row in rows if "@" in row["whole"]]


async def flood(rig: Rig) -> None:
    """Fill the window that counts wrong passwords from everywhere."""
    limit = rig.context.shared_limits.passwords_from_everywhere
    await fill(rig, limit.kind, limit.most)


async def fill(rig: Rig, kind: str, counted: int) -> None:
    """Set the rate windows of this kind to a count, as that many guesses would."""
    await refused(rig.log_in("person@nhs.net", address="203.0.113.200"))
    await rig.pool.execute("UPDATE rate_window SET counted = $2 WHERE kind = $1", kind, counted)


async def steps_of(rig: Rig, email: str, password: str) -> tuple[str, int, list[str]]:
    """Return how a log-in is refused, how many hashes it costs, and the statements that it sends, in order."""
    statements: list[str] = []

    def heard(logged: LoggedQuery) -> None:
        statements.append(logged.query)

    hashed = len(rig.hashes.looked_at)
    async with rig.pool.acquire() as db:
        db.add_query_logger(heard)
    code = await refused(rig.log_in(email, password))
    async with rig.pool.acquire() as db:
        db.remove_query_logger(heard)
    return code, len(rig.hashes.looked_at) - hashed, statements


async def test_whoever_has_the_password_cannot_flood_the_mailbox_with_pins(rig: Rig) -> None:
    await rig.person()

    outcomes = Counter([await refused(rig.log_in(ADA, PASSWORD)) for _ in range(LOG_INS_OPENED.most + 3)])

    assert {"": LOG_INS_OPENED.most, "too_many": 3} == {code or "": times for code, times in outcomes.items()}
    assert LOG_INS_OPENED.most == len(await rig.mails())
    assert Status.ACTIVE == await rig.status()
