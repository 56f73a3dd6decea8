"""The accounts of a register, for their administrators: list, show, add, and change roles."""

from dataclasses import dataclass
from uuid import UUID

from services.identity.add_ons import note_grants
from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.handlers.managing import AccountChange, asker_of, manage, tell_masters
from services.identity.mails import Recipient
from services.identity.rules import users as rules
from services.identity.rules.log_in import Status
from services.identity.rules.registration import Registrant, read_registrant
from services.identity.rules.users import GIVEN_BY_ADMINISTRATORS
from services.identity.store import accounts, names, organisations, proposals, users
from services.identity.store.accounts import Account
from services.identity.store.organisations import NewGrant
from services.identity.welcoming import welcome
from shared import audit
from shared.accounts import UserState
from shared.contracts.registration import InvalidRegistrant
from shared.contracts.users import (
    USERS_AT_ONCE,
    AddUser,
    AlreadyHere,
    ChangeAccess,
    GrantableAccess,
    GrantedAccess,
    ListLockedUsers,
    ListUsers,
    LockedUser,
    LockedUsers,
    ReadReach,
    ReadUser,
    User,
    UserAdded,
    UserPage,
    UserShown,
)
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Nothing, Refused
from shared.permissions import AccountGrant, Permission, Role, Visitor


