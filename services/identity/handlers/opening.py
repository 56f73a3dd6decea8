"""Open a session, and remember the browser that it is opened in."""

from uuid import UUID

from services.identity.context import IdentityContext
from services.identity.keys import hash_of
from services.identity.rules.log_in import KNOWN_DEVICES
from services.identity.store import devices, sessions
from services.identity.store.sessions import Session
from shared.contracts.identity import SessionOpened
from shared.database import Database
from shared.ids import new_id, new_token


async def open_session(
    context: IdentityContext, db: Database, session: Session, device_id: UUID | None
) -> SessionOpened:
    """Open a session under a new token. The browser is known from now on, also under a new token."""
    session_token, device_token = new_token(), new_token()
    await devices.know(db, device_id or new_id(), session.account_id, hash_of(device_token), KNOWN_DEVICES)
    await sessions.open_session(db, session, hash_of(session_token), context.lifetimes.session)
    return SessionOpened(session_token=session_token, device_token=device_token, must_change=session.must_change)
