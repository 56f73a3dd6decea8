"""Load the demo's accounts and people into an empty installation, through the services' own handlers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import asyncpg

from deploy.demo.people import ACCOUNTS, DEMO_PASSWORD, GAIL, PEOPLE, REGISTER, DemoAccount, DemoPerson, accounts_of
from deploy.runner.environment import Addresses
from services.identity.hashing import PasswordHashes
from services.identity.operators import Fixed, GrantWanted, NewAccount, create_account, ensure_organisations
from services.outcomes.handlers.watching import bring_into_line
from services.outcomes.store import tasks
from services.referrals.handlers.saving import Saving
from services.referrals.handlers.standing import RecordStatusHandlers
from shared.assertion import Signer, Verifier
from shared.context import ServiceContext
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.saving import SubmitRecord, UpdateRecord
from shared.contracts.referrals.standing import ReadStandings
from shared.database import DatabasePool, open_pool, transaction
from shared.fake_bus import FakeBus
from shared.ids import new_id
from shared.outbox import Relay
from shared.permissions import Caller, Role, Visitor
from shared.registers.definition.register import Definition
from shared.registers.load import Registers, load_registers
from shared.values import london_day

IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM account)"
DATE_RECORD = "UPDATE referrals.record SET created_at = $2, updated_at = $3, rated_at = $2 WHERE id = $1"
DATE_VERSION = "UPDATE referrals.record_version SET changed_at = $3 WHERE record_id = $1 AND version = $2"
FORGET_NOTICES = "DELETE FROM referrals.outbox WHERE subjects[1] LIKE 'notice.%'"
SEEN_AFTER, TOLD_AFTER = timedelta(minutes=20), timedelta(hours=1)

Records = list[tuple[UUID, DemoPerson]]


@dataclass(frozen=True)
class DemoIdentity:
    """The accounts and organisations of the demo, by address and domain."""

    accounts: dict[str, UUID]
    organisations: dict[str, UUID]


async def load_demo(addresses: Addresses, registers: Registers | None = None) -> bool:
    """
    Load the demo, unless there are accounts already. Return whether it was loaded. Run this before the services start.
    """
    registers = registers or load_registers()
    identity = await open_pool(addresses.dsn("identity"), size=1)
    referrals = await open_pool(addresses.background_dsn("referrals"), size=1)
    outcomes = await open_pool(addresses.background_dsn("outcomes"), size=1)
    try:
        if not await identity.fetchval(IS_EMPTY):
            return False
        loaded = await _load_accounts(identity, registers)
        records = await _load_people(addresses, referrals, registers, loaded)
        await _load_tasks(RecordStatusHandlers(_context(referrals, registers)), outcomes, records, loaded)
    finally:
        await outcomes.close()
        await identity.close()
        await referrals.close()
    return True


def _context(pool: DatabasePool, registers: Registers) -> ServiceContext:
    """
    Return a context for referrals before it runs. Its bus is local to this process, so no other process gets a message.
    """
    bus, signer = FakeBus("referrals"), Signer("referrals", bytes(32))
    relay = Relay(pool, bus, signer, {})
    return ServiceContext("referrals", pool, pool, bus, signer, Verifier("referrals", {}), relay, registers)


async def _load_accounts(pool: DatabasePool, registers: Registers) -> DemoIdentity:
    """Add the accounts of every register. Return them all, and the organisations of the register with people."""
    hashes = PasswordHashes(workers=2)
    password = Fixed(hashes, DEMO_PASSWORD)
    organisations: dict[str, dict[str, UUID]] = {}
    async with transaction(pool) as db:
        for register in registers.newest():
            rows = [(each.name, each.email_domain) for each in register.organisations]
            organisations[register.code] = await ensure_organisations(db, register.code, rows)
        accounts = {each.email: await create_account(db, each, password) for each in _accounts(registers)}
    return DemoIdentity(accounts, organisations[REGISTER])


def _accounts(registers: Registers) -> Iterable[NewAccount]:
    """Return each account once, with a grant for each register in which it has a role."""
    found: dict[str, NewAccount] = {}
    for register in registers.newest():
        for demo in accounts_of(register):
            made = _account(register, demo)
            first = found.setdefault(demo.email, made)
            found[demo.email] = made if first is made else replace(first, grants=(*first.grants, *made.grants))
    return found.values()


def demo_lines(registers: Registers) -> list[str]:
    """Return a line for each account and each of its roles."""
    return [f"  {each.email:<32} {each.level}" for register in registers.newest() for each in accounts_of(register)]


def _account(register: Definition, demo: DemoAccount) -> NewAccount:
    if demo.role is Role.MASTER_ADMIN:
        return NewAccount(demo.email, demo.first_name, demo.last_name, master_admin=True)
    offered = tuple(each for each in demo.grants if each in register.access.grants)
    grant = GrantWanted(
        register.code, demo.role, all_organisations=demo.everywhere, domains=demo.domains, grants=offered
    )
    return NewAccount(demo.email, demo.first_name, demo.last_name, (grant,))


async def _load_people(addresses: Addresses, pool: DatabasePool, registers: Registers, loaded: DemoIdentity) -> Records:
    saving = Saving(_context(pool, registers))
    register = registers.find(REGISTER)
    records = [(await _refer(saving, register, person, loaded), person) for person in PEOPLE]
    admin = await asyncpg.connect(addresses.databases["referrals"].admin_dsn)
    try:
        async with admin.transaction():
            for record_id, person in records:
                created, updated = _moment(person.created), _moment(person.updated)
                await admin.execute(DATE_RECORD, record_id, created, updated)
                await admin.execute(DATE_VERSION, record_id, 0, created)
                await admin.execute(DATE_VERSION, record_id, 1, updated)
            await admin.execute(FORGET_NOTICES)  # no one must be mailed about people who were referred years ago
    finally:
        await admin.close()
    return records


async def _load_tasks(
    standing: RecordStatusHandlers, pool: DatabasePool, records: Records, loaded: DemoIdentity
) -> None:
    """
    Open the tasks. Mark those of the administrator's own referrals as seen, and the other urgent ones as escalated.
    """
    caller = Caller(service="outcomes", job="demo")
    read = await standing.read(caller, ReadStandings(record_ids=tuple(record_id for record_id, _ in records)))
    standings = {each.record_id: each for each in read.standings}
    for record_id, person in records:
        stood = standings[record_id]
        async with transaction(pool) as db:
            await bring_into_line(db, record_id, stood, stood.rated_at)
        if person.created_by == GAIL:
            await _see(pool, _creator(person, loaded), record_id, stood.rated_at + SEEN_AFTER)
    async with transaction(pool) as db:
        for moment in sorted({_moment(person.created) for _, person in records}):
            await tasks.take_not_seen(db, [REGISTER], [moment], moment + TOLD_AFTER, len(PEOPLE))


async def _see(pool: DatabasePool, visitor: Visitor, record_id: UUID, moment: datetime) -> None:
    async with transaction(pool, visitor) as db:
        for task in await tasks.list_tasks(db, visitor, "urgent", 0, len(PEOPLE)):
            if task.record_id == record_id:
                await tasks.mark_seen(db, visitor, task.task_id, moment)


async def _refer(saving: Saving, register: Definition, person: DemoPerson, loaded: DemoIdentity) -> UUID:
    """Refer the person in their creator's name, and update the referral once if the demo says so."""
    visitor = _creator(person, loaded)
    answers = _answers(person)
    receipt = await saving.submit(visitor, SubmitRecord(command_id=new_id(), edition=register.edition, answers=answers))
    if person.updated != person.created:
        news = answers | {"latest_update": "Seen at home. The plan is being followed."}
        await saving.update(
            visitor, UpdateRecord(command_id=new_id(), record_id=receipt.record_id, version=0, answers=news)
        )
    return receipt.record_id


def _creator(person: DemoPerson, loaded: DemoIdentity) -> Visitor:
    account = next(each for each in ACCOUNTS if each.email == person.created_by)
    organisation = loaded.organisations[person.domain]
    return Visitor(
        user_id=loaded.accounts[account.email],
        full_name=f"{account.first_name} {account.last_name}",
        register_code=REGISTER,
        role=account.role,
        organisation_ids=(organisation,),
        home_organisation_id=organisation,
        session_id=new_id(),
        method="password_pin",
    )


def _answers(person: DemoPerson) -> Answers:
    today = london_day(datetime.now(UTC))
    under_16: Answers = {"under_16": "yes"} if person.age < 16 else {}
    return {
        **under_16,
        "capacity_to_consent": "yes",
        "consent_given": "yes",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "date_of_birth": date(today.year - person.age, 1, 1).isoformat(),
        "nhs_number": person.nhs_number,
        "postcode": person.postcode,
        "learning_disability_or_autism": "both" if person.age % 3 == 0 else "autism",
        "ethnicity": "Z",
        "locality": person.locality,
        "lead_professional": "Lee Lead",
        "risk_level": person.rating,
    }


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
