"""The steps that all account management requests share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from services.identity.context import IdentityContext
from services.identity.mails import Recipient
from services.identity.rules.users import Asker, is_told
from services.identity.store import attempts, remembered, sessions, users
from shared import outbox
from shared.commands import carry_out
from shared.contracts.users import UserShown
from shared.database import Database
from shared.messages import Command, Fault, Message, NotAnswered, must_find
from shared.permissions import Permission, Role, Visitor

Reply = TypeVar("Reply", bound=Message)


@dataclass(frozen=True)
class AccountChange:
    """One change in its transaction, with the asker's current role. `ended`: sessions to broadcast after commit."""

    db: Database
    visitor: Visitor
    asker: Asker
    ended: list[UUID] = field(default_factory=list)

    async def hold(self, user_id: UUID) -> UserShown:
        """
        Return the account, locked until the transaction ends. Refused as `not_found`.

        The caller checks whether the asker may manage it.
        """
        return must_find(await users.hold_user(self.db, self.visitor.register_code, user_id))

    async def throw_out(self, account_id: UUID) -> None:
        """End all sessions and unfinished log-ins of the account, and ask for a code in every browser again."""
        await remembered.forget_all(self.db, account_id)
        await attempts.end_all(self.db, account_id)
        self.ended.extend(await sessions.end_all(self.db, account_id))


async def asker_of(db: Database, visitor: Visitor, needed: Permission = Permission.MANAGE_USERS) -> Asker:
    """
    Return the asker with their current role. Raise `NotAnswered` if they no longer have the permission.

    The assertion alone is not enough: it may be a minute old.
    """
    asker = await users.find_asker(db, visitor.user_id, visitor.register_code)
    if asker is None or not asker.may(needed):
        raise NotAnswered(Fault.NOT_ALLOWED)
    return asker


async def manage(
    context: IdentityContext,
    visitor: Visitor,
    command: Command[Reply],
    act: Callable[[AccountChange], Awaitable[Reply]],
    needed: Permission = Permission.MANAGE_USERS,
) -> Reply:
    """Carry out one command, then broadcast the sessions that it ended. Commands run one at a time per installation."""
    ended: list[UUID] = []

    async def carried_out(db: Database) -> Reply:
        await users.queue_up(db)
        return await act(AccountChange(db, visitor, await asker_of(db, visitor, needed), ended))

    reply = await carry_out(context.pool, visitor, command, carried_out)
    context.wake()
    await context.tell_revoked(ended)
    return reply


async def tell_masters(
    context: IdentityContext, act: AccountChange, user_id: UUID, before: Role | None, after: Role | None
) -> None:
    """Mail every master admin that a role was given, changed or taken, with a link to the user."""
    if not is_told(before, after):
        return
    for email, first_name in await users.find_master_admins(act.db):
        to = Recipient(email, first_name, act.visitor.register_code)
        await outbox.put_letter(act.db, context.mails.role_changed(to, user_id))
