"""Accounts that administer others and accounts that are administered, and the requests to do so."""

from collections.abc import Awaitable
from uuid import UUID, uuid4

from services.identity.operators import Fixed, GrantWanted, NewAccount, create_account
from shared.accounts import UserAct
from shared.contracts.users import (
    ActOnUser,
    AddUser,
    ChangeAccess,
    GrantedAccess,
    ListUsers,
    ReadUser,
    User,
    UserAdded,
    UserShown,
)
from shared.database import transaction
from shared.messages import Nothing, Refused
from shared.permissions import Role
from tests.services.identity.rig import PASSWORD, Rig

MPFT, COMBINED, STOKE = "mpft.nhs.uk", "combined.nhs.uk", "stoke.gov.uk"
GAIL, AMINA, MAX = "gail.thomas@mpft.nhs.uk", "amina.patel@combined.nhs.uk", "max.fell@staffordshire.gov.uk"
JO = "jo.lark@mpft.nhs.uk"


async def made(
    rig: Rig,
    email: str,
    name: str,
    role: Role = Role.STANDARD,
    *domains: str,
    everywhere: bool = False,
    register: str = "dsr",
) -> UUID:
    """Add an account with one role, and return its id. A master admin gets no role on the register."""
    first, last = name.split()
    is_master = role is Role.MASTER_ADMIN
    grants = () if is_master else (GrantWanted(register, role, everywhere, domains),)
    account = NewAccount(email, first, last, grants, master_admin=is_master)
    async with transaction(rig.pool) as db:
        return await create_account(db, account, Fixed(rig.context.hashes, PASSWORD))


async def office(rig: Rig) -> UUID:
    """Add Gail with all organisations, Amina with one, Max as master admin, and Jo of MPFT. Return Jo's id."""
    await made(rig, GAIL, "Gail Thomas", Role.ADMINISTRATOR, everywhere=True)
    await made(rig, AMINA, "Amina Patel", Role.ADMINISTRATOR)
    await made(rig, MAX, "Max Fell", Role.MASTER_ADMIN)
    return await made(rig, JO, "Jo Lark")


async def as_(rig: Rig, email: str) -> str:
    """Log in, and return the assertion of this user."""
    return (await rig.find((await rig.come_in(email)).session_token)).assertion


async def organisation(rig: Rig, domain: str) -> UUID:
    query = "SELECT organisation_id FROM organisation WHERE register_code = 'dsr' AND domain = $1"
    found: UUID = await rig.pool.fetchval(query, domain)
    return found


async def access(rig: Rig, role: Role = Role.STANDARD, *domains: str, everywhere: bool = False) -> GrantedAccess:
    given = tuple([await organisation(rig, domain) for domain in domains])
    return GrantedAccess(role=role, all_organisations=everywhere, organisation_ids=given)


async def listed(rig: Rig, who: str, search: str = "", **wanted: object) -> list[UserShown]:
    asked = ListUsers.model_validate({"search": search, **wanted})
    return list((await rig.ask(asked, who)).users)


async def read(rig: Rig, who: str, user_id: UUID) -> User:
    return await rig.ask(ReadUser(user_id=user_id), who)


async def added(
    rig: Rig, who: str, email: str, given: GrantedAccess, *, name: str = "Kit Wren", command: UUID | None = None
) -> UserAdded:
    first, last = name.split()
    asked = AddUser(command_id=command or uuid4(), first_name=first, last_name=last, email=email, access=given)
    return await rig.ask(asked, who)


async def changed(rig: Rig, who: str, user_id: UUID, given: GrantedAccess, version: int = 1) -> Nothing:
    return await rig.ask(ChangeAccess(command_id=uuid4(), user_id=user_id, version=version, access=given), who)


async def done(rig: Rig, who: str, user_id: UUID, act: UserAct) -> Nothing:
    return await rig.ask(ActOnUser(command_id=uuid4(), user_id=user_id, act=act), who)


async def refusal(asked: Awaitable[object]) -> tuple[str, dict[str, object]]:
    """Return the code and details of the refusal, or empty ones if the request is carried out."""
    try:
        await asked
    except Refused as refused:
        return refused.code, refused.details.model_dump(exclude_none=True)
    return "", {}
