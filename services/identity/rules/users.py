"""Who may manage which account, and what may be given to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.identity.rules.registration import home_of
from shared.accounts import UserAct, UserState
from shared.contracts.users import GrantedAccess, UserShown
from shared.messages import Refused
from shared.permissions import Role
from shared.values import fold

GIVEN_BY_ADMINISTRATORS = (Role.STANDARD, Role.REPORTING, Role.ADMINISTRATOR)
SUBMITTING = frozenset({Role.STANDARD, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Asker:
    """Who administers accounts, as their own account stands now: an administrator of the register or a master admin."""

    user_id: UUID
    full_name: str = field(repr=False)
    role: Role
    all_organisations: bool
    organisation_ids: frozenset[UUID]

    @property
    def is_master(self) -> bool:
        return self.role is Role.MASTER_ADMIN

    def has(self, access: GrantedAccess) -> bool:
        """Whether all that the access reaches is the asker's own. What reaches nothing is for who has everything."""
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
    """Raises `Refused`: `not_found`, alike for who is not there and who is not the asker's; or `yourself`."""
    if asker.user_id == user.user_id:
        raise Refused("yourself")
    if not asker.manages(user.access):
        raise Refused("not_found")


def check_given(asker: Asker, wanted: GrantedAccess) -> None:
    """Whether the asker may give this. Raises `Refused`."""
    if asker.is_master or wanted.role not in GIVEN_BY_ADMINISTRATORS:
        raise Refused("not_yours")
    if not (wanted.all_organisations or wanted.organisation_ids):
        raise Refused("no_organisation")
    if not asker.has(wanted):
        raise Refused("not_yours")


def settle(wanted: GrantedAccess, email: str, by_domain: Mapping[str, UUID]) -> GrantedAccess:
    """
    The access with its home organisation: the only one, the one chosen, or that of the address.

    Raises `Refused`: `not_yours` for an organisation that the register does not have, `home_missing` when who adds
    records has several organisations and none of them is chosen, nor theirs by the address.
    """
    reached = frozenset(by_domain.values()) if wanted.all_organisations else frozenset(wanted.organisation_ids)
    if not reached.issubset(by_domain.values()):
        raise Refused("not_yours")
    home = _home(wanted, email, by_domain, reached)
    if home not in reached and (home is not None or wanted.role in SUBMITTING):
        raise Refused("home_missing")
    listed = () if wanted.all_organisations else tuple(sorted(reached))
    return wanted.model_copy(update={"organisation_ids": listed, "home_organisation_id": home})


def _home(wanted: GrantedAccess, email: str, by_domain: Mapping[str, UUID], reached: frozenset[UUID]) -> UUID | None:
    """Whoever is restricted to one organisation belongs to it, whatever the form still says."""
    if not wanted.all_organisations and len(reached) == 1:
        return next(iter(reached))
    if wanted.home_organisation_id is not None:
        return wanted.home_organisation_id
    by_address = home_of(email, by_domain)
    return by_address if by_address in reached else None


def as_registered(email: str, by_domain: Mapping[str, UUID]) -> GrantedAccess:
    """What somebody gets who registers by themselves, or whom a master admin registers."""
    home = home_of(email, by_domain)
    return GrantedAccess(role=Role.STANDARD, organisation_ids=(home,) if home else (), home_organisation_id=home)


def acts_on(asker: Asker, user: UserShown) -> tuple[UserAct, ...]:
    """What may be done now, in the order of a page. To an account that serves other registers too, less."""
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


def check_act(asker: Asker, user: UserShown, act: UserAct) -> None:
    """Raises `Refused`: as `check_managed` does, `elsewhere`, or `not_now`."""
    check_managed(asker, user)
    if act in acts_on(asker, user):
        return
    closes = act in (UserAct.DEACTIVATE, UserAct.ACTIVATE)
    raise Refused("elsewhere" if closes and user.elsewhere and not asker.is_master else "not_now")


def may_propose(asker: Asker, user: UserShown) -> bool:
    return asker.is_master and user.access.role is not Role.ADMINISTRATOR and user.state is not UserState.DEACTIVATED


def same_name(one: str, other: str) -> bool:
    """However it is written: a person with two accounts does not become somebody else by it."""
    return fold(one).split() == fold(other).split()


def may_accept(asker: Asker, proposed_by: UUID, access: GrantedAccess, *, has_administrator: bool) -> bool:
    """An administrator who has the organisations; a second master admin as long as there is no administrator."""
    if asker.is_master:
        return not has_administrator and asker.user_id != proposed_by
    return asker.has(access)


def is_told(before: Role | None, after: Role | None) -> bool:
    """Whether master admins hear of it: every change of a role, but not each new standard user."""
    return before is not after and (before, after) != (None, Role.STANDARD)
