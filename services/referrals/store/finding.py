"""
Queries that list, search and read records.

All but `name_records` take one round trip, which also writes the audit row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.rules.rights import may_hand_over
from services.referrals.rules.saving import may_update
from services.referrals.rules.search import Search
from services.referrals.store.scope import in_sight, sight_parameters
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.duplicates import SameRecord
from shared.contracts.referrals.holding import Holding
from shared.contracts.referrals.listing import MOST_SORTED, ListRecords, RecordRow, Sort
from shared.contracts.referrals.naming import LONGEST_UPDATE, NamedRecord
from shared.contracts.referrals.reading import EndingDecision, RecordShown
from shared.database import Database, as_json, scope_of
from shared.permissions import Visitor

ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)
HOLDINGS: TypeAdapter[tuple[Holding, ...]] = TypeAdapter(tuple[Holding, ...])
DECISIONS: TypeAdapter[tuple[EndingDecision, ...]] = TypeAdapter(tuple[EndingDecision, ...])
SAME_PERSON: TypeAdapter[tuple[SameRecord, ...]] = TypeAdapter(tuple[SameRecord, ...])


@dataclass(frozen=True)
class ListPage:
    """Which rows of a list to read: `take` rows after `skip` others, or after or before a given row."""

    skip: int
    take: int
    after_at: datetime | None = None
    after_id: UUID | None = None
    before_at: datetime | None = None
    before_id: UUID | None = None
    questions: Sequence[str] = ()
    ended: bool = False


@dataclass(frozen=True)
class ListFilters:
    """
    How rows are filtered and sorted.

    None lets everything pass. `levels` are the ratings, the most urgent first. `reach` is the most rows that are
    sorted.
    """

    ratings: Sequence[str] | None = None
    localities: Sequence[str] | None = None
    sort: Sort = "updated"
    descending: bool = False
    levels: Sequence[str] = ()
    reach: int = MOST_SORTED


def filters_of(asked: ListRecords, levels: Sequence[str] = ()) -> ListFilters:
    """Return the filters of a request, each code once. A filter without a choice lets everything pass."""
    ratings = tuple(dict.fromkeys(asked.narrowing.ratings)) or None
    localities = tuple(dict.fromkeys(asked.narrowing.localities)) or None
    return ListFilters(ratings, localities, asked.sort, asked.turned, levels)


EVERYTHING = ListFilters()


@dataclass(frozen=True, repr=False)
class FoundRows:
    """
    The rows of a page, the number of matches, and the number of records in scope.

    `capped` says that there are more matches than are counted.
    """

    rows: tuple[RecordRow, ...]
    matches: int
    total: int
    capped: bool = False


def row_columns(*before: str) -> str:
    """Return the columns of a list's rows, after the given ones."""
    row = "record_id given_name family_name organisation_id locality rating created_at updated_at rated_at created_by"
    return ", ".join((*before, *row.split(), "answers", "ended_at", "ends_on", "awaiting"))


LIST_RECORDS = f"SELECT {row_columns('total')} FROM list_records($1, $2)"  # noqa: S608  names of ours


async def list_records(db: Database, visitor: Visitor, page: ListPage) -> FoundRows:
    """Return a page, and audit it. Sets its own context: must be called outside a transaction."""
    found = await db.fetch(LIST_RECORDS, *map(as_json, (scope_of(visitor), page)))
    total: int = found[0]["total"]
    return FoundRows(rows_of(found), matches=total, total=total)


FILTER_RECORDS = f"SELECT {row_columns('matches', 'capped')} FROM filter_records($1, $2, $3)"  # noqa: S608  names of ours


async def filter_records(db: Database, visitor: Visitor, page: ListPage, filters: ListFilters) -> FoundRows:
    """Return a page as `list_records` does, filtered and sorted. `total` is the same as `matches`."""
    found = await db.fetch(FILTER_RECORDS, *map(as_json, (scope_of(visitor), page, filters)))
    head = found[0]
    return FoundRows(rows_of(found), head["matches"], head["matches"], head["capped"])


SEARCH_RECORDS = f"""
    SELECT {row_columns("total", "matches", "capped")} FROM search_records($1, $2, $3, $4)
"""  # noqa: S608  names of ours


async def search_records(
    db: Database, visitor: Visitor, page: ListPage, search: Search, filters: ListFilters = EVERYTHING
) -> FoundRows:
    """
    Return a page of a search. The audit leaves out the search text.

    Sets its own context: must be called outside a transaction.
    """
    found = await db.fetch(SEARCH_RECORDS, *map(as_json, (scope_of(visitor), page, filters, search)))
    head = found[0]
    return FoundRows(rows_of(found), head["matches"], head["total"], head["capped"])


