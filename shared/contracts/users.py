"""Requests to identity about accounts: a register's users, their access, and single addresses that may register."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.accounts import UserAct, UserState
from shared.contracts.registration import InvalidRegistrant
from shared.messages import Command, Message, Nothing, Refusal, Refusals, Request
from shared.permissions import AccountGrant, Role
from shared.typed import TypedLine

USERS_AT_ONCE = 25
MOST_ORGANISATIONS = 1_000

Typed = Field(max_length=320, repr=False)


class GrantedAccess(Message):
    """
    A role, its organisations and its grants on one register. `all_organisations` includes those that are added later.

    `home_organisation_id` is where the user's new records go. None: it follows from the address, or is the only
    organisation.
    """

    role: Role
    all_organisations: bool = False
    organisation_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_ORGANISATIONS)] = ()
    home_organisation_id: UUID | None = None
    grants: Annotated[tuple[AccountGrant, ...], Field(max_length=len(AccountGrant))] = ()


class UserShown(Message):
    """
    An account on the asker's register. `version` is that of its access; `ChangeAccess` names it.

    `unwelcomed`: the temporary password expired before it was used. `elsewhere`: the account has other registers too.
    `joined_at`: when the account was made. `logged_in_at`: when its user last logged in; None if they never did.
    `has_app`: it logs in with an authenticator app.
    """

    user_id: UUID
    first_name: str = Field(repr=False)
    last_name: str = Field(repr=False)
    email: str = Field(repr=False)
    state: UserState
    unwelcomed: bool
    elsewhere: bool
    access: GrantedAccess
    version: int
    joined_at: datetime | None = None
    logged_in_at: datetime | None = None
    has_app: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class UserPage(Message):
    """Accounts by family name. With `more`, request the next page `after` the last account of this one."""

    users: tuple[UserShown, ...]
    more: bool


class ListUsers(Request[UserPage]):
    """
    List the accounts of the asker's register that the asker may manage: 25, from the first or `after` one.

    Only those whose name or address contains `search`, in one `state` or any. Audited.
    """

    subject: ClassVar[str] = "ask.identity.list_users"

    search: TypedLine = Field(default="", max_length=100, repr=False)
    state: UserState | None = None
    after: UUID | None = None


class LockedUser(Message):
    """A locked account, by name alone."""

    user_id: UUID
    full_name: str = Field(repr=False)


class LockedUsers(Message):
    """Locked accounts by family name. `more`: there are others."""

    users: tuple[LockedUser, ...]
    more: bool


class ListLockedUsers(Request[LockedUsers]):
    """
    List the locked accounts that the asker may unlock: the first 25 whose name or address contains `search`.

    For users who may unlock accounts and manage nothing else. Audited.
    """

    subject: ClassVar[str] = "ask.identity.list_locked_users"

    search: TypedLine = Field(default="", max_length=100, repr=False)


class GrantableAccess(Message):
    """The roles, organisations and grants that the asker may give. A master admin gives none permanently."""

    roles: tuple[Role, ...]
    all_organisations: bool
    organisation_ids: tuple[UUID, ...]
    grants: tuple[AccountGrant, ...] = ()


class ReadReach(Request[GrantableAccess]):
    """Read what the asker may grant on the register now."""

    subject: ClassVar[str] = "ask.identity.read_reach"


class FormerName(Message):
    """A name that an account had before, and until when."""

    full_name: str = Field(repr=False)
    until: datetime


class User(Message):
    """
    One account, and what the asker may do to it now. `proposed`: it waits to be accepted as an administrator.

    `may_change`: the asker may change its access. `may_propose`: the asker may propose it as an administrator.
    `may_reset_app`: the asker may reset its authenticator app. `may_rename`: the asker may correct its name.
    `former_names` are the latest of those that it had, newest first.
    """

    user: UserShown
    acts: tuple[UserAct, ...]
    may_change: bool
    may_propose: bool
    proposed: bool
    yourself: bool
    may_reset_app: bool = False
    may_rename: bool = False
    former_names: tuple[FormerName, ...] = ()


class ReadUser(Request[User]):
    """Read one account that the asker may manage, or the asker's own. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.identity.read_user"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    user_id: UUID


class UserAdded(Message):
    """`existing`: the account existed and now has a role on this register; no mail was sent."""

    user_id: UUID
    existing: bool


class AlreadyHere(Refusal):
    """The user has access already. `user_id` is set if the asker may manage that user."""

    code: ClassVar[str] = "already_here"

    user_id: UUID | None = None


class AddUser(Command[UserAdded]):
    """
    Create an account on the register, for any address, and mail a temporary password.

    An existing account gets the role, if the names are the same and it has no role here.

    Refused as `invalid_answers` with what is `wrong` with each invalid field. Refused as `already_here`
    (with `user_id`, if the asker may manage that user), `other_name` or `deactivated`. Also refused as `ChangeAccess`
    is, for the access to grant.
    """

    subject: ClassVar[str] = "ask.identity.add_user"
    refusals: ClassVar[Refusals] = (
        InvalidRegistrant,
        AlreadyHere,
        "other_name",
        "deactivated",
        "no_organisation",
        "not_yours",
        "home_missing",
    )

    first_name: TypedLine = Typed
    last_name: TypedLine = Typed
    email: TypedLine = Typed
    access: GrantedAccess


