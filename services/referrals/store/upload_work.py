"""Queries of the background job of uploads: claims, and what it reads and writes in the context of an upload's user."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from services.referrals.loading.mapping import FileMapping
from services.referrals.loading.table import FileTable
from services.referrals.store.saving import ANSWERS, Present
from services.referrals.store.scope import bodies_of, in_sight, sight_parameters
from services.referrals.store.uploads import LIFE, MAPPING, MappingShown, StoredUpload, upload_columns, upload_of
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.loading import CellChange, CellFault, RowVerdict, UploadCounts, UploadFault
from shared.database import Database, DatabasePool, as_json
from shared.permissions import Visitor

LEASE = timedelta(seconds=15)
MOST_TRIES = 5
ROWS_AT_ONCE = 1_000

CLAIM = f"SELECT {upload_columns()} FROM claim_upload($1, $2)"  # noqa: S608  names of columns
KEEP_LEASE = "SELECT keep_upload($1, $2, $3, $4)"
DROP = "SELECT drop_upload($1, $2, $3, $4, $5, $6, $7)"
SWEEP = "SELECT sweep_uploads()"


async def claim(pool: DatabasePool, lease: timedelta) -> StoredUpload | None:
    """Claim the upload that has waited longest, or one whose lease has run out, for the time of a lease."""
    row = await pool.fetchrow(CLAIM, lease, MOST_TRIES)
    return upload_of(row) if row else None


async def keep_lease(pool: DatabasePool, upload: StoredUpload, lease: timedelta) -> bool:
    """Renew the lease. Return False if the upload was cancelled or another replica has taken it."""
    kept: bool = await pool.fetchval(KEEP_LEASE, upload.id, upload.attempt, upload.state, lease)
    return kept


async def drop(pool: DatabasePool, upload: StoredUpload, wait: timedelta, *, is_counted: bool = False) -> None:
    """
    Give the upload up for another attempt after `wait`.

    An attempt counts if the upload itself may be the cause: after several of those it fails.
    """
    await pool.execute(DROP, upload.id, upload.attempt, upload.state, wait, is_counted, None, LIFE)


async def fail(db: Database, upload: StoredUpload, fault: UploadFault) -> bool:
    """Stop the upload for good. Return False if it is no longer this attempt's."""
    stopped: bool = await db.fetchval(DROP, upload.id, upload.attempt, upload.state, timedelta(0), True, fault, LIFE)
    return stopped


async def sweep(pool: DatabasePool) -> int:
    cleared: int = await pool.fetchval(SWEEP)
    return cleared


# ------------------------------------------------------------------------------------------------------------- reading
READ_CHUNKS = "SELECT content FROM upload_chunk WHERE upload_id = $1 ORDER BY number"
FORGET_ROWS = "DELETE FROM upload_row WHERE upload_id = $1"
ADD_ROWS = """
    INSERT INTO upload_row (upload_id, number, cells)
    SELECT $1, r.number, r.cells
    FROM jsonb_to_recordset($2) AS r (number integer, cells text [])
"""
NOTE_READ = """
    UPDATE upload
    SET state = $3, headings = $4, reading = $5, total = $6, found_columns = $7, found_values = $8, missing = $9,
        mapping = $10, rows_done = 0, tries = 0, lease_until = NULL
    WHERE id = $1 AND attempt = $2 AND state = 'reading'
    RETURNING id
"""


async def read_file(db: Database, upload: StoredUpload) -> bytes:
    return b"".join([row["content"] for row in await db.fetch(READ_CHUNKS, upload.id)])


async def note_read(
    db: Database, upload: StoredUpload, table: FileTable, shown: MappingShown, mapping: FileMapping | None
) -> bool:
    """Store the table and what it is taken for. Return False if the upload is no longer this attempt's."""
    state = "checking" if mapping else "mapping"
    meant = MAPPING.dump_json(mapping).decode() if mapping else None
    facts = (state, table.headings, table.reading.model_dump_json(), len(table.rows), *shown.values_stored(), meant)
    if await db.fetchval(NOTE_READ, upload.id, upload.attempt, *facts) is None:
        return False
    await db.execute(FORGET_ROWS, upload.id)
    for first in range(0, len(table.rows), ROWS_AT_ONCE):
        some = enumerate(table.rows[first : first + ROWS_AT_ONCE], start=first + 1)
        await db.execute(ADD_ROWS, upload.id, as_json([{"number": n, "cells": cells} for n, cells in some]))
    return True


# ------------------------------------------------------------------------------------------------------------ checking
FIND_MATCHED = "SELECT sought, record_id, rule, is_open FROM match_uploaded($1, $2, $3)"
FIND_PRESENT = f"""
    SELECT r.id AS record_id, r.reference, r.edition, r.state, r.is_open, r.version, r.organisation_id,
        (SELECT c.bodies FROM compartment AS c WHERE c.compartment_id = r.compartment_id) AS bodies, r.created_by,
        r.rating, r.ends_on,
        ARRAY(SELECT d.body FROM ending_decision AS d WHERE d.record_id = r.id AND d.withdrawn_at IS NULL) AS decided,
        r.answers, r.id = ANY((SELECT held_ids())::uuid[]) AS is_held
    FROM record AS r
    WHERE {in_sight("r")} AND r.id = ANY($4)
"""  # noqa: S608  a condition of ours


