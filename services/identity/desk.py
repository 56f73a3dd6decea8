"""What every handler of identity works with, and what they all do after a commit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.identity.hashing import PasswordHashes
from services.identity.keys import Keys
from services.identity.mails import Mails, Recipient
from services.identity.rules.passwords import Profile
from services.identity.store.accounts import Account
from shared import log
from shared.assertion import Signer
from shared.bus import Bus
from shared.contracts.identity import SessionsRevoked
from shared.database import DatabasePool
from shared.messages import Fault, NotAnswered
from shared.outbox import Relay
from shared.registers.definition import Definition
from shared.registers.load import Registers


@dataclass(frozen=True)
class Lives:
    """How long things last, as the installation is set."""

    idle: timedelta
    session: timedelta
    pin: timedelta


@dataclass(frozen=True)
class Desk:
    """The parts of the service, its keys, and the rules that this installation chose."""

    pool: DatabasePool
    bus: Bus
    signer: Signer
    relay: Relay
    registers: Registers
    keys: Keys
    hashes: PasswordHashes
    mails: Mails
    profile: Profile
    lives: Lives

    def register(self, code: str) -> Definition:
        """The register that a request names. The gateway has found it before: an unknown one is no request of ours."""
        if code not in self.registers:
            raise NotAnswered(Fault.UNREADABLE)
        return self.registers.find(code)

    def contact(self, register_code: str) -> str:
        """Whom a person turns to when they cannot come in."""
        return self.register(register_code).contact.administrator_email

    async def tell_revoked(self, session_ids: Iterable[UUID]) -> None:
        """
        Tell every process that these sessions are over; called after the commit that ended them.

        Nobody need hear it: what is remembered of a session elsewhere dies within a minute.
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
