"""Queries that put rows of a spreadsheet on a register: many records or versions in each statement."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from services.referrals.rules.saving import Match
from services.referrals.store.saving import Content, NewRecord, Present, outbox_rows
from shared.contracts.referrals.answers import Answer
from shared.database import Database, Scope, as_json
from shared.messages import Event
from shared.registers.bodies import Compartment
from shared.registers.definition.register import Definition

Keyed = tuple[list[UUID], list[str], list[str]]
"""Three lists of equal length: of each match key its record, the key, and the rule that it is of."""


@dataclass(frozen=True, repr=False)
class NewRow:
    """
    A row that becomes a record. Its reference is drawn when it is added.

    `added_on` is the day since when the person is on the register, and `rated_on` the day of the rating; None: today.
    """

    number: int
    record: NewRecord
    compartment: Compartment
    content: Content
    added_on: date | None = None
    rated_on: date | None = None

    @property
    def record_id(self) -> UUID:
        return self.record.record_id


@dataclass(frozen=True, repr=False)
class ChangedRow:
    """
    A row that changes a record. It is saved only if the record still is as `present`.

    `changes` holds each question with its answers before and after. `rerated`: the date of the rating is new, and is
    `rated_on`; None: today. `register` is the definition of the record's edition, if it is not that of new records.
    """

    number: int
    present: Present
    compartment: Compartment
    content: Content
    changes: tuple[tuple[str, Answer | None, Answer | None], ...]
    rerated: bool
    rated_on: date | None = None
    register: Definition | None = None

    @property
    def record_id(self) -> UUID:
        return self.present.record_id


Row = NewRow | ChangedRow


@dataclass(frozen=True)
class RowDone:
    """
    What became of a row. Only `done` changed anything.

    `conflict`: the record was saved or has ended meanwhile. `taken`: another record has this person meanwhile.
    `is_urgent`: the row gave a record a rating that is urgent.
    """

    number: int
    verdict: Literal["done", "conflict", "taken"]
    record_id: UUID
    reference: str
    version: int
    is_urgent: bool = False


HOLD_ROWS = "SELECT record_id, version FROM hold_rows($1, $2, $3)"


async def hold_rows(
    db: Database, scope: Scope, keys: Collection[str], record_ids: Collection[UUID]
) -> Mapping[UUID, int]:
    """
    Lock the keys of all rows and the records that they change, until the transaction ends. Sets the context.

    Return the versions of those of the records that are open and in scope.
    """
    rows = await db.fetch(HOLD_ROWS, as_json(scope), list(keys), list(record_ids))
    return {row["record_id"]: row["version"] for row in rows}


COMPARE_ROWS = "SELECT row_id, record_id, has_nhs_number, rules FROM compare_rows($1, $2, $3)"


def keyed(rows: Iterable[Row]) -> Keyed:
    """Return the keys of rows, with their records and rules."""
    found = [
        (row.record_id, key, rule)
        for row in rows
        for key, rule in zip(row.content.keys or (), row.content.key_rules or (), strict=True)
    ]
    return [each[0] for each in found], [each[1] for each in found], [each[2] for each in found]


async def compare_rows(db: Database, scope: Scope, rows: Iterable[Row]) -> Mapping[UUID, tuple[Match, ...]]:
    """Return, by the record of a row, the other open records of the register that share a key with it."""
    record_ids, keys, _ = keyed(rows)
    found: dict[UUID, tuple[Match, ...]] = {}
    for row in await db.fetch(COMPARE_ROWS, as_json(scope), record_ids, keys) if keys else ():
        match = Match(row["record_id"], tuple(row["rules"]), has_nhs_number=row["has_nhs_number"])
        found[row["row_id"]] = (*found.get(row["row_id"], ()), match)
    return found


@dataclass(frozen=True)
class AddedRow:
    """The columns of a record to be added. The database function reads its content from another parameter."""

    record_id: UUID
    reference: str
    edition: str
    state: str
    compartment_id: UUID
    organisation_id: UUID
    ends_on: date | None
    awaiting: bool
    added_on: date | None
    rated_on: date | None

    @classmethod
    def of(cls, row: NewRow) -> "AddedRow":
        return cls(**vars(row.record), added_on=row.added_on, rated_on=row.rated_on)


@dataclass(frozen=True, repr=False)
class SavedRow:
    """
    A version to be saved, as the database function reads it beside its content.

    `untells`: the row gives a rating that a notice would tell of. `withdraws`: decisions about the end of the record no
    longer hold.
    """

    record_id: UUID
    version: int
    compartment_id: UUID
    state: str
    is_open: bool
    ends_on: date | None
    awaiting: bool
    withdraws: bool
    rerated: bool
    rated_on: date | None
    untells: bool
    changes: tuple[tuple[str, Answer | None, Answer | None], ...]


LOAD_RECORDS = "SELECT load_records($1, $2, $3, $4, $5, $6, $7)"
LOAD_VERSIONS = "SELECT load_versions($1, $2, $3, $4, $5, $6, $7, $8)"
PUT_EVENTS = "SELECT put_events($1)"


async def add_records(db: Database, scope: Scope, rows: Sequence[NewRow], matched: Collection[UUID]) -> frozenset[UUID]:
    """Add records, and return those whose reference was free. `matched` are flagged as likely duplicates."""
    sent = (as_json(scope), as_json([AddedRow.of(row) for row in rows]), _contents(rows))
    return frozenset(await db.fetchval(LOAD_RECORDS, *sent, *keyed(rows), list(matched)))


async def save_versions(
    db: Database, scope: Scope, rows: Sequence[ChangedRow], versions: Sequence[SavedRow], matched: Collection[UUID]
) -> frozenset[UUID]:
    """
    Save versions, and return the records that still had the version that the row was checked with.

    `matched` are flagged as likely duplicates.
    """
    sent = (as_json(scope), as_json(versions), _contents(rows))
    rekeyed = [row.record_id for row in rows if row.content.keys is not None]
    return frozenset(await db.fetchval(LOAD_VERSIONS, *sent, rekeyed, *keyed(rows), list(matched)))


def _contents(rows: Sequence[Row]) -> str:
    """Return the contents of rows without what is sent otherwise."""
    return as_json([replace(row.content, keys=None, key_rules=None, judged=None) for row in rows])


async def put_events(db: Database, events: Sequence[Event]) -> None:
    await db.execute(PUT_EVENTS, outbox_rows(events))
