"""What every act of managing accounts begins and ends with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from services.identity.context import IdentityContext
from services.identity.mails import Recipient
from services.identity.rules.users import Asker, is_told
from services.identity.store import attempts, sessions, users
from shared import outbox
from shared.commands import carry_out
from shared.contracts.users import UserShown
from shared.database import Database
from shared.messages import Command, Fault, Message, NotAnswered, must_find
from shared.permissions import Role, Visitor

Reply = TypeVar("Reply", bound=Message)


@dataclass(frozen=True)
class AccountChange:
    """One act in its transaction: who asks, as they stand now. `ended`: the sessions it ends, told after commit."""

    db: Database
    visitor: Visitor
    asker: Asker
    ended: list[UUID] = field(default_factory=list)

    async def hold(self, user_id: UUID) -> UserShown:
        """The account, held until the end. Refused as `not_found`; whose it is to manage, the rules say."""
        return must_find(await users.hold_user(self.db, self.visitor.register_code, user_id))

    async def throw_out(self, account_id: UUID) -> None:
        """Whoever is logged in to the account, or on their way in, has to begin anew."""
        await attempts.end_all(self.db, account_id)
        self.ended.extend(await sessions.end_all(self.db, account_id))


async def asker_of(db: Database, visitor: Visitor) -> Asker:
    """The assertion may be a minute old: who administers nothing any more is turned away all the same."""
    asker = await users.find_asker(db, visitor.user_id, visitor.register_code)
    if asker is None:
        raise NotAnswered(Fault.NOT_ALLOWED)
    return asker


async def manage(
    context: IdentityContext,
    visitor: Visitor,
    command: Command[Reply],
    act: Callable[[AccountChange], Awaitable[Reply]],
) -> Reply:
    """Carry out one command, one after the other in the whole installation, and tell of the sessions that it ended."""
    ended: list[UUID] = []

    async def carried_out(db: Database) -> Reply:
        await users.queue_up(db)
        return await act(AccountChange(db, visitor, await asker_of(db, visitor), ended))

    reply = await carry_out(context.pool, visitor, command, carried_out)
    context.wake()
    await context.tell_revoked(ended)
    return reply


async def tell_masters(
    context: IdentityContext, act: AccountChange, user_id: UUID, before: Role | None, after: Role | None
) -> None:
    """Every master admin hears of a role that was given, changed or taken: that it was, and where to see it."""
    if not is_told(before, after):
        return
    for email, first_name in await users.find_master_admins(act.db):
        to = Recipient(email, first_name, act.visitor.register_code)
        await outbox.put_letter(act.db, context.mails.role_changed(to, user_id))
