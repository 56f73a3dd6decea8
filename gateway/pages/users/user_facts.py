"""How pages show an account: its address within the register; its role, organisations, grants and state in words."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.ui.formats import day_and_time, lines
from gateway.ui.organisations import ORGANISATIONS
from gateway.ui.table import Cell
from shared.accounts import UserState
from shared.contracts.users import GrantedAccess, UserShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

PAGE = "administration/users/"
FEW = 3
COLOURS: dict[UserState, str] = {
    UserState.ACTIVE: "green",
    UserState.INVITED: "blue",
    UserState.LOCKED: "red",
    UserState.DEACTIVATED: "grey",
}

Names = Mapping[UUID, str]


def user_address(register: Definition, user_id: UUID, rest: str = "") -> str:
    return register.address(f"{PAGE}{user_id.hex}/{rest}")


async def names_of(request: web.Request) -> dict[UUID, str]:
    """Return the register's organisations, sorted by name."""
    listed = await request.config_dict[ORGANISATIONS].of(request[REGISTER].code)
    return {each.organisation_id: each.name for each in listed.organisations}


def organisations_text(words: Words, access: GrantedAccess, names: Names, most: int | None = None) -> str:
    """Return the organisations by name: at most `most`, then how many more."""
    if access.all_organisations:
        return words("users.all_organisations")
    held = [name for each, name in names.items() if each in access.organisation_ids]
    shown = held[:most]
    more = [words("users.more_organisations", count=len(held) - len(shown))] if len(held) > len(shown) else []
    return ", ".join(shown + more) or words("users.no_organisation")


def home_text(words: Words, access: GrantedAccess, names: Names) -> str:
    home = access.home_organisation_id
    return names.get(home, "") if home else words("user.no_home")


def logged_in_text(words: Words, user: UserShown) -> str:
    return day_and_time(user.logged_in_at) if user.logged_in_at else words("user.never_logged_in")


def grants_facts(register: Definition, access: GrantedAccess) -> list[tuple[str, Cell]]:
    """Return the user's grants as a fact of the account; nothing in a register that offers none."""
    words, offered = register.words, register.access.grants
    held = [words.group("users.grants")[each] for each in offered if each in access.grants]
    return [(words("user.grants"), lines(*held) if held else words("user.no_grants"))] if offered else []


def state_tag(words: Words, state: UserState) -> Markup:
    tag = Markup('<strong class="nhsuk-tag nhsuk-tag--{}">{}</strong>')
    return tag.format(COLOURS[state], words.group("users.states")[state])
