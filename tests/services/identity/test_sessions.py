"""Sessions: the assertion that they are exchanged for, when they end, and which services are told."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.identity.operators import Fixed, NewAccount, create_account
from services.identity.rules.log_in import Status
from shared.assertion import Verifier
from shared.contracts.identity import CheckGrant, LogOut
from shared.database import transaction
from shared.messages import Fault, NotAnswered
from shared.permissions import Permission, Role, Visitor
from tests.services.identity.rig import ADA, KEYS, PASSWORD, Rig, other_than, refused, statement_of

BEA = "bea.ash@mpft.nhs.uk"
LOGGED_OUT = "SELECT actor, subjects, register FROM audit WHERE action = 'logged_out' ORDER BY id"


async def logged_out(rig: Rig) -> list[tuple[UUID, list[UUID], str]]:
    """Return what the audit holds of each log-out: actor, subjects and register."""
    rows = await rig.owner.fetch(LOGGED_OUT)
    return [(row["actor"], list(row["subjects"]), row["register"]) for row in rows]


async def test_a_session_is_exchanged_for_a_signed_statement_of_who_asks(rig: Rig) -> None:
    account_id = await rig.person(role=Role.REPORTING)
    opened = await rig.come_in()

    found = await rig.find(opened.session_token)

    home = await rig.pool.fetchval("SELECT organisation_id FROM organisation WHERE domain = 'mpft.nhs.uk'")
    assert found.visitor == rig.elsewhere.verify(found.assertion).visitor
    assert (
        Visitor(
            user_id=account_id,
            full_name="Ada Birch",
            register_code="dsr",
            role=Role.REPORTING,
            organisation_ids=(home,),
            home_organisation_id=home,
            session_id=found.visitor.session_id,
            method="password_pin",
        )
        == found.visitor
    )


async def test_all_organisations_means_all_of_the_register(rig: Rig) -> None:
    await rig.person(role=Role.ADMINISTRATOR, all_organisations=True)

    found = await rig.find((await rig.come_in()).session_token)

    everyone = await rig.pool.fetch("SELECT organisation_id FROM organisation WHERE register_code = 'dsr'")
    assert {row["organisation_id"] for row in everyone} == set(found.visitor.organisation_ids)
    assert found.visitor.all_organisations


async def test_to_have_each_organisation_by_name_is_not_to_have_all(rig: Rig) -> None:
    """A user with every organisation by name does not get one that joins the register later."""
    domains = tuple(each.email_domain for each in rig.context.registers.find("dsr").organisations)
    await rig.person(role=Role.ADMINISTRATOR, domains=domains)

    found = await rig.find((await rig.come_in()).session_token)

    assert (len(domains), False) == (len(found.visitor.organisation_ids), found.visitor.all_organisations)


async def test_a_person_has_no_role_on_a_register_where_none_was_given(rig: Rig) -> None:
    await rig.person(role=Role.ADMINISTRATOR, all_organisations=True)
    session_token = (await rig.come_in()).session_token

    found = await rig.find(session_token, "s117")

    assert (None, (), frozenset({Permission.USE_ACCOUNT})) == (
        found.visitor.role,
        found.visitor.organisation_ids,
        found.visitor.permissions,
    )
    with pytest.raises(NotAnswered):
        rig.elsewhere.verify(found.assertion)


@pytest.mark.requirement("R-DSR-013")
async def test_a_master_admin_is_signed_for_no_service_that_holds_patients(rig: Rig) -> None:
    async with transaction(rig.pool) as db:
        account = NewAccount(ADA, "Ada", "Birch", master_admin=True)
        await create_account(db, account, Fixed(rig.context.hashes, PASSWORD))

    found = await rig.find((await rig.come_in()).session_token)

    assert (Role.MASTER_ADMIN, (), None) == (
        found.visitor.role,
        found.visitor.organisation_ids,
        found.visitor.home_organisation_id,
    )
    assert ("identity",) == Verifier("identity", KEYS).verify(found.assertion).audiences
    with pytest.raises(NotAnswered):
        rig.elsewhere.verify(found.assertion)


async def test_a_grant_that_changes_is_in_force_at_the_next_page(rig: Rig) -> None:
    await rig.person(role=Role.ADMINISTRATOR)
    session_token = (await rig.come_in()).session_token

    await rig.pool.execute("UPDATE register_grant SET role = 'standard'")

    assert Role.STANDARD is (await rig.find(session_token)).visitor.role


# --------------------------------------------------------------------------------------------------------- how they end
@pytest.mark.requirement("R-DSR-057", "R-S117-021")
async def test_a_session_that_nobody_uses_ends_after_fifteen_minutes(rig: Rig) -> None:
    await rig.person()
    session_token = (await rig.come_in()).session_token

    await rig.let_pass(timedelta(minutes=14, seconds=40))
    before = await refused(rig.find(session_token, active=False))
    await rig.let_pass(timedelta(seconds=20))

    assert ("", "no_session") == (before, await refused(rig.find(session_token)))


@pytest.mark.requirement("R-DSR-057")
async def test_use_keeps_a_session_and_a_glance_does_not(rig: Rig) -> None:
    await rig.person()
    session_token = (await rig.come_in()).session_token

    await rig.let_pass(timedelta(minutes=10))
    used = await rig.find(session_token)
    await rig.let_pass(timedelta(minutes=10))
    glanced = await rig.find(session_token, active=False)

    assert timedelta(minutes=14) < used.idle_ends_at - datetime.now(UTC) < timedelta(minutes=16)
    assert timedelta(minutes=4) < glanced.idle_ends_at - datetime.now(UTC) < timedelta(minutes=6)


async def test_a_use_is_written_down_once_a_minute(rig: Rig) -> None:
    await rig.person()
    session_token = (await rig.come_in()).session_token
    seen = "SELECT seen_at FROM session"

    await rig.let_pass(timedelta(seconds=40))
    at_first = await rig.pool.fetchval(seen)
    await rig.find(session_token)
    within = await rig.pool.fetchval(seen)
    await rig.let_pass(timedelta(seconds=20))
    await rig.find(session_token)

    assert at_first == within < await rig.pool.fetchval(seen)


async def test_a_session_ends_after_twelve_hours_of_use(rig: Rig) -> None:
    await rig.person()
    session_token = (await rig.come_in()).session_token

    codes = []
    for _ in range(52):
        await rig.let_pass(timedelta(minutes=14))
        codes.append(await refused(rig.find(session_token)))

    assert [""] * 51 + ["no_session"] == codes


@pytest.mark.requirement("R-DSR-060")
async def test_a_session_is_over_everywhere_once_its_holder_logs_out(rig: Rig) -> None:
    await rig.person()
    session_token = (await rig.come_in()).session_token
    found = await rig.find(session_token)

    await rig.ask(LogOut(session_token=session_token))

    assert "no_session" == await refused(rig.find(session_token))
    assert [found.visitor.session_id] == rig.revoked
    assert "logged_out" == (await rig.audited())[-1]


async def test_to_log_out_twice_is_to_be_logged_out(rig: Rig) -> None:
    await rig.person()
    session_token = (await rig.come_in()).session_token

    for token in (session_token, session_token, "of nobody"):
        await rig.ask(LogOut(session_token=token))

    assert 1 == (await rig.audited()).count("logged_out")


async def test_to_log_in_again_in_the_same_browser_ends_its_earlier_session_alone(rig: Rig) -> None:
    account_id = await rig.person()
    elsewhere, here = (await rig.come_in()).session_token, (await rig.come_in()).session_token
    earlier = (await rig.find(here)).visitor.session_id

    again = (await rig.come_in(over=here)).session_token

    codes = [await refused(rig.find(token)) for token in (elsewhere, here, again)]
    assert (["", "no_session", ""], [earlier]) == (codes, rig.revoked)
    assert [(account_id, [account_id, earlier], "dsr")] == await logged_out(rig)


async def test_whoever_logs_in_over_a_colleagues_session_ends_it_and_is_named_for_it(rig: Rig) -> None:
    ada, bea = await rig.person(), await rig.person(BEA)
    left_open = (await rig.come_in()).session_token
    session_id = (await rig.find(left_open)).visitor.session_id

    now = (await rig.come_in(BEA, over=left_open)).session_token

    assert ("no_session", bea) == (await refused(rig.find(left_open)), (await rig.find(now)).visitor.user_id)
    assert ([session_id], [(bea, [ada, session_id], "dsr")]) == (rig.revoked, await logged_out(rig))


async def test_a_wrong_code_ends_no_session(rig: Rig) -> None:
    await rig.person()
    here, attempt_token = (await rig.come_in()).session_token, await rig.log_in()

    code = await refused(rig.verify(attempt_token, other_than(await rig.newest_pin()), over=here))

    assert ("pin_refused", "", []) == (code, await refused(rig.find(here)), rig.revoked)


async def test_a_session_that_had_ended_by_itself_is_not_said_to_have_been_left(rig: Rig) -> None:
    await rig.person()
    here = (await rig.come_in()).session_token
    await rig.let_pass(timedelta(minutes=15))

    await rig.come_in(over=here)
    await rig.come_in(over="of nobody")

    assert ([], []) == (rig.revoked, await logged_out(rig))


@pytest.mark.requirement("R-S117-019")
async def test_who_is_locked_or_disabled_is_out_at_once(rig: Rig) -> None:
    await rig.person()
    session_token = (await rig.come_in()).session_token

    await rig.set_status(Status.DISABLED)

    assert "no_session" == await refused(rig.find(session_token))


async def test_what_the_database_keeps_of_a_token_is_not_the_token(rig: Rig) -> None:
    await rig.person()
    opened = await rig.come_in()

    kept = await rig.pool.fetchval(
        "SELECT session::text || attempt::text || device::text FROM session, attempt, device"
    )

    assert not [token for token in (opened.session_token, opened.device_token) if token in kept]
    assert (43, 43) == (len(opened.session_token), len(opened.device_token))


async def test_the_token_before_the_code_is_none_after_it(rig: Rig) -> None:
    """A cookie that was planted before the log-in is worthless after it."""
    await rig.person()
    attempt_token = await rig.log_in()

    opened = await rig.verify(attempt_token, await rig.newest_pin())

    assert attempt_token not in (opened.session_token, opened.device_token)
    assert "no_session" == await refused(rig.find(attempt_token))
    assert "no_session" == await refused(rig.find(opened.device_token))


# ----------------------------------------------------------------------------------------------- without a user present
@pytest.mark.parametrize("service", CheckGrant.asked_by)
async def test_a_service_at_work_for_somebody_is_told_what_they_may_do_now(rig: Rig, service: str) -> None:
    account_id = await rig.person(role=Role.REPORTING)
    who = statement_of(service)

    granted = await rig.ask(CheckGrant(register_code="dsr", user_id=account_id), who=who)

    assert (account_id, Role.REPORTING, 1) == (
        granted.visitor.user_id,
        granted.visitor.role,
        len(granted.visitor.organisation_ids),
    )
    assert UUID(int=0) == granted.visitor.session_id


async def test_a_service_is_told_when_somebody_may_do_nothing_any_more(rig: Rig) -> None:
    account_id = await rig.person(role=Role.REPORTING)
    who = statement_of("reports")
    await rig.set_status(Status.LOCKED)

    codes = [
        await refused(rig.ask(CheckGrant(register_code=register, user_id=user), who=who))
        for register, user in (("dsr", account_id), ("s117", account_id), ("dsr", uuid4()))
    ]

    assert ["no_grant"] * 3 == codes


@pytest.mark.parametrize("service", ["", "notifier", "gateway"])
async def test_no_other_service_is_told(rig: Rig, service: str) -> None:
    account_id = await rig.person()
    who = statement_of(service) if service else None

    with pytest.raises(NotAnswered) as unanswered:
        await rig.ask(CheckGrant(register_code="dsr", user_id=account_id), who=who)

    assert unanswered.value.fault in (Fault.NOT_ALLOWED, Fault.NOT_SIGNED_IN)


async def test_a_persons_own_statement_is_no_services(rig: Rig) -> None:
    account_id = await rig.person()
    who = (await rig.find((await rig.come_in()).session_token)).assertion

    with pytest.raises(NotAnswered) as unanswered:
        await rig.ask(CheckGrant(register_code="dsr", user_id=account_id), who=who)

    assert Fault.NOT_ALLOWED == unanswered.value.fault
