"""The invented register of the second kind, as the tests of services use it: its bodies, visitors and answers."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from uuid import UUID

from shared.contracts.referrals.answers import Answer
from shared.ids import new_id
from shared.permissions import Role, Visitor
from shared.registers.bodies import compartment_of
from shared.registers.files import LoadedRegister, load_file
from shared.registers.load import Registers

FILE = Path(__file__).parents[1] / "journeys" / "registers" / "watch" / "2032.toml"
EDITION = "2032"
PARISHES = ("plumstead", "hogglestock", "crabtree")
ALMSHOUSES = ("hiram", "ewold", "puddingdale")


@cache
def watch() -> LoadedRegister:
    return load_file(FILE)


def own_register(code: str) -> Registers:
    """Return the definition under another code, so that a test can look at a whole register that nobody else uses."""
    loaded = watch()
    identity = loaded.definition.identity.model_copy(update={"code": code})
    return Registers([replace(loaded, definition=loaded.definition.model_copy(update={"identity": identity}))])


def a_watcher(
    role: Role, *bodies: str, code: str = "watch", everything: bool = False, user_id: UUID | None = None
) -> Visitor:
    """Return a visitor whose organisation acts for these bodies, written `list:code`."""
    home = new_id()
    return Visitor(
        user_id=user_id or new_id(),
        full_name="Septimus Harding",
        register_code=code,
        role=role,
        organisation_ids=(home,),
        all_organisations=everything,
        home_organisation_id=home,
        session_id=new_id(),
        method="password_pin",
        bodies=bodies,
        standard_sees="scope",
        standard_updates="scope",
    )


def a_watch(parish: str = "plumstead", almshouse: str = "hiram", **changes: Answer) -> dict[str, Answer]:
    """Return the required answers with these changes. An empty answer is left out."""
    answers: dict[str, Answer] = {
        "called": "Abel",
        "family_called": "Handy",
        "came_to_the_world": "1950-03-04",
        "parish": parish,
        "almshouse": almshouse,
        "watch_began": "2026-01-05",
    }
    return {name: answer for name, answer in (answers | changes).items() if answer}


def bodies_of(parish: str, almshouse: str) -> frozenset[str]:
    return frozenset((f"parish:{parish}", f"almshouse:{almshouse}"))


def compartment(code: str, parish: str, almshouse: str) -> UUID:
    return compartment_of(code, bodies_of(parish, almshouse)).compartment_id
