"""Remembered browsers: no code is asked in them for some days, if the user chose so and the installation allows it."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.keys import hash_of
from services.identity.rules.authenticator import may_remember
from services.identity.store import apps, remembered
from services.identity.store.remembered import NewRemembered
from shared import audit
from shared.clock import utc_now
from shared.contracts.authenticator import ForgetRemembered, ListRemembered, RememberedDevice, RememberedDevices
from shared.contracts.identity import SessionOpened
from shared.database import Database, transaction
from shared.ids import new_token
from shared.messages import Nothing, must_find
from shared.permissions import Visitor


@dataclass(frozen=True)
class RememberedHandlers:
    """Lists and forgets remembered browsers of the visitor's own account."""

    context: IdentityContext

    async def read(self, visitor: Visitor, _asked: ListRemembered) -> RememberedDevices:
        async with transaction(self.context.pool) as db:
            found = await remembered.list_all(db, visitor.user_id)
        return RememberedDevices(devices=tuple(RememberedDevice(**vars(each)) for each in found))

    async def forget(self, visitor: Visitor, asked: ForgetRemembered) -> Nothing:
        async with transaction(self.context.pool) as db:
            forgotten = must_find(await remembered.forget(db, asked.device_id, visitor.user_id))
            await audit.note(db, visitor, IdentityAction.DEVICE_FORGOTTEN, [visitor.user_id, forgotten])
        return Nothing()


async def is_offered(context: IdentityContext, db: Database, account_id: UUID, *, by_app: bool) -> bool:
    """Return whether the user may choose to be asked for no code in a browser, after a code of this kind."""
    if not context.remembering:
        return False
    state = await apps.read_state(db, account_id, context.needing_app)
    return state is not None and may_remember(needs_app=state.required, by_app=by_app)


async def is_enough(context: IdentityContext, db: Database, account_id: UUID, *, by_app: bool) -> bool:
    """Return whether a browser that was remembered after a code of this kind still needs no code."""
    has_app = await apps.has(db, account_id)
    return await is_offered(context, db, account_id, by_app=by_app) and (by_app or not has_app)


async def is_let_through(
    context: IdentityContext, db: Database, account_id: UUID, device_id: UUID | None, token: str | None, register: str
) -> bool:
    """
    Use up the token of a remembered browser. Return whether the log-in needs no code.

    A token that was used before, or that comes from another browser, was copied: then neither counts any more. The
    account's row must be locked, so that two log-ins do not use one token.
    """
    if not (context.remembering and token):
        return False
    by_app = await remembered.spend(db, hash_of(token), device_id, account_id) if device_id else None
    if by_app is not None:
        return await is_enough(context, db, account_id, by_app=by_app)
    copied = await remembered.find_copied(db, hash_of(token), account_id)
    if copied is not None:
        await remembered.forget(db, copied, account_id)
        action, about = IdentityAction.DEVICE_TOKEN_COPIED, [account_id, copied]
        await audit.note(db, None, action, about, register=register)
    return False


async def remember(
    context: IdentityContext, db: Database, account_id: UUID, device_id: UUID, browser: str, *, by_app: bool
) -> tuple[str, timedelta]:
    """Remember the browser from now on. Return its token, and how long to keep it."""
    token = new_token()
    await remembered.forget(db, device_id, account_id)
    await remembered.remember(db, device_id, NewRemembered(hash_of(token), by_app, browser, context.remembering))
    return token, context.remembering


async def renew(db: Database, device_id: UUID) -> tuple[str, timedelta]:
    """Return the next token of a remembered browser, and how long to keep it."""
    token = new_token()
    until = await remembered.renew(db, device_id, hash_of(token))
    return token, until - utc_now() if until else timedelta(0)


def with_token(opened: SessionOpened, token: str, kept_for: timedelta) -> SessionOpened:
    seconds = max(int(kept_for.total_seconds()), 0)
    return opened.model_copy(update={"remember_token": token, "remember_seconds": seconds})
