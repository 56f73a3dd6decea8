"""What may be asked of identity about accounts: who uses a register, what each may do, and single addresses let in."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.accounts import UserAct, UserState
from shared.messages import Command, Message, Nothing, Request
from shared.permissions import Role

USERS_AT_ONCE = 25
MOST_ORGANISATIONS = 1_000

Typed = Field(max_length=320, repr=False)


class GrantedAccess(Message):
    """
    A role and its organisations on one register. `all_organisations`: those that are added later too.

    `home_organisation_id` is where the person's new records go; None: by the address, or the only organisation.
    """

    role: Role
    all_organisations: bool = False
    organisation_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST_ORGANISATIONS)] = ()
    home_organisation_id: UUID | None = None


class UserShown(Message):
    """
    An account on the asker's register. `version` is that of its access, for whoever changes it.

    `unwelcomed`: the temporary password has run out before it was used. `elsewhere`: uses other registers too.
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

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


class UserPage(Message):
    """Accounts by family name; with `more` there are others, which are asked for `after` the last of these."""

    users: tuple[UserShown, ...]
    more: bool


class ListUsers(Request[UserPage]):
    """
    The accounts of the asker's register that the asker may manage: 25, from the first or `after` one.

    Those whose name or address contains `search`, in one `state` or any. Audited.
    """

    subject: ClassVar[str] = "ask.identity.list_users"

    search: str = Field(default="", max_length=100, repr=False)
    state: UserState | None = None
    after: UUID | None = None


class GrantableAccess(Message):
    """What the asker may give to others: which roles, and which organisations. A master admin gives none for good."""

    roles: tuple[Role, ...]
    all_organisations: bool
    organisation_ids: tuple[UUID, ...]


class ReadReach(Request[GrantableAccess]):
    """What the asker may give on the register, as it stands now."""

    subject: ClassVar[str] = "ask.identity.read_reach"


class User(Message):
    """
    One account, and what the asker may do to it now. `proposed`: waits to be accepted as an administrator.

    `may_change`: what it may do on the register. `may_propose`: as an administrator.
    """

    user: UserShown
    acts: tuple[UserAct, ...]
    may_change: bool
    may_propose: bool
    proposed: bool
    yourself: bool


class ReadUser(Request[User]):
    """One account that the asker may manage, or the asker's own. Refused as `not_found`. Audited."""

    subject: ClassVar[str] = "ask.identity.read_user"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    user_id: UUID


class UserAdded(Message):
    """`existing`: there was an account already, which has a role on this register now; no mail went out."""

    user_id: UUID
    existing: bool


class AddUser(Command[UserAdded]):
    """
    Give somebody an account on the register, whatever their address, and mail them a temporary password.

    An account that is there already gets the role, when the names are the same and it has none here. Refused as
    `invalid_answers` with a code of `shared.values.Wrong` for each field, `already_here` (with `user_id`, for whom the
    asker may manage), `other_name`, `deactivated`, or as `ChangeAccess` is for what is to be given.
    """

    subject: ClassVar[str] = "ask.identity.add_user"
    refusals: ClassVar[tuple[str, ...]] = (
        "invalid_answers",
        "already_here",
        "other_name",
        "deactivated",
        "no_organisation",
        "not_yours",
        "home_missing",
    )

    first_name: str = Typed
    last_name: str = Typed
    email: str = Typed
    access: GrantedAccess


class ChangeAccess(Command[Nothing]):
    """
    Change what somebody may do on the register; whoever is logged in to the account is logged out.

    Refused as `not_found`, `yourself`, `changed` (by somebody else since `version`), `unchanged`, `no_organisation`
    (none was chosen), `not_yours` (an organisation or role that the asker cannot give), `home_missing`,
    `last_administrator`.
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


class ActOnUser(Command[Nothing]):
    """
    Do one thing to an account. Refused as `not_found`, `yourself`, `not_now` (it does not stand so any more),
    `elsewhere` (uses other registers too: a master admin may), or `last_administrator`.
    """

    subject: ClassVar[str] = "ask.identity.act_on_user"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "yourself", "not_now", "elsewhere", "last_administrator")

    user_id: UUID
    act: UserAct


class ProposeAdministrator(Command[Nothing]):
    """
    A master admin's proposal; it gives nothing until somebody else accepts it.

    Refused as `not_found`, `yourself`, `not_now`, `proposed_before`, `no_organisation`, `not_yours` (no organisation of
    the register), `home_missing`, `own_name` (the proposer's own).
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
    """A proposal that waits. `yours`: the asker made it. `may_accept`: is one who may."""

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


class ListProposals(Request[Proposals]):
    """Whom master admins have proposed as administrators of the register, for those who may accept or withdraw it."""

    subject: ClassVar[str] = "ask.identity.list_proposals"


class DecideProposal(Command[Nothing]):
    """
    Accept a proposal, decline it, or withdraw one's own.

    An administrator who has the organisations accepts; while the register has no administrator, a second master admin.
    Refused as `not_found`, `decided` (before, or what was proposed cannot be given any more), `not_second`.
    """

    subject: ClassVar[str] = "ask.identity.decide_proposal"
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "decided", "not_second")

    proposal_id: UUID
    accepted: bool


class AllowedAddress(Message):
    """One address that may register although its domain is not accepted."""

    email: str = Field(repr=False)
    assigned_at: datetime


class AllowedAddresses(Message):
    """As many as a page shows, the newest first. `more`: there are others."""

    addresses: tuple[AllowedAddress, ...]
    more: bool


class ListAddresses(Request[AllowedAddresses]):
    """The single addresses that were let in to the register, those alone that contain `search`. Audited."""

    subject: ClassVar[str] = "ask.identity.list_addresses"

    search: str = Field(default="", max_length=100, repr=False)


class AssignAddress(Command[Nothing]):
    """Let the holder of one address register. Refused as `unreadable`, or `assigned_before`."""

    subject: ClassVar[str] = "ask.identity.assign_address"
    refusals: ClassVar[tuple[str, ...]] = ("unreadable", "assigned_before")

    email: str = Typed


class TakeBackAddress(Command[Nothing]):
    """The address may not register any more; an account that it has already stays. Refused as `not_found`."""

    subject: ClassVar[str] = "ask.identity.take_back_address"
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    email: str = Typed