@dataclass(frozen=True)
class FoundRecord:
    """A record that has the reference or key that was `sought`, in any compartment. `rule` is None for a reference."""

    sought: str = field(repr=False)
    record_id: UUID
    rule: str | None
    is_open: bool


async def find_matched(
    db: Database, register_code: str, references: Collection[str], keys: Collection[str]
) -> list[FoundRecord]:
    """Return every record with one of these references or keys, including those that no user of the upload may see."""
    rows = await db.fetch(FIND_MATCHED, register_code, list(references), list(keys))
    return [FoundRecord(**row) for row in rows]


async def find_present(db: Database, visitor: Visitor, record_ids: Collection[UUID]) -> Mapping[UUID, Present]:
    """Return those of the records that the visitor may see, open or not, as they are now."""
    rows = await db.fetch(FIND_PRESENT, *sight_parameters(visitor), list(record_ids))
    read = (
        dict(row)
        | {
            "answers": ANSWERS.validate_json(row["answers"]),
            "bodies": bodies_of(row),
            "decided": tuple(row["decided"]),
        }
        for row in rows
    )
    return {each["record_id"]: Present(**each) for each in read}


@dataclass(frozen=True, repr=False)
class RowChecked:
    """What the check says about a row. `seen_version` is the version of the record that it was compared with."""

    number: int
    verdict: RowVerdict
    name: str = ""
    record_id: UUID | None = None
    reference: str = ""
    seen_version: int | None = None
    organisation_id: UUID | None = None
    added_on: date | None = None
    rated_on: date | None = None
    answers: Answers = field(default_factory=dict)
    changes: tuple[CellChange, ...] = ()
    faults: tuple[CellFault, ...] = ()
    missing: tuple[str, ...] = ()


GO_ON = """
    UPDATE upload SET rows_done = $4, tries = 0
    WHERE id = $1 AND attempt = $2 AND state = $3
    RETURNING id
"""
STORE_CHECKED = """
    UPDATE upload_row AS w
    SET verdict = r.verdict, name = r.name, record_id = r.record_id, reference = r.reference,
        seen_version = r.seen_version, organisation_id = r.organisation_id, added_on = r.added_on,
        rated_on = r.rated_on, answers = r.answers, changes = r.changes, faults = r.faults, missing = r.missing,
        is_processed = false
    FROM jsonb_to_recordset($2) AS r (
        number integer, verdict text, name text, record_id uuid, reference text, seen_version integer,
        organisation_id uuid, added_on date, rated_on date, answers jsonb, changes jsonb, faults jsonb, missing text []
    )
    WHERE w.upload_id = $1 AND w.number = r.number
"""
NOTE_CHECKED = """
    UPDATE upload AS u
    SET state = 'checked', rows_done = u.total, tries = 0, lease_until = NULL, compartment_ids = $3,
        new_rows = c.new_rows, updated_rows = c.updated_rows, ended_rows = c.ended_rows, error_rows = c.error_rows,
        unchanged_rows = c.unchanged_rows, incomplete_rows = c.incomplete_rows, unconsented_rows = $4
    FROM (
        SELECT
            count(*) FILTER (WHERE w.tab = 'new') AS new_rows,
            count(*) FILTER (WHERE w.tab = 'updated') AS updated_rows,
            count(*) FILTER (WHERE w.tab = 'ended') AS ended_rows,
            count(*) FILTER (WHERE w.tab = 'errors') AS error_rows,
            count(*) FILTER (WHERE w.verdict = 'unchanged') AS unchanged_rows,
            count(*) FILTER (WHERE w.tab <> 'errors' AND w.missing <> '{}') AS incomplete_rows
        FROM upload_row AS w
        WHERE w.upload_id = $1
    ) AS c
    WHERE u.id = $1 AND u.attempt = $2 AND u.state = 'checking'
    RETURNING u.id
"""


async def go_on(db: Database, upload: StoredUpload, done: int) -> bool:
    """
    Store how many rows are done, with the work in the same transaction.

    Return False if the upload was cancelled or taken over: then the transaction must be rolled back.
    """
    return await db.fetchval(GO_ON, upload.id, upload.attempt, upload.state, done) is not None


async def store_checked(db: Database, upload: StoredUpload, rows: Sequence[RowChecked]) -> None:
    await db.execute(STORE_CHECKED, upload.id, as_json(rows))


