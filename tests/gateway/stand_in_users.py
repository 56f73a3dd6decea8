"""A stand-in for identity's user management on a fake bus, with a few accounts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from shared.accounts import UserAct, UserState
from shared.contracts import addresses, users
from shared.contracts.addresses import AllowedAddress, AllowedAddresses
from shared.contracts.users import (
    GrantableAccess,
    GrantedAccess,
    LockedUser,
    LockedUsers,
    ProposalShown,
    User,
    UserAdded,
    UserPage,
    UserShown,
)
from shared.messages import Refused
from shared.permissions import AccountGrant, Role
from tests.gateway.stand_in import Row, StandIn, nothing, row
from tests.gateway.stand_in_identity import ORGANISATIONS

JO = UUID(int=31)
PROPOSAL = UUID(int=41)
MPFT, STOKE = (each.organisation_id for each in ORGANISATIONS)
WHEN = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)


def a_user(**changes: object) -> UserShown:
    fields = {
        "user_id": JO,
        "first_name": "Jo",
        "last_name": "Lark",
        "email": "jo.lark@mpft.nhs.uk",
        "state": UserState.ACTIVE,
        "unwelcomed": False,
        "elsewhere": False,
        "access": GrantedAccess(role=Role.STANDARD, organisation_ids=(MPFT,), home_organisation_id=MPFT),
        "version": 3,
        "joined_at": datetime(2026, 1, 5, 9, tzinfo=UTC),
        "logged_in_at": WHEN,
    }
    return UserShown.model_validate(fields | changes)


def a_proposal(**changes: object) -> ProposalShown:
    fields = {
        "proposal_id": PROPOSAL,
        "user_id": JO,
        "full_name": "Jo Lark",
        "email": "jo.lark@mpft.nhs.uk",
        "access": GrantedAccess(role=Role.ADMINISTRATOR, all_organisations=True, home_organisation_id=MPFT),
        "proposed_by": "Max Fell",
        "proposed_at": WHEN,
        "yours": False,
        "may_accept": True,
    }
    return ProposalShown.model_validate(fields | changes)


@dataclass
class StandInUsers(StandIn):
    """A few accounts, and what the asking user may do to them and grant."""

    listed: tuple[UserShown, ...] = (a_user(),)
    more: bool = False
    user: UserShown = field(default_factory=a_user)
    acts: tuple[UserAct, ...] = (UserAct.END_SESSIONS, UserAct.DEACTIVATE)
    may_change: bool = True
    may_propose: bool = False
    yourself: bool = False
    proposed: bool = False
    may_reset_app: bool = False
    may_rename: bool = True
    former_names: tuple[users.FormerName, ...] = ()
    reset_code: str | None = "ABCDE-FGHJK"
    roles: tuple[Role, ...] = (Role.STANDARD, Role.REPORTING, Role.ADMINISTRATOR)
    everything: bool = True
    organisations: tuple[UUID, ...] = (MPFT, STOKE)
    grants: tuple[AccountGrant, ...] = ()
    locked: tuple[LockedUser, ...] = (LockedUser(user_id=JO, full_name="Jo Lark"),)
    existing: bool = False
    proposals: tuple[ProposalShown, ...] = ()
    addresses: tuple[AllowedAddress, ...] = ()

    def table(self) -> tuple[Row, ...]:
        return (
            row(users.ListUsers, lambda _: UserPage(users=self.listed, more=self.more)),
            row(users.ListLockedUsers, lambda _: LockedUsers(users=self.locked, more=self.more)),
            row(users.ReadUser, self._read),
            row(users.ReadReach, self._reach),
            row(
                users.CountAccountsWaiting,
                lambda _: users.AccountsWaiting(
                    proposals=sum(each.may_accept for each in self.proposals), locked=len(self.locked)
                ),
            ),
            row(users.ListProposals, lambda _: users.Proposals(proposals=self.proposals)),
            row(addresses.ListAddresses, lambda _: AllowedAddresses(addresses=self.addresses, more=False)),
            row(users.AddUser, lambda _: UserAdded(user_id=JO, existing=self.existing)),
            row(users.ChangeAccess, nothing),
            row(users.ActOnUser, nothing),
            row(users.CorrectName, nothing),
            row(users.ResetApp, lambda _: users.AppReset(code=self.reset_code)),
            row(users.ProposeAdministrator, nothing),
            row(users.DecideProposal, nothing),
            row(addresses.AssignAddress, nothing),
            row(addresses.TakeBackAddress, nothing),
        )

    def _read(self, asked: users.ReadUser) -> User:
        if asked.user_id != self.user.user_id:
            raise Refused("not_found")
        return User(
            user=self.user,
            acts=self.acts,
            may_change=self.may_change,
            may_propose=self.may_propose,
            proposed=self.proposed,
            yourself=self.yourself,
            may_reset_app=self.may_reset_app,
            may_rename=self.may_rename,
            former_names=self.former_names,
        )

    def _reach(self, _asked: users.ReadReach) -> GrantableAccess:
        return GrantableAccess(
            roles=self.roles,
            all_organisations=self.everything,
            organisation_ids=self.organisations,
            grants=self.grants,
        )
