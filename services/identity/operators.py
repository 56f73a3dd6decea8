"""Changes to identity without a log-in, for operators and demo data: organisations, accounts and unlocking."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from services.identity.add_ons import note_grants
from services.identity.audit_actions import IdentityAction
from services.identity.hashing import PasswordHashes
from services.identity.keys import Keys
from services.identity.mails import Mails, Recipient
from services.identity.resetting import AppResetter, reset_app
from services.identity.rules.passwords import Profile
from services.identity.rules.registration import Registrant, home_of, read_registrant
from services.identity.store import accounts, apps, organisations
from services.identity.store.organisations import NewGrant
from services.identity.unlocking import unlock
from services.identity.welcoming import welcome
from shared import audit
from shared.contracts.registration import InvalidRegistrant
from shared.database import Database
from shared.ids import new_id
from shared.messages import Refused
from shared.permissions import AccountGrant, Role
from shared.values import read_email

OPERATORS = "your system administrator"


@dataclass(frozen=True)
class GrantWanted:
    """The access of a new account to one register. Domains name the organisations; the address decides the home one."""

    register_code: str
    role: Role
    all_organisations: bool = False
    domains: tuple[str, ...] = ()
    grants: tuple[AccountGrant, ...] = ()


@dataclass(frozen=True)
class NewAccount:
    """An account to be added. A master admin has no grant on any register: the database refuses both together."""

    email: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    grants: tuple[GrantWanted, ...] = ()
    master_admin: bool = False


@dataclass(frozen=True)
class Mailed:
    """
    Make a temporary password and mail it. All real accounts begin this way.

    The mail is in a register's name, or without one in that of the installation.
    """

    keys: Keys
    mails: Mails
    profile: Profile
    register_code: str = ""
    installation: str = ""


@dataclass(frozen=True)
class Fixed:
    """Use the given password. This is only for demo users and benchmarks."""

    hashes: PasswordHashes
    password: str = field(repr=False)


async def create_account(db: Database, account: NewAccount, password: Mailed | Fixed) -> UUID:
    """
    Add an account in the caller's transaction, with any mail domain, and return its id.

    Refused as `already_registered`, `unknown_organisation`, or `invalid_answers` with the reason for each field.
    """
    registrant = read_registrant(account.first_name, account.last_name, account.email)
    if not isinstance(registrant, Registrant):
        raise Refused(InvalidRegistrant(wrong=registrant))
    account_id, names = new_id(), (registrant.first_name, registrant.last_name)
    if not await accounts.add(db, account_id, registrant.email, *names, master_admin=account.master_admin):
        raise Refused("already_registered")
    await audit.note(db, None, IdentityAction.ACCOUNT_CREATED, [account_id])
    for grant in account.grants:
        await organisations.give_grant(db, account_id, await _found(db, registrant.email, grant))
        await audit.note(db, None, IdentityAction.GRANT_GIVEN, [account_id], register=grant.register_code)
        await note_grants(db, None, account_id, (), grant.grants, register=grant.register_code)
    if isinstance(password, Mailed):
        to = Recipient(registrant.email, registrant.first_name, password.register_code, password.installation)
        await welcome(db, password, account_id, to)
    else:
        await _fix_password(db, account_id, password)
    return account_id


async def _found(db: Database, email: str, wanted: GrantWanted) -> NewGrant:
    by_domain = await organisations.find_by_domain(db, wanted.register_code)
    if not by_domain.keys() >= set(wanted.domains):
        raise Refused("unknown_organisation")
    granted = tuple(by_domain[domain] for domain in wanted.domains)
    home = home_of(email, by_domain)
    return NewGrant(wanted.register_code, wanted.role, wanted.all_organisations, home, granted, wanted.grants)


async def _fix_password(db: Database, account_id: UUID, fixed: Fixed) -> None:
    made = await accounts.find_by_id(db, account_id)
    if made is not None:
        await accounts.set_password(db, made, await fixed.hashes.make(fixed.password), (made.status,))


async def ensure_organisations(db: Database, register_code: str, rows: Iterable[tuple[str, str]]) -> dict[str, UUID]:
    """Add the organisations (name, domain) that the register lacks. Return all its organisations by domain."""
    await organisations.add(db, register_code, [(new_id(), name, domain) for name, domain in rows])
    return await organisations.find_by_domain(db, register_code)


async def reset_app_of(db: Database, resetter: AppResetter, email: str, installation: str) -> str | None:
    """
    Reset the app of an account, as for a master admin whom no administrator manages.

    Return the code for its user, or None if no role of the account needs an app. Refused as `no_app`. Sessions end at
    the next request, because nobody broadcasts them.
    """
    account = await accounts.find_by_email(db, read_email(email))
    if account is None or not await apps.has(db, account.account_id):
        raise Refused("no_app")
    await accounts.hold(db, account.account_id)
    to = Recipient(account.email, account.first_name, "", installation)
    code, _ended = await reset_app(db, resetter, account.account_id, to, OPERATORS)
    await audit.note(db, None, IdentityAction.APP_RESET, [account.account_id])
    return code


async def unlock_account(db: Database, keys: Keys, email: str, unlocked_by: UUID | None = None) -> bool:
    """Unlock an account and reset its counts. Return False when there is no such locked account."""
    account = await accounts.find_by_email(db, read_email(email))
    if account is None or not await unlock(db, keys, account.account_id):
        return False
    await audit.note(db, None, IdentityAction.ACCOUNT_UNLOCKED, [account.account_id], actor=unlocked_by)
    return True
