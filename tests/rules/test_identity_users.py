"""Tests of who may manage which account, what they may grant, and which organisation a user's new records belong to."""

from uuid import UUID

import pytest

from services.identity.rules.users import (
    Asker,
    acts_on,
    check_given,
    is_told,
    may_accept,
    permission_for,
    same_name,
    settle,
)
from shared.accounts import UserAct, UserState
from shared.contracts.users import GrantedAccess, UserShown
from shared.messages import Refused
from shared.permissions import AccountGrant, Permission, Role

ONE, TWO, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
BY_DOMAIN = {"one.nhs.uk": ONE, "two.nhs.uk": TWO, "other.gov.uk": OTHER}
ADA = UUID(int=7)


def asker(role: Role = Role.ADMINISTRATOR, *organisations: UUID, everywhere: bool = False) -> Asker:
    return Asker(ADA, "Ada Birch", role, everywhere, frozenset(organisations))


def given(role: Role = Role.STANDARD, *organisations: UUID, everywhere: bool = False) -> GrantedAccess:
    return GrantedAccess(role=role, all_organisations=everywhere, organisation_ids=organisations)


def user(
    state: UserState = UserState.ACTIVE, *organisations: UUID, elsewhere: bool = False, unwelcomed: bool = False
) -> UserShown:
    return UserShown(
        user_id=UUID(int=8),
        first_name="Jo",
        last_name="Lark",
        email="jo@one.nhs.uk",
        state=state,
        unwelcomed=unwelcomed,
        elsewhere=elsewhere,
        access=given(Role.STANDARD, *organisations),
        version=1,
    )


HERS, EVERYTHING, MASTER = asker(Role.ADMINISTRATOR, ONE, TWO), asker(everywhere=True), asker(Role.MASTER_ADMIN)


@pytest.mark.requirement("R-DSR-170")
@pytest.mark.parametrize(
    ("who", "access", "managed"),
    [
        (HERS, given(Role.STANDARD, ONE), True),
        (HERS, given(Role.ADMINISTRATOR, ONE, TWO), True),
        (HERS, given(Role.STANDARD, ONE, OTHER), False),
        (HERS, given(), False),
        (HERS, given(everywhere=True), False),
        (EVERYTHING, given(), True),
        (EVERYTHING, given(everywhere=True), True),
        (MASTER, given(Role.ADMINISTRATOR, everywhere=True), True),
        (asker(Role.ADMINISTRATOR, ONE, TWO, OTHER), given(everywhere=True), False),
    ],
)
def test_who_is_managed_by_whom(who: Asker, access: GrantedAccess, managed: bool) -> None:
    assert managed == who.manages(access)


@pytest.mark.parametrize(
    ("who", "access", "code"),
    [
        (HERS, given(Role.ADMINISTRATOR, ONE), ""),
        (HERS, given(Role.STANDARD, OTHER), "not_yours"),
        (HERS, given(everywhere=True), "not_yours"),
        (HERS, given(), "no_organisation"),
        (EVERYTHING, given(), "no_organisation"),
        (EVERYTHING, given(everywhere=True), ""),
        (EVERYTHING, given(Role.MASTER_ADMIN, ONE), "not_yours"),
        (MASTER, given(Role.STANDARD, ONE), "not_yours"),
    ],
)
def test_what_may_be_given_by_whom(who: Asker, access: GrantedAccess, code: str) -> None:
    assert code == refused(lambda: check_given(who, access))


@pytest.mark.parametrize(
    ("who", "grants", "code"),
    [
        (HERS, (), ""),
        (HERS, (AccountGrant.UNLOCK,), ""),
        (HERS, (AccountGrant.UNLOCK, AccountGrant.DELETE), "not_yours"),
        (EVERYTHING, (AccountGrant.DELETE,), "not_yours"),
        (MASTER, (AccountGrant.UNLOCK,), "not_yours"),
        (asker(Role.ADMINISTRATOR, OTHER), (AccountGrant.UNLOCK,), "not_yours"),
    ],
)
def test_a_grant_is_given_as_a_role_is_and_only_if_the_register_offers_it(
    who: Asker, grants: tuple[AccountGrant, ...], code: str
) -> None:
    wanted = given(Role.STANDARD, ONE).model_copy(update={"grants": grants})

    assert code == refused(lambda: check_given(who, wanted, (AccountGrant.UNLOCK,)))


def test_without_an_offer_no_grant_is_given() -> None:
    wanted = given(Role.STANDARD, ONE).model_copy(update={"grants": (AccountGrant.UNLOCK,)})

    assert "not_yours" == refused(lambda: check_given(EVERYTHING, wanted))


def test_grants_are_stored_in_order_and_each_once() -> None:
    chosen = (AccountGrant.UNLOCK, AccountGrant.DELETE, AccountGrant.UNLOCK)
    wanted = given(Role.STANDARD, ONE).model_copy(update={"grants": chosen})

    assert (AccountGrant.DELETE, AccountGrant.UNLOCK) == settle(wanted, "a@one.nhs.uk", BY_DOMAIN).grants


