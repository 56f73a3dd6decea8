"""Single email addresses that administrators allow to register although their domain is not accepted."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext
from services.identity.handlers.managing import AccountChange, asker_of, manage
from services.identity.rules.users import as_registered
from services.identity.store import addresses as store
from services.identity.store import organisations
from shared import audit
from shared.contracts.addresses import (
    AllowedAddresses,
    AssignAddress,
    ListAddresses,
    TakeBackAddress,
)
from shared.database import transaction
from shared.messages import Nothing, Refused
from shared.permissions import Visitor
from shared.values import Unreadable, read_email

SHOWN = 50


@dataclass(frozen=True)
class AddressHandlers:
    """Handlers for allowed addresses. Such an address may register as a standard user, as with an accepted domain."""

    context: IdentityContext

    async def read(self, visitor: Visitor, asked: ListAddresses) -> AllowedAddresses:
        async with transaction(self.context.pool, visitor) as db:
            await asker_of(db, visitor)
            found = await store.list_allowed(db, visitor.register_code, asked.search, SHOWN + 1)
            await audit.note(db, visitor, IdentityAction.ADDRESSES_LISTED)
        return AllowedAddresses(addresses=tuple(found[:SHOWN]), more=len(found) > SHOWN)

    async def assign(self, visitor: Visitor, asked: AssignAddress) -> Nothing:
        try:
            email = read_email(asked.email)
        except Unreadable:
            raise Refused("unreadable") from None

        async def act(act: AccountChange) -> Nothing:
            by_domain = await organisations.find_by_domain(act.db, visitor.register_code)
            if not act.asker.manages(as_registered(email, by_domain)):
                raise Refused("not_yours")
            if not await store.assign(act.db, visitor.register_code, email, visitor.user_id):
                raise Refused("assigned_before")
            await audit.note(act.db, visitor, IdentityAction.ADDRESS_ASSIGNED)
            return Nothing()

        return await manage(self.context, visitor, asked, act)

    async def take_back(self, visitor: Visitor, asked: TakeBackAddress) -> Nothing:
        async def act(act: AccountChange) -> Nothing:
            if not await store.take_back(act.db, visitor.register_code, asked.email.lower()):
                raise Refused("not_found")
            await audit.note(act.db, visitor, IdentityAction.ADDRESS_TAKEN_BACK)
            return Nothing()

        return await manage(self.context, visitor, asked, act)
