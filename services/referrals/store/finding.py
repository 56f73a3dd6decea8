"""Listing, searching and reading records: one round trip each, the audit row in the same call."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.rules import Search, Shape, may_update
from services.referrals.store.scope import scope_of
from shared.contracts.referrals import (
    MOST_MATCHES,
    MOST_SORTED,
    Answers,
    Holding,
    ListRecords,
    NamedRecord,
    RecordRow,
    RecordShown,
    RowPlace,
    SameRecord,
)
from shared.database import Database
from shared.permissions import Visitor

ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)
HOLDINGS: TypeAdapter[tuple[Holding, ...]] = TypeAdapter(tuple[Holding, ...])
SAME_PERSON: TypeAdapter[tuple[SameRecord, ...]] = TypeAdapter(tuple[SameRecord, ...])


@dataclass(frozen=True)
class Window:
    """Which rows of a list: so many, from so far down, or beside a row."""

    shape: Shape
    skip: int
    take: int
    after: RowPlace | None = None
    before: RowPlace | None = None
    questions: Sequence[str] = ()


@dataclass(frozen=True)
class Choosing:
    """What the rows are narrowed by and sorted by; `levels` are the ratings, the most urgent first."""

    asked: ListRecords
    levels: Sequence[str] = ()

    @property
    def filters(self) -> tuple[object, object]:
        """Nothing chosen lets everything pass."""
        narrowing = self.asked.narrowing
        return narrowing.ratings or None, narrowing.localities or None

    @property
    def order(self) -> tuple[object, ...]:
        return self.asked.sort, self.asked.turned, self.levels, MOST_SORTED


EVERYTHING = Choosing(ListRecords())


@dataclass(frozen=True, repr=False)
class Rows:
    """The rows found; how many a search found, how many there are in scope, and whether it found more than it says."""

    rows: tuple[RecordRow, ...]
    matches: int
    total: int
    capped: bool = False


LIST_RECORDS = "SELECT * FROM list_records($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"


async def list_records(db: Database, visitor: Visitor, window: Window) -> Rows:
    """Audited. Sets its own context: to be called outside a transaction."""
    places = (*_place(window.after), *_place(window.before))
    found = await db.fetch(
        LIST_RECORDS, *scope_of(visitor), window.shape.value, window.skip, window.take, *places, window.questions
    )
    total: int = found[0]["total"]
    return Rows(_rows(found), matches=total, total=total)


def _place(place: RowPlace | None) -> tuple[object, object]:
    return (place.updated_at, place.record_id) if place else (None, None)


NARROW_RECORDS = """
    SELECT * FROM narrow_records($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""


async def narrow_records(db: Database, visitor: Visitor, window: Window, chosen: Choosing) -> Rows:
    """As `list_records`, narrowed and sorted; `total` counts no more than `matches` does."""
    found = await db.fetch(
        NARROW_RECORDS,
        *scope_of(visitor),
        window.shape.value,
        window.skip,
        window.take,
        *chosen.filters,
        *chosen.order,
        window.questions,
    )
    head = found[0]
    return Rows(_rows(found), head["matches"], head["matches"], head["capped"])


SEARCH_RECORDS = """
    SELECT * FROM search_records($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $21, $22)
"""


async def search_records(
    db: Database, visitor: Visitor, window: Window, search: Search, chosen: Choosing = EVERYTHING
) -> Rows:
    """Audited, without what was searched for. Sets its own context: to be called outside a transaction."""
    found = await db.fetch(
        SEARCH_RECORDS,
        *scope_of(visitor),
        window.shape.value,
        window.skip,
        window.take,
        search.reference,
        search.beginning,
        search.end,
        search.within,
        search.patterns,
        MOST_MATCHES,
        *chosen.filters,
        *chosen.order,
        window.questions,
    )
    head = found[0]
    return Rows(_rows(found), head["matches"], head["total"], head["capped"])


def _rows(found: list[Record]) -> tuple[RecordRow, ...]:
    """The counts come even where no row does: then with one that is empty."""
    return tuple(
        RecordRow(
            record_id=row["record_id"],
            name=f"{row['given_name']} {row['family_name']}",
            organisation_id=row["organisation_id"],
            locality=row["locality"] or "",
            rating=row["rating"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            rated_at=row["rated_at"],
            created_by=row["created_by"],
            answers=ANSWERS.validate_json(row["answers"]) if row["answers"] else {},
        )
        for row in found
        if row["record_id"] is not None
    )


READ_RECORD = """
    SELECT r.*, same_person($1, $2, $3, $5, $6, r.record_id) AS same_person
    FROM read_record($1, $2, $3, $4, $5, $6, $7) AS r
"""


async def read_record(db: Database, visitor: Visitor, record_id: UUID) -> RecordShown | None:
    """An active record in scope and those linked to it, audited. Sets its own context: not within a transaction."""
    row = await db.fetchrow(READ_RECORD, *scope_of(visitor), record_id)
    if row is None:
        return None
    shown = dict(row)
    created_by: UUID = shown.pop("created_by_id")
    is_held: bool = shown.pop("is_held")
    holdings = shown.pop("holdings")
    return RecordShown(
        **shown
        | {
            "answers": ANSWERS.validate_json(row["answers"]),
            "status": "active",
            "may_update": may_update(visitor, created_by, is_held=is_held),
            "holdings": HOLDINGS.validate_json(holdings) if holdings else (),
            "same_person": SAME_PERSON.validate_json(row["same_person"]),
        }
    )


NAME_RECORDS = """
    SELECT id, given_name, family_name, reference, rating, rated_at, answers ->> $6 AS lead_professional
    FROM record
    WHERE id = ANY($1) AND register_code = $2 AND organisation_id = ANY($3) AND status = 0
        AND (NOT $4 OR created_by = $5 OR id = ANY((SELECT held_ids())::uuid []))
"""


async def name_records(db: Database, visitor: Visitor, record_ids: Sequence[UUID], lead: str) -> list[NamedRecord]:
    """Those of them that are active and in scope. `lead` is the question that names the lead professional."""
    scope = (visitor.register_code, visitor.organisation_ids, visitor.own_records_only, visitor.user_id)
    return [
        NamedRecord(
            record_id=row["id"],
            name=f"{row['given_name']} {row['family_name']}",
            reference=row["reference"],
            rating=row["rating"],
            rated_at=row["rated_at"],
            lead_professional=row["lead_professional"] or "",
        )
        for row in await db.fetch(NAME_RECORDS, list(record_ids), *scope, lead)
    ]