class ChangeAccess(Command[Nothing]):
    """
    Change a user's access to the register. The user is logged out.

    Refused as `not_found`, `yourself`, `changed` (by another user since `version`), `unchanged`, `home_missing`, or
    `last_administrator`. Refused as `no_organisation` (none was chosen), or `not_yours` (an organisation, role or
    grant that the asker cannot give).
    """

    subject: ClassVar[str] = "ask.identity.change_access"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "yourself",
        "changed",
        "unchanged",
        "no_organisation",
        "not_yours",
        "home_missing",
        "last_administrator",
    )

    user_id: UUID
    version: int
    access: GrantedAccess


class CorrectName(Command[Nothing]):
    """
    Correct the name of a user. They get an email that says who did it. What was written under the old name keeps it.

    `seen_name` is the full name that the asker saw. Refused as `invalid_answers` with what is `wrong` with each invalid
    field. Refused as `not_found`, `yourself`, `elsewhere` (the account has other registers too; only a master admin
    may), `changed` (by another user since), or `unchanged`.
    """

    subject: ClassVar[str] = "ask.identity.correct_name"
    refusals: ClassVar[Refusals] = (InvalidRegistrant, "not_found", "yourself", "elsewhere", "changed", "unchanged")

    user_id: UUID
    seen_name: TypedLine = Typed
    first_name: TypedLine = Typed
    last_name: TypedLine = Typed


class ActOnUser(Command[Nothing]):
    """
    Take one action on an account. A user who may unlock accounts, but not manage users, may only unlock one.

    Refused as `not_found`, `yourself`, `not_now` (the account's state no longer allows it), `elsewhere` (the account
    has other registers too; only a master admin may), or `last_administrator`.
    """

    subject: ClassVar[str] = "ask.identity.act_on_user"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "yourself", "not_now", "elsewhere", "last_administrator")

    user_id: UUID
    act: UserAct


class AppReset(Message):
    """`code` takes the place of the app once, within 24 hours. None: no role needs an app; a PIN is mailed again."""

    code: str | None = Field(default=None, repr=False)


class ResetApp(Request[AppReset]):
    """
    Reset the authenticator app of a user who has lost it. The user is logged out, and gets a mail.

    Refused as `not_found`, `yourself`, `not_now` (there is no app), or `elsewhere` (the account has other registers
    too; only a master admin may). Audited.
    """

    subject: ClassVar[str] = "ask.identity.reset_app"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "yourself", "not_now", "elsewhere")

    user_id: UUID


class ProposeAdministrator(Command[Nothing]):
    """
    Propose an administrator, as a master admin. It gives nothing until a second user accepts it.

    An administrator who is made this way has no grants, whatever `access` names.

    Refused as `not_found`, `yourself`, `not_now`, `proposed_before`, `no_organisation`, `not_yours` (not an
    organisation of the register), `home_missing`, `own_name` (the user has the proposer's own name).
    """

    subject: ClassVar[str] = "ask.identity.propose_administrator"
    refusals: ClassVar[tuple[str, ...]] = (
        "not_found",
        "yourself",
        "not_now",
        "proposed_before",
        "no_organisation",
        "not_yours",
        "home_missing",
        "own_name",
    )

    user_id: UUID
    access: GrantedAccess


class ProposalShown(Message):
    """An open proposal. `yours`: the asker made it. `may_accept`: the asker may accept it."""

    proposal_id: UUID
    user_id: UUID
    full_name: str = Field(repr=False)
    email: str = Field(repr=False)
    access: GrantedAccess
    proposed_by: str = Field(repr=False)
    proposed_at: datetime
    yours: bool
    may_accept: bool


class Proposals(Message):
    proposals: tuple[ProposalShown, ...]


class AccountsWaiting(Message):
    """How many proposals the asker may accept, and how many locked accounts they may unlock, up to 25 of each."""

    proposals: int
    locked: int


class CountAccountsWaiting(Request[AccountsWaiting]):
    """Count what waits for a user who manages accounts. Not audited: it shows no account."""

    subject: ClassVar[str] = "ask.identity.count_accounts_waiting"


class ListProposals(Request[Proposals]):
    """List open proposals of administrators of the register, for users who may accept, decline or withdraw them."""

    subject: ClassVar[str] = "ask.identity.list_proposals"


class DecideProposal(Command[Nothing]):
    """
    Accept a proposal, decline it, or withdraw one's own.

    An administrator who has the organisations accepts. While the register has no administrator, a second master admin
    does.

    Refused as `not_found`, `decided` (already, or the access can no longer be granted), `not_second` (the asker may not
    be the second person).
    """

    subject: ClassVar[str] = "ask.identity.decide_proposal"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "decided", "not_second")

    proposal_id: UUID
    accepted: bool