def rows_of(found: list[Record]) -> tuple[RecordRow, ...]:
    """Return the rows. If there are none, the query returns an empty row that holds the counts."""
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
            ended_at=row["ended_at"],
            ends_on=row["ends_on"],
            awaiting=bool(row["awaiting"]),
        )
        for row in found
        if row["record_id"] is not None
    )


READ_RECORD = """
    SELECT record_id, reference, edition, answers, version, organisation_id, created_by_id, created_by, created_at,
        updated_at, rated_at, updates, notes, is_held, holdings, same_person,
        state, is_open, ended_at, ends_on, awaiting, decisions, coalesce(e.ended_by, '') AS ended_by, e.leaving
    FROM read_record($1, $2, $3) AS r
    LEFT JOIN LATERAL (
        SELECT v.changed_by_name AS ended_by, v.leaving
        FROM record_version AS v
        WHERE v.record_id = r.record_id AND v.version = r.version AND NOT r.is_open
    ) AS e ON true
"""


async def read_record(db: Database, visitor: Visitor, record_id: UUID, *, ended: bool) -> RecordShown | None:
    """
    Return an open record in scope and the records linked to it, audited. With `ended`, also one that has ended.

    `may_hand_over` is that of its creator, who holds it until a holder is named.

    Sets its own context: must be called outside a transaction.
    """
    row = await db.fetchrow(READ_RECORD, as_json(scope_of(visitor)), record_id, ended)
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
            "decisions": DECISIONS.validate_json(row["decisions"]),
            "leaving": ANSWERS.validate_json(row["leaving"] or "{}"),
            "may_update": row["is_open"] and may_update(visitor, created_by, is_held=is_held),
            "may_hand_over": may_hand_over(visitor, is_holder=created_by == visitor.user_id, is_open=row["is_open"]),
            "holdings": HOLDINGS.validate_json(holdings) if holdings else (),
            "same_person": SAME_PERSON.validate_json(row["same_person"]),
        }
    )


def _place(record: str) -> str:
    """
    Return a record's place among the ratings, the most urgent first.

    A record without a rating, or with a level that the register no longer has, comes last.
    """
    return f"coalesce(array_position($9::text [], {record}.rating), cardinality($9::text []) + 1)"


NAME_RECORDS = f"""
    SELECT r.id, r.given_name, r.family_name, r.born, r.reference, r.rating, r.rated_at,
        r.answers ->> $5 AS lead, r.answers ->> $6 AS contact, left(r.answers ->> $7, $8) AS latest_update,
        NOT EXISTS (
            SELECT
            FROM person_link AS own
            INNER JOIN person_link AS l ON l.person_id = own.person_id AND l.record_id <> own.record_id
            INNER JOIN record AS o ON o.id = l.record_id AND o.is_open AND {in_sight("o")}
            WHERE own.record_id = r.id
                AND ({_place("o")}, o.id) < ({_place("r")}, r.id)
        ) AS stands
    FROM record AS r
    WHERE {in_sight()} AND r.id = ANY($4) AND r.is_open
"""  # noqa: S608  a condition of ours


@dataclass(frozen=True)
class NamingQuestions:
    """The questions that say who the lead professional is, how to reach them, and what is new; empty if not asked."""

    lead: str
    contact: str
    latest_update: str


async def name_records(
    db: Database, visitor: Visitor, record_ids: Sequence[UUID], asked: NamingQuestions, levels: Sequence[str]
) -> list[NamedRecord]:
    """Return those records that are active and in scope. `levels` are the ratings with the most urgent first."""
    questions = (asked.lead, asked.contact, asked.latest_update, LONGEST_UPDATE)
    rows = await db.fetch(NAME_RECORDS, *sight_parameters(visitor), list(record_ids), *questions, levels)
    return [_named(row) for row in rows]


def _named(row: Record) -> NamedRecord:
    return NamedRecord(
        record_id=row["id"],
        name=f"{row['given_name']} {row['family_name']}",
        born=row["born"],
        reference=row["reference"],
        rating=row["rating"],
        rated_at=row["rated_at"],
        lead_professional=row["lead"] or "",
        lead_professional_contact=row["contact"] or "",
        latest_update=row["latest_update"] or "",
        stands=row["stands"],
    )
