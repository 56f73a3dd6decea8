"""Queries that settle records: find those to settle, write them again, and flag pairs that are alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.rules.likeness import ComparedPerson
from services.referrals.store.saving import Content
from shared.contracts.referrals.answers import Answers
from shared.database import Database, as_json

ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)
FIND_UNSETTLED = """
    SELECT entries, record_id, reference, register_code, edition, version, is_open, answers, search, sort_name, keys
    FROM find_unsettled($1, $2, $3)
"""
REFOLD = "SELECT refold_records($1, $2, $3, $4, $5, $6, $7, $8)"
FIND_ALIKE = "SELECT wanted_id, record_id, given_name, family_name, born, nhs_number FROM find_alike($1)"
FLAG_ALIKE = "SELECT flag_alike($1, $2)"


@dataclass(frozen=True, repr=False)
class UnsettledRecord:
    """A record to settle, with what is stored about it now."""

    record_id: UUID
    reference: str
    register_code: str
    edition: str
    version: int
    is_open: bool
    answers: Answers
    search: str
    sort_name: str | None
    keys: frozenset[str]

    def is_as(self, content: Content) -> bool:
        """Return whether the record is stored as the service would store it now."""
        stored = (self.search, self.sort_name, self.keys)
        return stored == (content.search, content.sort_name, frozenset(content.keys or ()))


@dataclass(frozen=True)
class Unsettled:
    """Records to settle, and the entries of the list to take off afterwards."""

    records: tuple[UnsettledRecord, ...]
    entries: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class WantedAlike:
    """
    Whom to compare a record with: those born on `born`, above all with names that begin like one of `beginnings`, and
    those with one of `names` who were born on one of `days`.
    """

    record_id: UUID
    register_code: str
    born: date
    beginnings: tuple[str, ...]
    names: tuple[str, ...]
    days: tuple[date, ...]


@dataclass(frozen=True)
class AlikePair:
    """Two records that may be about one person, the lower id first. `rule` says why."""

    one: UUID
    other: UUID
    rule: str


async def find_unsettled(db: Database, most: int, served: Sequence[tuple[str, str]]) -> Unsettled:
    """Return some records of these editions to settle. Records of other editions stay on the list."""
    rows = await db.fetch(FIND_UNSETTLED, most, [code for code, _ in served], [edition for _, edition in served])
    entries = tuple(entry for row in rows for entry in row["entries"])
    return Unsettled(tuple(_record(row) for row in rows if row["record_id"] is not None), entries)


def _record(row: Record) -> UnsettledRecord:
    fields = dict(row)
    del fields["entries"]
    fields |= {"answers": ANSWERS.validate_json(row["answers"]), "keys": frozenset(row["keys"])}
    return UnsettledRecord(**fields)


async def refold(db: Database, register_code: str, written: Sequence[tuple[UnsettledRecord, Content]]) -> None:
    """Write the words, keys and spelling of records of one register again, except those that were saved meanwhile."""
    rows = [(record.record_id, record.version, content.search, content.sort_name) for record, content in written]
    keys = [
        (record.record_id, key, rule)
        for record, content in written
        for key, rule in zip(content.keys or (), content.key_rules or (), strict=True)
    ]
    await db.execute(REFOLD, register_code, *_columns(rows, 4), *_columns(keys, 3))


def _columns(rows: Sequence[tuple[object, ...]], count: int) -> list[list[object]]:
    return [[row[place] for row in rows] for place in range(count)]


async def find_alike(db: Database, wanted: Sequence[WantedAlike]) -> list[tuple[UUID, ComparedPerson]]:
    """Return the people to compare with each record, with the id of that record."""
    rows = await db.fetch(FIND_ALIKE, as_json(wanted))
    names = ("record_id", "given_name", "family_name", "born", "nhs_number")
    return [(row["wanted_id"], ComparedPerson(**{name: row[name] for name in names})) for row in rows]


async def flag_alike(db: Database, pairs: Sequence[AlikePair], entries: Sequence[int]) -> None:
    await db.execute(FLAG_ALIKE, as_json(pairs), list(entries))
