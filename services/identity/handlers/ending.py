"""End the session that a cookie opens, or the oldest sessions of a user who opens another."""

from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.keys import hash_of
from services.identity.store import sessions
from shared import audit
from shared.database import Database


async def end_session(
    context: IdentityContext, db: Database, session_token: str | None, *, actor: UUID | None = None, register: str = ""
) -> tuple[UUID, ...]:
    """
    End the session, and return its id to be broadcast after commit. Return nothing if it was already over.

    `actor`: the user who logs in over the session, if this is not its own user.
    """
    ended = await sessions.end_one(db, hash_of(session_token or ""), context.lifetimes.idle)
    if ended is None:
        return ()
    session_id, account_id = ended
    who = actor or account_id
    await audit.note(db, None, IdentityAction.LOGGED_OUT, [account_id, session_id], register=register, actor=who)
    return (session_id,)


async def end_oldest(context: IdentityContext, db: Database, account_id: UUID, register: str) -> tuple[UUID, ...]:
    """Make room for one more session. Return the ended ones, to be broadcast after commit."""
    idle, kept = context.lifetimes.idle, context.most_sessions - 1
    ended = await sessions.end_oldest(db, account_id, idle, kept)
    if ended:
        told = [account_id, *ended]
        await audit.note(db, None, IdentityAction.OLDEST_SESSION_ENDED, told, register=register, actor=account_id)
    return ended
