"""Stands in for identity's users on a fake bus: a few accounts, and whatever each request is to be refused with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from shared.accounts import UserAct, UserState
from shared.bus import Context
from shared.contracts import users
from shared.contracts.users import (
    Access,
    AllowedAddress,
    AllowedAddresses,
    ProposalShown,
    Reach,
    User,
    UserAdded,
    UserPage,
    UserShown,
)
from shared.fake_bus import FakeBus, FakeWire
from shared.messages import Message, NotAnswered, Nothing, Refused, Request
from shared.permissions import Role
from tests.gateway.stand_in_identity import ORGANISATIONS

JO = UUID(int=31)
PROPOSAL = UUID(int=41)
MPFT, STOKE = (each.organisation_id for each in ORGANISATIONS)
WHEN = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)

Asked = TypeVar("Asked", bound=Request[Message])


def a_user(**changes: object) -> UserShown:
    fields = {
        "user_id": JO,
        "first_name": "Jo",
        "last_name": "Lark",
        "email": "jo.lark@mpft.nhs.uk",
        "state": UserState.ACTIVE,
        "unwelcomed": False,
        "elsewhere": False,
        "access": Access(role=Role.STANDARD, organisation_ids=(MPFT,), home_organisation_id=MPFT),
        "version": 3,
    }
    return UserShown.model_validate(fields | changes)


def a_proposal(**changes: object) -> ProposalShown:
    fields = {
        "proposal_id": PROPOSAL,
        "user_id": JO,
        "full_name": "Jo Lark",
        "email": "jo.lark@mpft.nhs.uk",
        "access": Access(role=Role.ADMINISTRATOR, all_organisations=True),
        "proposed_by": "Max Fell",
        "proposed_at": WHEN,
        "yours": False,
        "may_accept": True,
    }
    return ProposalShown.model_validate(fields | changes)


@dataclass
class StandInUsers:
    """`asked` is every request in its order; `failing` says which kinds are refused or not answered."""

    listed: tuple[UserShown, ...] = (a_user(),)
    more: bool = False
    user: UserShown = field(default_factory=a_user)
    acts: tuple[UserAct, ...] = (UserAct.END_SESSIONS, UserAct.DEACTIVATE)
    may_change: bool = True
    may_propose: bool = False
    yourself: bool = False
    roles: tuple[Role, ...] = (Role.STANDARD, Role.REPORTING, Role.ADMINISTRATOR)
    everything: bool = True
    organisations: tuple[UUID, ...] = (MPFT, STOKE)
    existing: bool = False
    proposals: tuple[ProposalShown, ...] = ()
    addresses: tuple[AllowedAddress, ...] = ()
    asked: list[Request[Message]] = field(default_factory=list)
    failing: dict[type[Request[Message]], Refused | NotAnswered] = field(default_factory=dict)

    async def answer_on(self, wire: FakeWire) -> None:
        bus = FakeBus("identity", wire)
        await bus.answer(users.ListUsers, self._noting(self._list))
        await bus.answer(users.ReadUser, self._noting(self._read))
        await bus.answer(users.ReadReach, self._noting(self._reach))
        await bus.answer(users.ListProposals, self._noting(self._list_proposals))
        await bus.answer(users.ListAddresses, self._noting(self._list_addresses))
        await bus.answer(users.AddUser, self._noting(self._add))
        await bus.answer(users.ChangeAccess, self._noting(self._nothing))
        await bus.answer(users.ActOnUser, self._noting(self._nothing))
        await bus.answer(users.ProposeAdministrator, self._noting(self._nothing))
        await bus.answer(users.DecideProposal, self._noting(self._nothing))
        await bus.answer(users.AssignAddress, self._noting(self._nothing))
        await bus.answer(users.TakeBackAddress, self._noting(self._nothing))

    def heard(self, kind: type[Asked]) -> list[Asked]:
        """What was asked of this kind."""
        return [each for each in self.asked if isinstance(each, kind)]

    def _noting(self, reply: Callable[[Asked], Awaitable[Message]]) -> Callable[[Asked, Context], Awaitable[Message]]:
        async def handler(asked: Asked, _context: Context) -> Message:
            self.asked.append(asked)
            if failure := self.failing.get(type(asked)):
                raise failure
            return await reply(asked)

        return handler

    async def _nothing(self, _asked: Request[Nothing]) -> Nothing:
        return Nothing()

    async def _list(self, _asked: users.ListUsers) -> UserPage:
        return UserPage(users=self.listed, more=self.more)

    async def _read(self, asked: users.ReadUser) -> User:
        if asked.user_id != self.user.user_id:
            raise Refused("not_found")
        return User(
            user=self.user,
            acts=self.acts,
            may_change=self.may_change,
            may_propose=self.may_propose,
            proposed=False,
            yourself=self.yourself,
        )

    async def _reach(self, _asked: users.ReadReach) -> Reach:
        return Reach(roles=self.roles, all_organisations=self.everything, organisation_ids=self.organisations)

    async def _list_proposals(self, _asked: users.ListProposals) -> users.Proposals:
        return users.Proposals(proposals=self.proposals)

    async def _list_addresses(self, _asked: users.ListAddresses) -> AllowedAddresses:
        return AllowedAddresses(addresses=self.addresses, more=False)

    async def _add(self, _asked: users.AddUser) -> UserAdded:
        return UserAdded(user_id=JO, existing=self.existing)
