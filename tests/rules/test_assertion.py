"""Tests of the signed assertion: only identity can make one for a person, and it is valid for one minute."""

import secrets
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from shared.assertion import LEEWAY_SECONDS, LIFE_SECONDS, Signer, Verifier, public_key
from shared.messages import Fault, NotAnswered
from shared.permissions import GRANT_PERMISSIONS, ROLE_PERMISSIONS, AccountGrant, Caller, Permission, Role, Visitor

SEED = secrets.token_bytes(32)
NOW = 1_700_000_000.0


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


def a_visitor(
    role: Role | None = Role.STANDARD,
    *,
    session: UUID | None = None,
    must_change: bool = False,
    grants: tuple[AccountGrant, ...] = (),
) -> Visitor:
    return Visitor(
        user_id=uuid4(),
        full_name="Percy Plum",
        register_code="dsr",
        role=role,
        organisation_ids=(uuid4(),),
        home_organisation_id=None,
        session_id=session or uuid4(),
        method="password_pin",
        must_change=must_change,
        grants=grants,
    )


def a_verifier(clock: Clock | None = None, audience: str = "referrals") -> Verifier:
    return Verifier(audience, {"identity": public_key(SEED), "reports": public_key(SEED)}, clock or Clock())


def test_a_good_assertion_names_its_visitor() -> None:
    visitor = a_visitor()
    token = Signer("identity", SEED, Clock()).sign_visitor(visitor, ("referrals", "outcomes"))

    assert visitor == a_verifier().verify(token).visitor


@pytest.mark.parametrize("token", [None, "", "identity.", "identity.!!", "stranger.AAAA", "identity." + "A" * 200])
def test_anything_else_is_not_signed_in(token: str | None) -> None:
    with pytest.raises(NotAnswered) as unanswered:
        a_verifier().verify(token)

    assert unanswered.value.fault is Fault.NOT_SIGNED_IN


def test_a_changed_letter_breaks_it() -> None:
    token = Signer("identity", SEED, Clock()).sign_visitor(a_visitor(), ("referrals",))
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]

    with pytest.raises(NotAnswered):
        a_verifier().verify(changed)


def test_it_is_good_for_the_services_it_names_and_no_other() -> None:
    token = Signer("identity", SEED, Clock()).sign_visitor(a_visitor(), ("outcomes",))

    with pytest.raises(NotAnswered):
        a_verifier(audience="referrals").verify(token)


def test_it_ends_after_a_minute_though_it_was_remembered() -> None:
    clock = Clock()
    verifier = a_verifier(clock)
    token = Signer("identity", SEED, clock).sign_visitor(a_visitor(), ("referrals",))
    verifier.verify(token)

    clock.now += LIFE_SECONDS + LEEWAY_SECONDS + 1

    with pytest.raises(NotAnswered):
        verifier.verify(token)


def test_a_revoked_session_is_refused_at_once_though_it_was_remembered() -> None:
    verifier, session = a_verifier(), uuid4()
    token = Signer("identity", SEED, Clock()).sign_visitor(a_visitor(session=session), ("referrals",))
    verifier.verify(token)

    verifier.revoke([session])

    with pytest.raises(NotAnswered):
        verifier.verify(token)


def test_no_service_can_speak_for_a_person() -> None:
    forged = Signer("reports", SEED, Clock()).sign_visitor(a_visitor(Role.ADMINISTRATOR), ("referrals",))

    with pytest.raises(NotAnswered):
        a_verifier().verify(forged)


def test_a_service_speaks_for_itself_alone() -> None:
    signer = Signer("reports", SEED, Clock())
    honest = signer.sign_caller(Caller(service="reports", job="feed"), "referrals")
    dishonest = signer.sign_caller(Caller(service="outcomes", job="feed"), "referrals")

    assert Caller(service="reports", job="feed") == a_verifier().verify(honest).caller
    with pytest.raises(NotAnswered):
        a_verifier().verify(dishonest)


@pytest.mark.requirement("R-DSR-005", "R-DSR-010", "R-DSR-012")
def test_each_of_the_four_levels_may_do_what_it_is_for() -> None:
    standard, reporting, administrator, master = (a_visitor(role).permissions for role in Role)

    assert {"standard", "reporting", "administrator", "master_admin"} == {role.value for role in Role}
    assert not reporting & {Permission.SUBMIT_RECORD, Permission.UPDATE_RECORD, Permission.RECORD_OUTCOME}
    assert standard | reporting < administrator
    assert {
        Permission.USE_ACCOUNT,
        Permission.MANAGE_USERS,
        Permission.CONFIGURE,
        Permission.UNLOCK_ACCOUNT,
    } == master


def test_a_temporary_password_gives_nothing_but_the_change_of_it() -> None:
    assert {Permission.USE_ACCOUNT} == a_visitor(Role.ADMINISTRATOR, must_change=True).permissions


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.ADMINISTRATOR])
@pytest.mark.parametrize("grant", AccountGrant)
def test_a_grant_adds_its_one_permission_to_those_of_the_role(role: Role, grant: AccountGrant) -> None:
    assert ROLE_PERMISSIONS[role] | {GRANT_PERMISSIONS[grant]} == a_visitor(role, grants=(grant,)).permissions


def test_each_grant_has_a_permission_of_its_own() -> None:
    assert set(AccountGrant) == set(GRANT_PERMISSIONS)
    assert len(AccountGrant) == len(set(GRANT_PERMISSIONS.values()))


def test_grants_add_nothing_without_a_role_or_for_a_master_admin_or_before_the_change_of_a_password() -> None:
    every = tuple(AccountGrant)

    assert {Permission.USE_ACCOUNT} == a_visitor(None, grants=every).permissions
    assert {Permission.USE_ACCOUNT} == a_visitor(Role.STANDARD, must_change=True, grants=every).permissions
    assert ROLE_PERMISSIONS[Role.MASTER_ADMIN] == a_visitor(Role.MASTER_ADMIN, grants=every).permissions


def test_only_who_manages_users_may_unlock_accounts_without_a_grant() -> None:
    assert {Role.ADMINISTRATOR, Role.MASTER_ADMIN} == {
        role for role in Role if a_visitor(role).may(Permission.UNLOCK_ACCOUNT)
    }
