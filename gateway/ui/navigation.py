"""The places of a register: their paths, the permissions they need, and the masthead that shows them."""

from functools import lru_cache

from gateway.ui.masthead import Masthead, NavigationItem
from gateway.ui.shell import Same
from shared.permissions import Permission, Visitor
from shared.registers.definition.register import Definition, Place

PATHS: dict[Place, str] = {
    "home": "home/",
    "submit": "records/new",
    "records": "records/",
    "reporting": "reporting/",
    "help": "help/",
    "password": "account/password",
    "administration": "administration/",
    "logout": "logout",
}
NEEDS: dict[Place, frozenset[Permission]] = {
    "home": frozenset({Permission.USE_ACCOUNT}),
    "submit": frozenset({Permission.SUBMIT_RECORD}),
    "records": frozenset({Permission.READ_RECORDS}),
    "reporting": frozenset({Permission.READ_REPORTS}),
    "help": frozenset({Permission.USE_ACCOUNT}),
    "password": frozenset({Permission.USE_ACCOUNT}),
    "administration": frozenset({Permission.ADMINISTER, Permission.CONFIGURE, Permission.UNLOCK_ACCOUNT}),
    "logout": frozenset({Permission.USE_ACCOUNT}),
}


TEAM: dict[str, Permission] = {
    "work/": Permission.RECORD_OUTCOME,
    "meetings/": Permission.RECORD_OUTCOME,
    "actions/": Permission.RECORD_OUTCOME,
    "duplicates/": Permission.ADMINISTER,
}
"""The second bar: each page's path, and the permission that it needs."""


def masthead_of(register: Definition, visitor: Visitor | None, path: str) -> Masthead:
    """
    Return the masthead for this visitor at this path. Without a log-in it has no navigation bar (R-DSR-067, 069, 070).
    """
    if visitor is None:
        return _public(Same(register))
    places = _open_to(Same(register), visitor.permissions)
    team = _team(Same(register), visitor.permissions)
    hrefs = [register.address(each) for each in (*(PATHS[place] for place in places), *team)]
    return _signed_in(Same(register), places, team, _current(hrefs, path))


def signed_in_as(register: Definition, visitor: Visitor | None) -> str:
    return register.words("page.signed_in", name=visitor.full_name) if visitor else ""


@lru_cache(maxsize=10)
def _public(same: Same[Definition]) -> Masthead:
    register = same.value
    return Masthead(
        site_name=register.identity.site_name,
        register_name=register.identity.name,
        home=register.address(""),
        help=register.address("help/"),
        copyright=register.words.unfilled("page.copyright"),
    )


@lru_cache(maxsize=50)
def _open_to(register: Same[Definition], permissions: frozenset[Permission]) -> tuple[Place, ...]:
    return tuple(link.place for link in register.value.navigation if NEEDS[link.place] & permissions)


@lru_cache(maxsize=50)
def _team(same: Same[Definition], permissions: frozenset[Permission]) -> tuple[str, ...]:
    """Return the paths of the second bar. A register without ratings has no work list; one that meets has actions."""
    meets = same.value.meetings is not None
    there = {"work/": same.value.rating is not None, "meetings/": meets, "actions/": meets}
    return tuple(path for path, needed in TEAM.items() if needed in permissions and there.get(path, True))


def _team_items(register: Definition, team: tuple[str, ...], here: str | None) -> tuple[NavigationItem, ...]:
    words = register.words
    labels = {
        "work/": words("tasks.heading"),
        "meetings/": words("meetings.heading"),
        "actions/": words("actions.heading"),
        "duplicates/": words("duplicate.team_heading"),
    }
    hrefs = {path: register.address(path) for path in team}
    return tuple(NavigationItem(labels[path], href, current=href == here) for path, href in hrefs.items())


@lru_cache(maxsize=200)
def _signed_in(same: Same[Definition], places: tuple[Place, ...], team: tuple[str, ...], here: str | None) -> Masthead:
    register = same.value
    return Masthead(
        site_name=register.identity.site_name,
        register_name=register.identity.name,
        home=register.address(PATHS["home"]),
        help=register.address(PATHS["help"]),
        account=register.address(PATHS["password"]) + "#sessions",
        navigation=_items(register, places, here),
        team=_team_items(register, team, here),
        copyright=register.words.unfilled("page.copyright"),
    )


def _items(register: Definition, places: tuple[Place, ...], here: str | None) -> tuple[NavigationItem, ...]:
    return tuple(
        NavigationItem(
            label=link.label,
            href=register.address(PATHS[link.place]),
            current=register.address(PATHS[link.place]) == here,
            posted=link.place == "logout",
        )
        for link in register.navigation
        if link.place in places
    )


def _current(hrefs: list[str], path: str) -> str | None:
    """Return the place that the path is in: the longest address that it begins with."""
    return max((href for href in hrefs if path.startswith(href)), key=len, default=None)
