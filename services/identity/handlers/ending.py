"""Ending the one session that a cookie opens: its holder logs out, or somebody logs in over it."""

from uuid import UUID

from services.identity.context import IdentityContext
from services.identity.keys import hash_of
from services.identity.store import sessions
from shared import audit
from shared.database import Database


async def end_session(
    context: IdentityContext, db: Database, session_token: str | None, *, actor: UUID | None = None, register: str = ""
) -> tuple[UUID, ...]:
    """
    Gives the session that ended by it, to be told after commit; none if it was over already.

    `actor`: who came in over it, who need not be its holder.
    """
    ended = await sessions.end_one(db, hash_of(session_token or ""), context.lifetimes.idle)
    if ended is None:
        return ()
    session_id, account_id = ended
    who = actor or account_id
    await audit.note(db, None, "logged_out", [account_id, session_id], register=register, actor=who)
    return (session_id,)
