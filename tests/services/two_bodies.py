"""A register whose scope is made of two bodies: its definition, its visitors, and the states of its records."""

import itertools
import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from shared.contracts.referrals.events import Urgency
from shared.contracts.referrals.feed import FedRecord, Rated
from shared.contracts.referrals.standing import RecordStanding
from shared.database import as_json
from shared.permissions import Role, Visitor
from shared.registers.bodies import Compartment, compartment_of
from shared.registers.files import SHIPPED, LoadedRegister, lists_beside, read_register
from tests.services.referrals.builders import a_visitor, new_id

AUTHORITIES = tuple(f"authority:{code}" for code in ("north", "south", "east"))
COMMISSIONERS = tuple(f"commissioner:{code}" for code in ("first", "second"))
BODIES = (*AUTHORITIES, *COMMISSIONERS)
RATINGS = ("green", "amber", "red")
URGENCIES: dict[str, Urgency] = {"green": "routine", "amber": "alert", "red": "urgent"}
BEGUN = datetime(2026, 11, 2, 12, tzinfo=UTC)

QUESTIONS = """
[[form.section.question]]
name = "authority"
label = "Authority"
kind = "select"
required = true
options = [
  { code = "north", label = "North Council" }, { code = "south", label = "South Council" },
  { code = "east", label = "East Council" },
]

[[form.section.question]]
name = "commissioner"
label = "Commissioner"
kind = "select"
required = true
options = [{ code = "first", label = "First Board" }, { code = "second", label = "Second Board" }]

[person]
"""
BODY_FILTERS = """
  { kind = "body", label = "Authority", everything = "All Authorities", question = "authority" },
  { kind = "body", label = "Commissioner", everything = "All Commissioners", question = "commissioner" },
"""


def a_code() -> str:
    """Return a code of a register that no other test uses."""
    return f"p{secrets.token_hex(5)}"


def a_two_body_register(code: str) -> LoadedRegister:
    """Return the DSR under another code, whose records are seen by an authority and a commissioner."""
    text = Path(SHIPPED, "dsr", "2022.toml").read_text("utf-8")
    of_organisation = '{ kind = "organisation", label = "Referring Organisation", everything = "All Organisations" }'
    changes = (
        ('code = "dsr"', f'code = "{code}"'),
        ("\n[person]\n", QUESTIONS),
        (f"  {of_organisation},\n", BODY_FILTERS),
        (of_organisation, BODY_FILTERS.splitlines()[1].strip().rstrip(",")),
        ('  { kind = "by_organisation", title = "ORGANISATION BREAKDOWN" },\n', ""),
        ("\n[access]\n", '\n[scope]\nby = ["authority", "commissioner"]\n\n[access]\n'),
    )
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return read_register(text.encode(), code, lists_beside(SHIPPED))


def an_organisation_register(code: str) -> LoadedRegister:
    """Return the DSR under another code. Its records are seen by the organisation that submitted them."""
    text = Path(SHIPPED, "dsr", "2022.toml").read_text("utf-8").replace('code = "dsr"', f'code = "{code}"', 1)
    return read_register(text.encode(), code, lists_beside(SHIPPED))


def a_visitor_of(register_code: str, *bodies: str, role: Role = Role.ADMINISTRATOR) -> Visitor:
    """Return a visitor whose organisation acts for these bodies."""
    return a_visitor(role, register_code=register_code).model_copy(update={"bodies": bodies})


def a_visitor_of_all(register_code: str, role: Role = Role.ADMINISTRATOR) -> Visitor:
    """Return a visitor who has every record of the register."""
    return a_visitor(role, register_code=register_code).model_copy(update={"all_organisations": True})


@dataclass(frozen=True)
class PairRecord:
    """A record of the register at one version."""

    register_code: str
    bodies: tuple[str, ...]
    rating: str = "red"
    is_open: bool = True
    version: int = 0
    record_id: UUID = field(default_factory=new_id)

    @property
    def compartment(self) -> Compartment:
        return compartment_of(self.register_code, self.bodies)

    def moved_to(self, *bodies: str) -> "PairRecord":
        return replace(self, bodies=bodies, version=self.version + 1)

    @property
    def standing(self) -> RecordStanding:
        return RecordStanding(
            record_id=self.record_id,
            register_code=self.register_code,
            bodies=self.compartment.bodies,
            reference=f"PAIR-{self.record_id.hex[:8]}",
            version=self.version,
            is_open=self.is_open,
            urgency=URGENCIES[self.rating],
            rated_at=BEGUN,
            locality="south_staffordshire",
        )

    def fed(self, sequence: int) -> FedRecord:
        named = dict(each.split(":") for each in self.bodies)
        return FedRecord(
            sequence=sequence,
            record_id=self.record_id,
            register_code=self.register_code,
            edition="2022",
            reference=f"PAIR-{self.record_id.hex[:8]}",
            version=self.version,
            organisation_id=UUID(int=1),
            bodies=self.compartment.bodies,
            state="active" if self.is_open else "archived",
            is_open=self.is_open,
            created_by="Jayne Billings",
            created_at=BEGUN,
            updated_at=BEGUN,
            rated_at=BEGUN,
            ended_at=None if self.is_open else BEGUN + timedelta(days=1),
            born=None,
            answers=as_json({"risk_level": self.rating, **named}),
            ratings=(Rated(since=BEGUN, code=self.rating),),
        )


def random_records(chance: random.Random, register_code: str, count: int = 30) -> list[PairRecord]:
    pairs = list(itertools.product(AUTHORITIES, COMMISSIONERS))
    return [
        PairRecord(register_code, chance.choice(pairs), chance.choice(RATINGS), is_open=chance.random() < 0.8)
        for _ in range(count)
    ]


def some_bodies(chance: random.Random) -> tuple[str, ...]:
    return tuple(chance.sample(BODIES, chance.randint(0, 3)))


def seen_with(bodies: Iterable[str], records: Iterable[PairRecord]) -> list[PairRecord]:
    """Return the records that a visitor with these bodies should see."""
    return [each for each in records if set(bodies) & set(each.bodies)]
