"""Queries of the feed: the records that changed, in the order in which their changes were committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from services.referrals.rules.ratings import RatingQuestions
from services.referrals.store.scope import bodies_of
from shared.contracts.referrals.feed import FedRecord, FeedPage, Rated
from shared.database import Database

ASSIGN = "SELECT assign_feed()"
READ = """
    SELECT found, sequence, record_id, register_code, edition, reference, version, organisation_id, bodies, state,
        is_open, created_by, created_at, updated_at, rated_at, ended_at, born, answers
    FROM read_feed($1, $2, $3)
"""
READ_PEOPLE = "SELECT record_id, holder, person_id, sort_name FROM read_people($1)"
READ_LEAVING = "SELECT record_id, leaving FROM read_leaving($1)"
READ_AGREED = "SELECT record_id, next_review, review_agreed_at FROM read_agreed($1)"
READ_RATINGS = "SELECT record_id, since, code FROM read_ratings($1, $2, $3, $4)"
GONE_BYTES = 40  # an id in a list


Ratings = Mapping[UUID, Sequence[Rated]]


@dataclass(frozen=True)
class Room:
    """
    The most that a page may hold: records, bytes of answers, ratings, bytes in all. It may always hold one record.

    `answer_bytes` limits what is read, with an allowance for the rest of each record; `bytes` limits what is sent.
    """

    records: int
    answer_bytes: int
    ratings: int
    bytes: int


async def read_feed(db: Database, after: int, room: Room, rated_by: RatingQuestions) -> FeedPage:
    """
    Return a page of changed and deleted records. `rated_by` names the questions that hold the rating.

    Must be called outside a transaction. A rating, a holder or a day agreed may be newer than its record's row. This
    does no harm: the feed sends the record again.
    """
    await db.execute(ASSIGN)
    rows = await db.fetch(READ, after, room.records, room.answer_bytes)
    if not rows:
        return FeedPage(records=(), last=after, more=False)
    found: int = rows[0]["found"]
    ids = [row["record_id"] for row in rows]
    ratings = await _read_ratings(db, ids, rated_by)
    people = {row["record_id"]: dict(row) for row in await db.fetch(READ_PEOPLE, ids)}
    for row in await db.fetch(READ_LEAVING, ids):
        people.setdefault(row["record_id"], {})["leaving"] = row["leaving"]
    for row in await db.fetch(READ_AGREED, ids):
        people.setdefault(row["record_id"], {}).update(row)
    fitting = _with_room(rows, ratings, room.ratings)
    records = _with_bytes([_fed(row, ratings, people.get(row["record_id"], {})) for row in fitting], room.bytes)
    taken = fitting[: len(records)]
    return FeedPage(
        records=tuple(record for record in records if record is not None),
        gone=tuple(row["record_id"] for row, record in zip(taken, records, strict=True) if record is None),
        last=taken[-1]["sequence"],
        more=found == room.records or found > len(taken),
    )


async def _read_ratings(db: Database, record_ids: Sequence[UUID], rated_by: RatingQuestions) -> Ratings:
    """Return the ratings in order. None counts as given before the one that it replaces, whatever its own date is."""
    found: dict[UUID, list[Rated]] = {}
    for record_id, since, code in await db.fetch(READ_RATINGS, record_ids, *rated_by):
        ratings = found.setdefault(record_id, [])
        ratings.append(Rated(since=max([since, *(each.since for each in ratings[-1:])]), code=code))
    return found


def _with_room(rows: Sequence[Record], ratings: Ratings, most: int) -> Sequence[Record]:
    """Return the first rows, up to a total of `most` ratings. The first row is always among them."""
    used = 0
    for place, row in enumerate(rows):
        used += len(ratings.get(row["record_id"], ()))
        if place and used > most:
            return rows[:place]
    return rows


def _with_bytes(records: Sequence[FedRecord | None], most: int) -> Sequence[FedRecord | None]:
    """Return the first records, up to a total of `most` bytes as they are sent. The first is always among them."""
    used = 0
    for place, record in enumerate(records):
        used += len(record.model_dump_json().encode()) if record else GONE_BYTES
        if place and used > most:
            return records[:place]
    return records


def _fed(row: Record, ratings: Ratings, person: Mapping[str, object]) -> FedRecord | None:
    """Return the record as it is sent; None if it was deleted."""
    if row["register_code"] is None:
        return None
    fields = dict(row) | dict(person)
    del fields["found"]
    fields["bodies"] = bodies_of(row)
    fields["ratings"] = ratings.get(row["record_id"], ())
    return FedRecord(**fields)
