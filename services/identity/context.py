"""The context that all handlers of identity share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from services.identity.hashing import PasswordHashes
from services.identity.keys import Keys
from services.identity.mails import Mails, Recipient
from services.identity.rules.log_in import SharedLimits
from services.identity.rules.passwords import Profile
from services.identity.store.accounts import Account
from shared import log
from shared.context import ServiceContext
from shared.contracts.identity import SessionsRevoked
from shared.messages import Fault, NotAnswered
from shared.permissions import AccountGrant, Visitor
from shared.registers.definition.register import Definition


@dataclass(frozen=True)
class Lifetimes:
    """The lifetimes of sessions and PINs that this installation has set."""

    idle: timedelta
    session: timedelta
    pin: timedelta


@dataclass(frozen=True)
class RegisterAccess:
    """
    What a register lets its standard users see and update, and the grants that it offers.

    `own`: their own records. `scope`: those of their organisations or bodies.
    """

    register_code: str
    sees: Literal["own", "scope"] = "own"
    updates: Literal["own", "scope"] = "own"
    grants: tuple[AccountGrant, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IdentityContext(ServiceContext):
    """
    The shared parts of the service, its keys, and the rules that this installation chose.

    `needing_app`: the roles and add-ons whose users must have an authenticator app.
    `remembering`: how long a browser can be remembered; zero if never.
    """

    keys: Keys
    hashes: PasswordHashes
    mails: Mails
    profile: Profile
    lifetimes: Lifetimes
    shared_limits: SharedLimits
    most_sessions: int
    needing_app: tuple[str, ...]
    remembering: timedelta

    def named(self, code: str) -> Definition:
        """
        Return the register that a request names.

        Raise `NotAnswered` for an unknown one. The gateway checks names, so this is a fault and not a refusal.
        """
        if code not in self.registers:
            raise NotAnswered(Fault.UNREADABLE)
        return self.registers.find(code)

    def access_of(self, register_code: str) -> RegisterAccess:
        """Return the register's rules, by its newest edition. In an unknown register: own records, and no grants."""
        if register_code not in self.registers:
            return RegisterAccess(register_code)
        access = self.registers.find(register_code).access
        return RegisterAccess(register_code, access.standard_sees, access.standard_updates, access.grants)

    async def reach(self, visitor: Visitor) -> Visitor:
        """Return the visitor as signed: identity holds no records, and so no compartments."""
        return visitor

    def contact(self, register_code: str) -> str:
        """Return the address where a person who cannot sign in gets help."""
        return self.named(register_code).contact.administrator_email

    async def tell_revoked(self, session_ids: Iterable[UUID]) -> None:
        """
        Tell every process that these sessions are over. Call this after the commit that ended them.

        A lost message does no harm: other processes cache a session for a minute at most.
        """
        ended = tuple(session_ids)
        if not ended:
            return
        try:
            await self.bus.tell(SessionsRevoked(session_ids=ended))
        except NotAnswered as error:
            log.warn("identity.revocation_not_told", sessions=len(ended), error=error)


def recipient_of(account: Account, register_code: str) -> Recipient:
    return Recipient(account.email, account.first_name, register_code)
