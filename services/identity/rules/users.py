"""Who may manage which account, and what access may be given to it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.identity.rules.registration import home_of
from shared.accounts import UserAct, UserState
from shared.contracts.users import GrantedAccess, UserShown
from shared.messages import Refused
from shared.permissions import AccountGrant, Permission, Role, permissions_of
from shared.values import fold

GIVEN_BY_ADMINISTRATORS = (Role.STANDARD, Role.REPORTING, Role.ADMINISTRATOR)
SUBMITTING = frozenset({Role.STANDARD, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Asker:
    """A user who manages or unlocks accounts, with the current rights of their own account."""

    user_id: UUID
    full_name: str = field(repr=False)
    role: Role
    all_organisations: bool
    organisation_ids: frozenset[UUID]
    grants: tuple[AccountGrant, ...] = ()

    def may(self, permission: Permission) -> bool:
        return permission in permissions_of(self.role, self.grants)

    @property
    def is_master(self) -> bool:
        return self.role is Role.MASTER_ADMIN

    def has(self, access: GrantedAccess) -> bool:
        """
        Check whether the asker has all organisations of this access.

        Access without any organisation may be managed or given only by an asker with all organisations.
        """
        if self.all_organisations:
            return True
        return (
            not access.all_organisations
            and bool(access.organisation_ids)
            and self.organisation_ids.issuperset(access.organisation_ids)
        )

    def manages(self, access: GrantedAccess) -> bool:
        return self.is_master or self.has(access)


def check_managed(asker: Asker, user: UserShown) -> None:
    """
    Raise `Refused` if the asker may not manage the user.

    The code is `yourself`, or `not_found` as for a user who does not exist.
    """
    if asker.user_id == user.user_id:
        raise Refused("yourself")
    if not asker.manages(user.access):
        raise Refused("not_found")


def check_given(asker: Asker, wanted: GrantedAccess, offered: Collection[AccountGrant] = ()) -> None:
    """Raise `Refused` if the asker may not give this access. `offered` are the grants that the register has."""
    if asker.is_master or wanted.role not in GIVEN_BY_ADMINISTRATORS or not set(offered).issuperset(wanted.grants):
        raise Refused("not_yours")
    if not (wanted.all_organisations or wanted.organisation_ids):
        raise Refused("no_organisation")
    if not asker.has(wanted):
        raise Refused("not_yours")


def settle(wanted: GrantedAccess, email: str, by_domain: Mapping[str, UUID]) -> GrantedAccess:
    """
    Return the access with its home organisation: the only one, the chosen one, or that of the address.

    Its grants are put in order, each once.

    Raise `Refused`: `not_yours` for an organisation that the register does not have. `home_missing` if the home
    organisation is not among the user's, or if a user who adds records has none.
    """
    reached = frozenset(by_domain.values()) if wanted.all_organisations else frozenset(wanted.organisation_ids)
    if not reached.issubset(by_domain.values()):
        raise Refused("not_yours")
    home = _home(wanted, email, by_domain, reached)
    if home not in reached and (home is not None or wanted.role in SUBMITTING):
        raise Refused("home_missing")
    listed = () if wanted.all_organisations else tuple(sorted(reached))
    grants = tuple(sorted(set(wanted.grants)))
    return wanted.model_copy(update={"organisation_ids": listed, "home_organisation_id": home, "grants": grants})


def _home(wanted: GrantedAccess, email: str, by_domain: Mapping[str, UUID], reached: frozenset[UUID]) -> UUID | None:
    """Return the home organisation. Access to a single organisation makes it the home, whatever the form says."""
    if not wanted.all_organisations and len(reached) == 1:
        return next(iter(reached))
    if wanted.home_organisation_id is not None:
        return wanted.home_organisation_id
    by_address = home_of(email, by_domain)
    return by_address if by_address in reached else None


def as_registered(email: str, by_domain: Mapping[str, UUID]) -> GrantedAccess:
    """Return the access of a user who registers themselves, or whom a master admin registers."""
    home = home_of(email, by_domain)
    return GrantedAccess(role=Role.STANDARD, organisation_ids=(home,) if home else (), home_organisation_id=home)


def acts_on(asker: Asker, user: UserShown) -> tuple[UserAct, ...]:
    """
    Return the acts that are possible now, in page order.

    An administrator cannot deactivate or activate an account that serves other registers too. They can remove it from
    this register.
    """
    if asker.user_id == user.user_id or not asker.manages(user.access):
        return ()
    deactivated = user.state is UserState.DEACTIVATED
    may_close = asker.is_master or not user.elsewhere
    open_now = {
        UserAct.UNLOCK: user.state is UserState.LOCKED,
        UserAct.WELCOME: user.state is UserState.INVITED and user.unwelcomed,
        UserAct.END_SESSIONS: not deactivated,
        UserAct.DEACTIVATE: may_close and not deactivated,
        UserAct.ACTIVATE: may_close and deactivated,
        UserAct.REMOVE: not may_close,
    }
    return tuple(act for act, is_open in open_now.items() if is_open)


def permission_for(act: UserAct) -> Permission:
    """Return what an act needs. Unlocking needs less than the other acts, so that a support team can do it."""
    return Permission.UNLOCK_ACCOUNT if act is UserAct.UNLOCK else Permission.MANAGE_USERS


def check_act(asker: Asker, user: UserShown, act: UserAct) -> None:
    """Raise `Refused` if the act is not possible: as `check_managed` does, or `elsewhere`, or `not_now`."""
    check_managed(asker, user)
    if act in acts_on(asker, user):
        return
    closes = act in (UserAct.DEACTIVATE, UserAct.ACTIVATE)
    raise Refused("elsewhere" if closes and user.elsewhere and not asker.is_master else "not_now")


def may_reset_app(asker: Asker, user: UserShown) -> bool:
    """
    Check whether the asker may reset the user's app: one of a user whom they manage, and not their own.

    The app protects the whole account. So only a master admin resets it if the account serves other registers too.
    """
    is_managed = asker.user_id != user.user_id and asker.manages(user.access)
    return is_managed and user.has_app and (asker.is_master or not user.elsewhere)


def check_app_reset(asker: Asker, user: UserShown) -> None:
    """Raise `Refused` if the asker may not reset the app: as `check_managed` does, or `elsewhere`, or `not_now`."""
    check_managed(asker, user)
    if not may_reset_app(asker, user):
        raise Refused("elsewhere" if user.has_app else "not_now")


def may_rename(asker: Asker, user: UserShown) -> bool:
    """
    Check whether the asker may correct the user's name: of a user whom they manage, and not their own.

    The name belongs to the whole account. So only a master admin corrects it if the account serves other registers too.
    """
    is_managed = asker.user_id != user.user_id and asker.manages(user.access)
    return is_managed and (asker.is_master or not user.elsewhere)


def check_rename(asker: Asker, user: UserShown, seen: str, wanted: tuple[str, str]) -> None:
    """
    Raise `Refused` if the asker may not give this name: as `check_managed` does, or as `elsewhere`.

    Refused as `changed` if the name is no longer the one that was seen, or as `unchanged`.
    """
    check_managed(asker, user)
    if not may_rename(asker, user):
        raise Refused("elsewhere")
    if user.full_name != seen:
        raise Refused("changed")
    if wanted == (user.first_name, user.last_name):
        raise Refused("unchanged")


def may_propose(asker: Asker, user: UserShown) -> bool:
    return asker.is_master and user.access.role is not Role.ADMINISTRATOR and user.state is not UserState.DEACTIVATED


def same_name(one: str, other: str) -> bool:
    """
    Compare names regardless of spelling variants. A second account must not make a person count as a second person.
    """
    return fold(one).split() == fold(other).split()


def may_accept(asker: Asker, proposed_by: UUID, access: GrantedAccess, *, has_administrator: bool) -> bool:
    """
    Check whether the asker may accept a proposal: an administrator with these organisations may.

    While the register has no administrator, a second master admin may.
    """
    if asker.is_master:
        return not has_administrator and asker.user_id != proposed_by
    return asker.has(access)


def is_told(before: Role | None, after: Role | None) -> bool:
    """Check whether master admins get a mail: for every change of a role except a new standard user."""
    return before is not after and (before, after) != (None, Role.STANDARD)