async def note_checked(db: Database, upload: StoredUpload, compartment_ids: Collection[UUID], unconsented: int) -> bool:
    """Count the rows by verdict. Return False if the upload is no longer this attempt's."""
    sent = (upload.id, upload.attempt, sorted(compartment_ids), unconsented)
    return await db.fetchval(NOTE_CHECKED, *sent) is not None


# ---------------------------------------------------------------------------------------------------------- processing
FIND_NEXT = """
    SELECT number, verdict, record_id, seen_version, organisation_id, added_on, rated_on, answers
    FROM upload_row
    WHERE upload_id = $1 AND NOT is_processed AND verdict IN ('new', 'updated', 'ended')
    ORDER BY number
    LIMIT $2
"""
STORE_PROCESSED = """
    UPDATE upload_row AS w
    SET verdict = coalesce(r.verdict, w.verdict), record_id = coalesce(r.record_id, w.record_id),
        reference = coalesce(r.reference, w.reference), faults = w.faults || r.faults, is_processed = r.is_processed
    FROM jsonb_to_recordset($2) AS r (
        number integer, verdict text, record_id uuid, reference text, faults jsonb, is_processed boolean
    )
    WHERE w.upload_id = $1 AND w.number = r.number
"""
MOVE_TO_ERRORS = """
    UPDATE upload
    SET new_rows = new_rows - $2, updated_rows = updated_rows - $3, ended_rows = ended_rows - $4,
        error_rows = error_rows + $2 + $3 + $4, incomplete_rows = incomplete_rows - $5,
        unconsented_rows = unconsented_rows - $6
    WHERE id = $1
"""
COUNT_INCOMPLETE = """
    SELECT count(*) FROM upload_row WHERE upload_id = $1 AND number = ANY($2) AND missing <> '{}'
"""
COUNT_URGENT = "UPDATE upload SET urgent_rows = urgent_rows + $2 WHERE id = $1"
COUNT_LOST = "SELECT count_lost_rows($1)"
NOTE_DONE = """
    UPDATE upload
    SET state = 'done', rows_done = total, tries = 0, lease_until = NULL, ended_at = clock_timestamp(),
        expires_at = clock_timestamp() + $3::interval
    WHERE id = $1 AND attempt = $2 AND state = 'processing'
    RETURNING total, new_rows AS new, updated_rows AS updated, ended_rows AS ended, error_rows AS errors,
        unchanged_rows AS unchanged, incomplete_rows AS incomplete, unconsented_rows AS unconsented,
        urgent_rows AS urgent
"""


@dataclass(frozen=True, repr=False)
class RowToProcess:
    number: int
    verdict: RowVerdict
    record_id: UUID | None
    seen_version: int | None
    organisation_id: UUID | None
    added_on: date | None
    rated_on: date | None
    answers: Answers


@dataclass(frozen=True, repr=False)
class RowProcessed:
    """What became of a row. With a `verdict` it has moved to the errors."""

    number: int
    is_processed: bool
    record_id: UUID | None = None
    reference: str | None = None
    verdict: RowVerdict | None = None
    faults: tuple[CellFault, ...] = ()


@dataclass(frozen=True)
class CountedRows:
    """
    Facts about some processed rows.

    `urgent` gave a record an urgent rating. `unconsented` have moved to the errors, and lack evidence of consent.
    """

    urgent: int
    unconsented: int


async def find_next(db: Database, upload: StoredUpload, most: int) -> list[RowToProcess]:
    rows = await db.fetch(FIND_NEXT, upload.id, most)
    return [RowToProcess(**dict(row) | {"answers": ANSWERS.validate_json(row["answers"])}) for row in rows]


async def store_processed(
    db: Database,
    upload: StoredUpload,
    rows: Sequence[RowProcessed],
    moved: Mapping[RowVerdict, int],
    counted: CountedRows,
) -> None:
    """Store what became of these rows. `moved` counts those that have moved to the errors, by their verdict before."""
    if counted.urgent:
        await db.execute(COUNT_URGENT, upload.id, counted.urgent)
    if moved:
        numbers = [each.number for each in rows if each.verdict]
        incomplete = await db.fetchval(COUNT_INCOMPLETE, upload.id, numbers)
        by_tab = (moved.get("new", 0), moved.get("updated", 0), moved.get("ended", 0))
        await db.execute(MOVE_TO_ERRORS, upload.id, *by_tab, incomplete, counted.unconsented)
    await db.execute(STORE_PROCESSED, upload.id, as_json(rows))


async def note_done(db: Database, upload: StoredUpload) -> tuple[UploadCounts, int] | None:
    """
    End the upload, and return its counts and the number of urgent ratings. Return None if it is no longer this
    attempt's. Raise `LookupError` if a row has no record.
    """
    row = await db.fetchrow(NOTE_DONE, upload.id, upload.attempt, LIFE)
    if row is None:
        return None
    if await db.fetchval(COUNT_LOST, upload.id):
        raise LookupError("a row that was put on the register is not there")
    counts = dict(row)
    urgent: int = counts.pop("urgent")
    return UploadCounts(**counts), urgent