@dataclass(frozen=True)
class Users:
    """
    Handlers for users. Administrators manage users whose organisations are all their own.

    A master admin manages all users, but gives no role.
    """

    context: IdentityContext

    async def list(self, visitor: Visitor, asked: ListUsers) -> UserPage:
        async with transaction(self.context.pool, visitor) as db:
            asker, after = await asker_of(db, visitor), await users.place_of(db, asked.after)
            found = await users.list_users(
                db, asker, visitor.register_code, asked.search, asked.state, after, USERS_AT_ONCE + 1
            )
            shown = found[:USERS_AT_ONCE]
            others = [each.user_id for each in shown]
            await audit.note(db, visitor, IdentityAction.USERS_LISTED, others)
        return UserPage(users=tuple(shown), more=len(found) > len(shown))

    async def list_locked(self, visitor: Visitor, asked: ListLockedUsers) -> LockedUsers:
        """List the locked accounts of the asker's organisations by name, without the asker's own."""
        code, most = visitor.register_code, USERS_AT_ONCE + 1
        async with transaction(self.context.pool, visitor) as db:
            asker, first = await asker_of(db, visitor, Permission.UNLOCK_ACCOUNT), await users.place_of(db, None)
            found = await users.list_users(db, asker, code, asked.search, UserState.LOCKED, first, most)
            shown = [each for each in found[:USERS_AT_ONCE] if each.user_id != asker.user_id]
            await audit.note(db, visitor, IdentityAction.USERS_LISTED, [each.user_id for each in shown])
        named = tuple(LockedUser(user_id=each.user_id, full_name=each.full_name) for each in shown)
        return LockedUsers(users=named, more=len(found) > USERS_AT_ONCE)

    async def reach(self, visitor: Visitor, _asked: ReadReach) -> GrantableAccess:
        async with transaction(self.context.pool, visitor) as db:
            asker = await asker_of(db, visitor)
            by_domain = await organisations.find_by_domain(db, visitor.register_code)
        everything = asker.is_master or asker.all_organisations
        return GrantableAccess(
            roles=() if asker.is_master else GIVEN_BY_ADMINISTRATORS,
            all_organisations=everything,
            organisation_ids=tuple(each for each in by_domain.values() if everything or each in asker.organisation_ids),
            grants=() if asker.is_master else self.context.access_of(visitor.register_code).grants,
        )

    async def read(self, visitor: Visitor, asked: ReadUser) -> User:
        async with transaction(self.context.pool, visitor) as db:
            asker = await asker_of(db, visitor)
            user = await users.find_user(db, visitor.register_code, asked.user_id)
            yourself = user is not None and user.user_id == asker.user_id
            if user is None or not (yourself or asker.manages(user.access)):
                raise Refused("not_found")
            proposed = await proposals.is_proposed(db, visitor.register_code, user.user_id)
            former = await names.find_former(db, user.user_id)
            await audit.note(db, visitor, IdentityAction.USER_READ, [user.user_id])
        return User(
            user=user,
            acts=rules.acts_on(asker, user),
            may_change=not (yourself or asker.is_master),
            may_propose=rules.may_propose(asker, user) and not proposed,
            proposed=proposed,
            yourself=yourself,
            may_reset_app=rules.may_reset_app(asker, user),
            may_rename=rules.may_rename(asker, user),
            former_names=former,
        )

    async def change(self, visitor: Visitor, asked: ChangeAccess) -> Nothing:
        async def act(act: AccountChange) -> Nothing:
            user = await act.hold(asked.user_id)
            rules.check_managed(act.asker, user)
            rules.check_given(act.asker, asked.access, self.context.access_of(visitor.register_code).grants)
            wanted = await self._settled(act.db, visitor, asked.access, user.email)
            if user.version != asked.version:
                raise Refused("changed")
            if _same(user.access, wanted):
                raise Refused("unchanged")
            await self._check_last(act, user, wanted)
            await users.change_grant(act.db, user.user_id, visitor.register_code, wanted)
            await organisations.add_to_grant(act.db, user.user_id, visitor.register_code, wanted.organisation_ids)
            await act.throw_out(user.user_id)
            await audit.note(act.db, visitor, IdentityAction.GRANT_CHANGED, [user.user_id])
            await note_grants(act.db, visitor, user.user_id, user.access.grants, wanted.grants)
            await tell_masters(self.context, act, user.user_id, user.access.role, wanted.role)
            return Nothing()

        return await manage(self.context, visitor, asked, act)

    async def _settled(self, db: Database, visitor: Visitor, wanted: GrantedAccess, email: str) -> GrantedAccess:
        return rules.settle(wanted, email, await organisations.find_by_domain(db, visitor.register_code))

    async def _check_last(self, act: AccountChange, user: UserShown, wanted: GrantedAccess) -> None:
        keeps = wanted.role is Role.ADMINISTRATOR and wanted.all_organisations
        if not keeps and await users.is_last_administrator(act.db, user.user_id, act.visitor.register_code):
            raise Refused("last_administrator")

    async def add(self, visitor: Visitor, asked: AddUser) -> UserAdded:
        registrant = read_registrant(asked.first_name, asked.last_name, asked.email)
        if not isinstance(registrant, Registrant):
            raise Refused(InvalidRegistrant(wrong=registrant))

        async def act(act: AccountChange) -> UserAdded:
            wanted = await self._access_of_new(act, registrant.email, asked.access)
            account_id, name = new_id(), (registrant.first_name, registrant.last_name)
            if not await accounts.add(act.db, account_id, registrant.email, *name):
                return await self._add_existing(act, registrant, wanted)
            await audit.note(act.db, visitor, IdentityAction.ACCOUNT_CREATED, [account_id])
            await self._give(act, account_id, wanted)
            to = Recipient(registrant.email, registrant.first_name, visitor.register_code)
            await welcome(act.db, self.context, account_id, to)
            return UserAdded(user_id=account_id, existing=False)

        return await manage(self.context, visitor, asked, act)

    async def _access_of_new(self, act: AccountChange, email: str, wanted: GrantedAccess) -> GrantedAccess:
        """
        Return the access of a new user. A master admin can only register a user as they could register themselves.
        """
        by_domain = await organisations.find_by_domain(act.db, act.visitor.register_code)
        if act.asker.is_master and wanted == GrantedAccess(role=Role.STANDARD):
            return rules.as_registered(email, by_domain)
        rules.check_given(act.asker, wanted, self.context.access_of(act.visitor.register_code).grants)
        return rules.settle(wanted, email, by_domain)

    async def _add_existing(self, act: AccountChange, registrant: Registrant, wanted: GrantedAccess) -> UserAdded:
        """Give the role to the existing account of this address, if the name that was typed is the account's."""
        account = await accounts.find_by_email(act.db, registrant.email)
        if account is None:
            raise Refused(AlreadyHere())
        await self._check_existing(act, account, registrant)
        await self._give(act, account.account_id, wanted)
        await act.throw_out(account.account_id)
        return UserAdded(user_id=account.account_id, existing=True)

    async def _check_existing(self, act: AccountChange, account: Account, registrant: Registrant) -> None:
        user = await users.find_user(act.db, act.visitor.register_code, account.account_id)
        if user is not None:
            is_mine = act.asker.manages(user.access)
            raise Refused(AlreadyHere(user_id=user.user_id if is_mine else None))
        if account.master_admin:
            raise Refused(AlreadyHere())
        typed = f"{registrant.first_name} {registrant.last_name}"
        if not rules.same_name(typed, f"{account.first_name} {account.last_name}"):
            raise Refused("other_name")
        if account.status is Status.DISABLED:
            raise Refused("deactivated")

    async def _give(self, act: AccountChange, account_id: UUID, access: GrantedAccess) -> None:
        code, home = act.visitor.register_code, access.home_organisation_id
        given = NewGrant(code, access.role, access.all_organisations, home, access.organisation_ids, access.grants)
        await organisations.give_grant(act.db, account_id, given)
        await audit.note(act.db, act.visitor, IdentityAction.GRANT_GIVEN, [account_id])
        await note_grants(act.db, act.visitor, account_id, (), access.grants)
        await tell_masters(self.context, act, account_id, None, access.role)


def _same(one: GrantedAccess, other: GrantedAccess) -> bool:
    """Compare two accesses. With "all organisations", the listed ones make no difference."""
    return _plain(one) == _plain(other)


def _plain(access: GrantedAccess) -> tuple[Role, bool, frozenset[UUID], UUID | None, frozenset[AccountGrant]]:
    organisation_ids = frozenset() if access.all_organisations else frozenset(access.organisation_ids)
    grants = frozenset(access.grants)
    return access.role, access.all_organisations, organisation_ids, access.home_organisation_id, grants
