"""Register an account, for people who do this themselves."""

from dataclasses import dataclass

from services.identity.audit_actions import IdentityAction
from services.identity.context import IdentityContext, recipient_of
from services.identity.limiting import too_many
from services.identity.mails import Recipient
from services.identity.rules import registration as rules
from services.identity.rules.log_in import (
    REPEATED_REGISTRATIONS,
    Status,
    network_of,
)
from services.identity.rules.registration import Registrant
from services.identity.store import accounts, limits, organisations
from services.identity.store.organisations import NewGrant
from services.identity.welcoming import welcome
from shared import audit, outbox
from shared.contracts.registration import InvalidRegistrant, RegisterAccount
from shared.database import Database, transaction
from shared.ids import new_id
from shared.messages import Nothing, Refused
from shared.permissions import Role


async def why_not_register(db: Database, context: IdentityContext, register_code: str, email: str) -> str | None:
    """Return the code under which an address may not register itself, or None."""
    written = context.named(register_code).access
    decided = await organisations.find_access(db, register_code)
    access = decided or rules.RegistrationRule(written.self_registration, written.accepted_domains)
    is_assigned = await organisations.is_assigned(db, register_code, email)
    return rules.why_not(access, email, is_assigned, reaches_scope=written.standard_reaches_scope)


@dataclass(frozen=True)
class Registration:
    """
    Adds an account for a person who may have one. The answer is the same if the account already exists.

    Only a mail to the address itself tells which: it holds a temporary password, or says that there is an account.
    """

    context: IdentityContext

    async def register(self, asked: RegisterAccount) -> Nothing:
        self.context.named(asked.register_code)
        registrant = rules.read_registrant(asked.first_name, asked.last_name, asked.email)
        if not isinstance(registrant, Registrant):
            raise Refused(InvalidRegistrant(wrong=registrant))
        async with transaction(self.context.pool) as db:
            refusal = await self._why_not(db, asked, registrant)
            if refusal is None:
                await self._add(db, asked.register_code, registrant)
            else:
                await audit.note(db, None, IdentityAction.REGISTRATION_REFUSED, register=asked.register_code)
        if refusal is not None:
            raise refusal
        self.context.wake()
        return Nothing()

    async def _why_not(self, db: Database, asked: RegisterAccount, registrant: Registrant) -> Refused | None:
        network = self.context.keys.window(network_of(asked.address))
        counted = await limits.count(db, self.context.shared_limits.registrations_from_network, network)
        if counted.is_over:
            return too_many(counted)
        code = await why_not_register(db, self.context, asked.register_code, registrant.email)
        return Refused(code) if code else None

    async def _add(self, db: Database, register_code: str, registrant: Registrant) -> None:
        account_id = new_id()
        home = rules.home_of(registrant.email, await organisations.find_by_domain(db, register_code))
        names = (registrant.first_name, registrant.last_name)
        if not await accounts.add(db, account_id, registrant.email, *names):
            await self._mail_that_there_is_one(db, register_code, registrant.email)
            return
        await organisations.give_grant(
            db, account_id, NewGrant(register_code, Role.STANDARD, home_organisation_id=home)
        )
        await welcome(db, self.context, account_id, Recipient(registrant.email, registrant.first_name, register_code))
        await audit.note(db, None, IdentityAction.ACCOUNT_REGISTERED, [account_id], register=register_code)

    async def _mail_that_there_is_one(self, db: Database, register_code: str, email: str) -> None:
        """Mail that there is an account already, a few times a day at most. Send nothing to a deactivated account."""
        account = await accounts.find_by_email(db, email)
        if account is None:
            return
        await audit.note(db, None, IdentityAction.REGISTRATION_REPEATED, [account.account_id], register=register_code)
        if account.status is Status.DISABLED:
            return
        key = self.context.keys.window(str(account.account_id))
        if not (await limits.count(db, REPEATED_REGISTRATIONS, key)).is_over:
            await outbox.put_letter(db, self.context.mails.already_registered(recipient_of(account, register_code)))
