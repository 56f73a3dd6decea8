"""Join a register with an account that exists already, where a stranger could register."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.handlers.registration import why_not_register
from services.identity.limiting import too_many
from services.identity.rules import registration as rules
from services.identity.rules.log_in import JOINS, Status
from services.identity.store import accounts, limits, organisations, users
from services.identity.store.accounts import Account
from services.identity.store.organisations import NewGrant
from shared import audit, outbox
from shared.commands import carry_out
from shared.contracts.registration import JoinOffer, JoinRegister, ReadJoinOffer
from shared.database import Database, transaction
from shared.messages import Nothing, Refused
from shared.permissions import Role, Visitor

MAY_JOIN = frozenset({Status.ACTIVE, Status.LOCKED_TO_STRANGERS})


@dataclass(frozen=True)
class Joining:
    """
    Gives an existing account the role that a stranger with the same address would get by registering.

    Only the account itself can ask, once it is logged in. So the public page tells no one that there is an account.
    """

    context: IdentityContext

    async def read(self, visitor: Visitor, _asked: ReadJoinOffer) -> JoinOffer:
        async with transaction(self.context.pool, visitor) as db:
            account = await accounts.find_by_id(db, visitor.user_id)
            return JoinOffer(is_open=await self._why_not(db, visitor, account) is None)

    async def join(self, visitor: Visitor, asked: JoinRegister) -> Nothing:
        async def act(db: Database) -> Nothing:
            await users.queue_up(db)
            key = self.context.keys.window(str(visitor.user_id))
            if (counted := await limits.count(db, JOINS, key)).is_over:
                raise too_many(counted)
            account = await accounts.find_by_id(db, visitor.user_id)
            code = await self._why_not(db, visitor, account)
            if code is not None or account is None:
                raise Refused(code or "not_open")
            await self._add(db, visitor.register_code, account)
            await audit.note(db, visitor, IdentityAction.REGISTER_JOINED, [visitor.user_id])
            return Nothing()

        reply = await carry_out(self.context.pool, visitor, asked, act)
        self.context.wake()
        return reply

    async def _why_not(self, db: Database, visitor: Visitor, account: Account | None) -> str | None:
        """
        Return the code under which joining is refused, or None: the rules of registration, and three of its own.

        A user with a role here has nothing to join. A user who lost it here gets it back from an administrator alone.
        A user who must change a password or add an app does that first.
        """
        code, owes = visitor.register_code, visitor.must_change or visitor.must_add_app
        if account is None or account.master_admin or owes or account.status not in MAY_JOIN:
            return "not_open"
        if await users.find_user(db, code, account.account_id) is not None:
            return "joined_before"
        if await users.was_removed(db, account.account_id, code):
            return "removed"
        return await why_not_register(db, self.context, code, account.email)

    async def _add(self, db: Database, register_code: str, account: Account) -> None:
        home = rules.home_of(account.email, await organisations.find_by_domain(db, register_code))
        grant = NewGrant(register_code, Role.STANDARD, home_organisation_id=home)
        await organisations.give_grant(db, account.account_id, grant)
        letter = self.context.mails.joined(recipient_of(account, register_code), self.context.contact(register_code))
        await outbox.put_letter(db, letter)
