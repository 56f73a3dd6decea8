"""The made-up people of demo mode: those of the printed screens, with their ratings, dates and creators."""

from dataclasses import dataclass
from datetime import date

from shared.permissions import AccountGrant, Role
from shared.registers.definition.register import Definition

REGISTER = "dsr"
DEMO_PASSWORD = "Demo-2026!ics"  # noqa: S105  printed on purpose, and only demo people have it


@dataclass(frozen=True, repr=False)
class DemoAccount:
    """
    A user who can log in. `domains`: the organisations granted; if empty and not `everywhere`, the user's own. Of
    `grants` they get those that the register offers.
    """

    email: str
    first_name: str
    last_name: str
    role: Role
    level: str
    everywhere: bool = False
    domains: tuple[str, ...] = ()
    grants: tuple[AccountGrant, ...] = ()


@dataclass(frozen=True, repr=False)
class DemoPerson:
    """A person on the register. `age`: in years today, so that the dashboard always shows the same ages."""

    first_name: str
    last_name: str
    age: int
    postcode: str
    nhs_number: str
    domain: str
    locality: str
    rating: str
    created: date
    updated: date
    created_by: str


JENNY, CALUM, GAIL = "standard@mpft.nhs.uk", "calum.stronach@mpft.nhs.uk", "admin@mpft.nhs.uk"
MPFT, COMBINED, POLICE, STOKE = "mpft.nhs.uk", "combined.nhs.uk", "staffordshire.police.uk", "stoke.gov.uk"
SOUTH, NORTH = "south_staffordshire", "north_staffordshire_stoke"

LOADS = (AccountGrant.BULK_LOAD,)

ACCOUNTS = (
    DemoAccount(JENNY, "Jenny", "Harris", Role.STANDARD, "Standard user"),
    DemoAccount("reporting@mpft.nhs.uk", "Rupert", "Reeves", Role.REPORTING, "Reporting user", domains=(MPFT,)),
    DemoAccount(
        GAIL, "Gail", "Thomas", Role.ADMINISTRATOR, "Administrator, all organisations", everywhere=True, grants=LOADS
    ),
    DemoAccount(
        "admin@combined.nhs.uk",
        "Amina",
        "Patel",
        Role.ADMINISTRATOR,
        "Administrator, that organisation only",
        domains=(COMBINED,),
    ),
    DemoAccount(CALUM, "Calum", "Stronach", Role.STANDARD, "Standard user"),
    DemoAccount("master@staffordshire.gov.uk", "Morgan", "Master", Role.MASTER_ADMIN, "Master admin"),
)
FURTHER = (
    ("standard", "Sam", Role.STANDARD),
    ("reporting", "Robin", Role.REPORTING),
    ("admin", "Ash", Role.ADMINISTRATOR),
)


def accounts_of(register: Definition) -> tuple[DemoAccount, ...]:
    """Return the users of a register: the demo's own, or one of each role at the first organisation."""
    if register.code == REGISTER:
        return ACCOUNTS
    if not register.organisations:
        return ()
    domain = register.organisations[0].email_domain
    return tuple(
        DemoAccount(
            f"{called}@{domain}",
            first_name,
            called.capitalize(),
            role,
            f"{register.words.group('users.roles')[role]}, {register.identity.name}",
            everywhere=role is Role.ADMINISTRATOR,
            grants=LOADS if role is Role.ADMINISTRATOR else (),
            domains=(domain,) if role is Role.REPORTING else (),
        )
        for called, first_name, role in FURTHER
    )


_17, _26, _27 = date(2022, 6, 17), date(2022, 6, 26), date(2022, 6, 27)
_12_JULY = date(2022, 7, 12)

PEOPLE = (
    DemoPerson("Percy", "Plum", 34, "ST16 3SR", "9990000018", MPFT, SOUTH, "green", _17, date(2022, 7, 14), JENNY),
    DemoPerson("Ruby", "Scarlet", 27, "WS11 1AA", "9990000026", MPFT, SOUTH, "amber", _17, _12_JULY, JENNY),
    DemoPerson("Gordon", "Green", 41, "ST5 1QG", "9990000034", COMBINED, NORTH, "amber", _17, date(2022, 7, 13), JENNY),
    DemoPerson("Wendy", "White", 16, "ST1 4LX", "9990000042", STOKE, NORTH, "red", _17, _27, JENNY),
    DemoPerson("Joe", "Bloggs", 23, "ST17 4AN", "9990000050", MPFT, SOUTH, "red", _17, _12_JULY, CALUM),
    DemoPerson("Bertie", "Black", 52, "DE14 1BX", "9990000069", POLICE, SOUTH, "red", _17, date(2022, 6, 20), JENNY),
    DemoPerson("Barney", "Rubble", 30, "ST4 2QQ", "9990000077", MPFT, NORTH, "green", _17, _27, JENNY),
    DemoPerson("Tony", "Tiger", 19, "ST6 3EP", "9990000085", COMBINED, NORTH, "green", _26, date(2022, 7, 8), JENNY),
    DemoPerson("Toby", "Test", 14, "ST18 0AB", "9990000093", MPFT, SOUTH, "red", _27, _12_JULY, GAIL),
    DemoPerson("William", "Wallace", 63, "WS15 2AT", "9990000107", MPFT, SOUTH, "amber", _27, _12_JULY, GAIL),
    DemoPerson("Tester", "Three", 25, "ST5 0RG", "9990000115", MPFT, NORTH, "red", _27, _12_JULY, GAIL),
    DemoPerson("Olive", "Orange", 38, "DE13 0AT", "9990000123", POLICE, SOUTH, "red", _27, _27, GAIL),
)
