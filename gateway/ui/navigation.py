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


def masthead_of(register: Definition, visitor: Visitor | None, path: str) -> Masthead:
    """
    Return the masthead for this visitor at this path. Without a log-in it has no navigation bar (R-DSR-067, 069, 070).
    """
    if visitor is None:
        return _public(Same(register))
    places = _open_to(Same(register), visitor.permissions)
    return _signed_in(Same(register), places, _current([register.address(PATHS[place]) for place in places], path))


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


@lru_cache(maxsize=200)
def _signed_in(same: Same[Definition], places: tuple[Place, ...], here: str | None) -> Masthead:
    register = same.value
    return Masthead(
        site_name=register.identity.site_name,
        register_name=register.identity.name,
        home=register.address(PATHS["home"]),
        help=register.address(PATHS["help"]),
        account=register.address(PATHS["password"]),
        navigation=_items(register, places, here),
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