def test_unlocking_alone_needs_no_right_to_manage_users() -> None:
    assert [UserAct.UNLOCK] == [each for each in UserAct if permission_for(each) is Permission.UNLOCK_ACCOUNT]
    assert {Permission.UNLOCK_ACCOUNT, Permission.MANAGE_USERS} == {permission_for(each) for each in UserAct}


@pytest.mark.parametrize(
    ("access", "email", "home"),
    [
        (given(Role.STANDARD, TWO), "a@one.nhs.uk", TWO),
        (given(Role.STANDARD, ONE, TWO), "a@two.nhs.uk", TWO),
        (given(everywhere=True), "a@other.gov.uk", OTHER),
        (given(Role.STANDARD, ONE, TWO).model_copy(update={"home_organisation_id": ONE}), "a@two.nhs.uk", ONE),
        (given(Role.REPORTING, ONE, TWO), "a@nhs.net", None),
        (given(Role.STANDARD, TWO).model_copy(update={"home_organisation_id": ONE}), "a@one.nhs.uk", TWO),
    ],
)
def test_new_records_belong_where_it_is_plain(access: GrantedAccess, email: str, home: UUID | None) -> None:
    assert home == settle(access, email, BY_DOMAIN).home_organisation_id


def test_where_it_is_not_plain_it_has_to_be_said() -> None:
    assert "home_missing" == refused(lambda: settle(given(Role.STANDARD, ONE, TWO), "a@nhs.net", BY_DOMAIN))
    assert "home_missing" == refused(lambda: settle(given(everywhere=True), "a@nhs.net", BY_DOMAIN))
    elsewhere = given(Role.REPORTING, ONE, TWO).model_copy(update={"home_organisation_id": OTHER})
    assert "home_missing" == refused(lambda: settle(elsewhere, "a@nhs.net", BY_DOMAIN))
    assert "not_yours" == refused(lambda: settle(given(Role.STANDARD, UUID(int=9)), "a@nhs.net", BY_DOMAIN))


@pytest.mark.parametrize(
    ("who", "whom", "acts"),
    [
        (HERS, user(UserState.ACTIVE, ONE), [UserAct.END_SESSIONS, UserAct.DEACTIVATE]),
        (HERS, user(UserState.LOCKED, ONE), [UserAct.UNLOCK, UserAct.END_SESSIONS, UserAct.DEACTIVATE]),
        (HERS, user(UserState.INVITED, ONE), [UserAct.END_SESSIONS, UserAct.DEACTIVATE]),
        (
            HERS,
            user(UserState.INVITED, ONE, unwelcomed=True),
            [UserAct.WELCOME, UserAct.END_SESSIONS, UserAct.DEACTIVATE],
        ),
        (HERS, user(UserState.DEACTIVATED, ONE), [UserAct.ACTIVATE]),
        (HERS, user(UserState.ACTIVE, ONE, elsewhere=True), [UserAct.END_SESSIONS, UserAct.REMOVE]),
        (MASTER, user(UserState.ACTIVE, ONE, elsewhere=True), [UserAct.END_SESSIONS, UserAct.DEACTIVATE]),
        (HERS, user(UserState.ACTIVE, OTHER), []),
    ],
)
def test_what_may_be_done_follows_from_how_the_account_stands(who: Asker, whom: UserShown, acts: list[UserAct]) -> None:
    assert acts == list(acts_on(who, whom))


def test_a_second_person_accepts() -> None:
    access = given(Role.ADMINISTRATOR, ONE)

    assert may_accept(HERS, UUID(int=5), access, has_administrator=True)
    assert not may_accept(asker(Role.ADMINISTRATOR, OTHER), UUID(int=5), access, has_administrator=True)
    assert may_accept(MASTER, UUID(int=5), access, has_administrator=False)
    assert not may_accept(MASTER, UUID(int=5), access, has_administrator=True)
    assert not may_accept(MASTER, ADA, access, has_administrator=False)


def test_names_are_compared_however_they_are_written() -> None:
    assert same_name("Zoë  O\u2019Hara", "zoe o'hara")
    assert not same_name("Ada Birch", "Ada Beech")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, Role.STANDARD, False),
        (None, Role.REPORTING, True),
        (Role.STANDARD, Role.ADMINISTRATOR, True),
        (Role.ADMINISTRATOR, None, True),
        (Role.STANDARD, Role.STANDARD, False),
    ],
)
def test_master_admins_hear_of_roles_that_change(before: Role | None, after: Role | None, told: bool) -> None:
    assert told == is_told(before, after)


def refused(check: object) -> str:
    """Return the code with which a check refuses, or an empty text if it does not."""
    assert callable(check)
    try:
        check()
    except Refused as refusal:
        return refusal.code
    return ""
