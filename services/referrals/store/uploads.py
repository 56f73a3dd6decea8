"""Queries of uploads that their users ask for. Each names the user, or an upload that the same request has found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.loading.mapping import FileMapping, KeptMapping
from services.referrals.store.scope import in_sight, sight_parameters
from shared.contracts.referrals.loading import (
    ColumnFound,
    ConsentAuthority,
    FileReading,
    RowTab,
    StartUpload,
    UploadFault,
    UploadPurpose,
    UploadState,
    ValueFound,
)
from shared.database import Database, reach_of
from shared.permissions import Visitor

LIFE = timedelta(days=7)
MOST_LISTED = 20

COLUMNS_FOUND: TypeAdapter[tuple[ColumnFound, ...]] = TypeAdapter(tuple[ColumnFound, ...])
VALUES_FOUND: TypeAdapter[tuple[ValueFound, ...]] = TypeAdapter(tuple[ValueFound, ...])
MAPPING: TypeAdapter[FileMapping] = TypeAdapter(FileMapping)
KEPT: TypeAdapter[KeptMapping] = TypeAdapter(KeptMapping)


@dataclass(frozen=True)
class StoredUpload:
    """
    An upload in its present state. `attempt` is the fence of the background job.

    The counts by verdict are None until the rows are checked.
    """

    id: UUID
    register_code: str
    user_id: UUID
    organisation_id: UUID
    file_name: str = field(repr=False)
    size: int
    state: UploadState
    fault: UploadFault | None
    uploaded_at: datetime
    expires_at: datetime
    sheet: str = field(repr=False)
    headings: tuple[str, ...] = field(repr=False)
    reading: FileReading | None
    found_columns: tuple[ColumnFound, ...] = field(repr=False)
    found_values: tuple[ValueFound, ...] = field(repr=False)
    missing: tuple[str, ...]
    mapping: FileMapping | None = field(repr=False)
    authority: ConsentAuthority | None = field(repr=False)
    purpose: UploadPurpose
    total: int
    new_rows: int | None
    updated_rows: int | None
    ended_rows: int | None
    error_rows: int | None
    unchanged_rows: int
    incomplete_rows: int
    unconsented_rows: int
    rows_done: int
    attempt: int


def upload_columns() -> str:
    """Return the columns of a query whose rows `upload_of` reads."""
    return """
    id, register_code, user_id, organisation_id, file_name, size, state, fault, uploaded_at, expires_at, sheet,
    headings, reading, found_columns, found_values, missing, mapping, authority, purpose, total, new_rows, updated_rows,
    ended_rows, error_rows, unchanged_rows, incomplete_rows, unconsented_rows, rows_done, attempt
    """


def of_user() -> str:
    """Return the filter of a query whose first parameters are those of `own`. Row-level security says the same."""
    return "user_id = $1 AND register_code = $2 AND ($3::uuid[] IS NULL OR compartment_ids <@ $3)"


FIND = f"SELECT {upload_columns()} FROM upload WHERE {of_user()} AND id = $4"  # noqa: S608  names of columns, and a condition of ours
HOLD = f"{FIND} FOR NO KEY UPDATE"
LIST = f"""
    SELECT {upload_columns()} FROM upload
    WHERE {of_user()} AND expires_at > clock_timestamp()
    ORDER BY uploaded_at DESC
    LIMIT {MOST_LISTED}
"""  # noqa: S608  names of columns, and a condition of ours
FIND_OPEN = "SELECT id FROM upload WHERE user_id = $1 AND register_code = $2 AND ended_at IS NULL"
ADD = """
    INSERT INTO upload (id, register_code, user_id, organisation_id, file_name, size, purpose, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8::interval)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


def upload_of(row: Record) -> StoredUpload:
    fields = dict(row)
    fields |= {
        "headings": tuple(row["headings"]),
        "missing": tuple(row["missing"]),
        "reading": FileReading.model_validate_json(row["reading"]) if row["reading"] else None,
        "found_columns": COLUMNS_FOUND.validate_json(row["found_columns"]),
        "found_values": VALUES_FOUND.validate_json(row["found_values"]),
        "mapping": MAPPING.validate_json(row["mapping"]) if row["mapping"] else None,
        "authority": ConsentAuthority.model_validate_json(row["authority"]) if row["authority"] else None,
    }
    return StoredUpload(**fields)


def own(visitor: Visitor) -> tuple[object, ...]:
    """Return the first parameters of a query that holds `of_user`."""
    return visitor.user_id, visitor.register_code, reach_of(visitor)


async def find(db: Database, visitor: Visitor, upload_id: UUID) -> StoredUpload | None:
    """Return the visitor's own upload, unless it covers more than the visitor reaches."""
    row = await db.fetchrow(FIND, *own(visitor), upload_id)
    return upload_of(row) if row else None


async def hold(db: Database, visitor: Visitor, upload_id: UUID) -> StoredUpload | None:
    """Return the upload as `find` does, and lock it until the transaction ends."""
    row = await db.fetchrow(HOLD, *own(visitor), upload_id)
    return upload_of(row) if row else None


async def list_own(db: Database, visitor: Visitor) -> list[StoredUpload]:
    return [upload_of(row) for row in await db.fetch(LIST, *own(visitor))]


async def find_open(db: Database, visitor: Visitor) -> UUID | None:
    """Return the visitor's upload in this register that has not ended."""
    found: UUID | None = await db.fetchval(FIND_OPEN, visitor.user_id, visitor.register_code)
    return found


CANCEL_UNREACHED = "SELECT cancel_unreached()"


async def cancel_unreached(db: Database) -> None:
    """Cancel the visitor's open upload if they no longer reach all its records, so that they can begin another one."""
    await db.execute(CANCEL_UNREACHED)


async def add(db: Database, visitor: Visitor, organisation_id: UUID, asked: StartUpload) -> bool:
    """Add an upload. Return False if the visitor has one that is open, even if it was added at the same moment."""
    sent = (asked.command_id, visitor.register_code, visitor.user_id, organisation_id)
    return await db.fetchval(ADD, *sent, asked.file_name, asked.size, asked.purpose, LIFE) is not None


# ------------------------------------------------------------------------------------------------------------ the file
ADD_CHUNK = "INSERT INTO upload_chunk (upload_id, number, content) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
SUM_CHUNKS = """
    SELECT count(*) AS chunks, coalesce(max(number), -1) + 1 AS numbered,
        coalesce(sum(octet_length(content)), 0) AS size,
        encode(sha256(coalesce(string_agg(content, ''::bytea ORDER BY number), ''::bytea)), 'hex') AS sha256
    FROM upload_chunk
    WHERE upload_id = $1
"""
FINISH = "UPDATE upload SET state = 'reading', sha256 = $2, tries = 0 WHERE id = $1 AND state = 'receiving'"


async def add_chunk(db: Database, upload_id: UUID, number: int, content: bytes) -> None:
    await db.execute(ADD_CHUNK, upload_id, number, content)


@dataclass(frozen=True)
class ChunksStored:
    """The parts of a file that are there. `numbered` is one more than the highest number of a part."""

    chunks: int
    numbered: int
    size: int
    sha256: str


async def sum_chunks(db: Database, upload_id: UUID) -> ChunksStored:
    (row,) = await db.fetch(SUM_CHUNKS, upload_id)
    return ChunksStored(**row)


async def finish(db: Database, upload_id: UUID, sha256: str) -> None:
    """Say that the file is whole, so that it is read."""
    await db.execute(FINISH, upload_id, sha256)


# --------------------------------------------------------------------------------------------------- what the user says
READ_AGAIN = """
    UPDATE upload
    SET state = 'reading', sheet = $2, tries = 0, rows_done = 0, mapping = NULL, new_rows = NULL, updated_rows = NULL,
        ended_rows = NULL, error_rows = NULL, unchanged_rows = 0, incomplete_rows = 0,
        unconsented_rows = 0, authority = NULL
    WHERE id = $1
"""
MAP = """
    UPDATE upload
    SET state = $2, mapping = $3, found_columns = $4, found_values = $5, missing = $6, tries = 0, rows_done = 0,
        new_rows = NULL, updated_rows = NULL, ended_rows = NULL, error_rows = NULL, unchanged_rows = 0,
        incomplete_rows = 0, unconsented_rows = 0, authority = NULL
    WHERE id = $1
"""
NAME_AUTHORITY = """
    UPDATE upload
    SET state = 'checking', authority = $2, tries = 0, rows_done = 0, new_rows = NULL, updated_rows = NULL,
        ended_rows = NULL, error_rows = NULL, unchanged_rows = 0, incomplete_rows = 0, unconsented_rows = 0
    WHERE id = $1
"""
PROCESS = "UPDATE upload SET state = 'processing', tries = 0, rows_done = 0 WHERE id = $1"
CANCEL = """
    UPDATE upload
    SET state = 'cancelled', fault = NULL, ended_at = clock_timestamp(), expires_at = clock_timestamp() + $2::interval,
        lease_until = NULL, headings = '{}', found_columns = '[]', found_values = '[]', mapping = NULL, authority = NULL
    WHERE id = $1
"""
REMOVE_CHUNKS = "DELETE FROM upload_chunk WHERE upload_id = $1"
REMOVE_ROWS = "DELETE FROM upload_row WHERE upload_id = $1"


async def read_again(db: Database, upload_id: UUID, sheet: str) -> None:
    """Have another sheet of the workbook read."""
    await db.execute(READ_AGAIN, upload_id, sheet)


@dataclass(frozen=True, repr=False)
class MappingShown:
    """What the columns and values are taken for, and which questions of the minimum no column answers."""

    columns: tuple[ColumnFound, ...]
    values: tuple[ValueFound, ...]
    missing: tuple[str, ...]

    def values_stored(self) -> tuple[str, str, tuple[str, ...]]:
        return (
            COLUMNS_FOUND.dump_json(self.columns).decode(),
            VALUES_FOUND.dump_json(self.values).decode(),
            self.missing,
        )


async def map_columns(
    db: Database, upload_id: UUID, state: UploadState, mapping: FileMapping, shown: MappingShown
) -> None:
    """Store what the columns mean. In the state `checking` the rows are then checked."""
    await db.execute(MAP, upload_id, state, MAPPING.dump_json(mapping).decode(), *shown.values_stored())


async def name_authority(db: Database, upload_id: UUID, authority: ConsentAuthority) -> None:
    """Store the authority for rows without evidence of consent, and have the rows checked again."""
    await db.execute(NAME_AUTHORITY, upload_id, authority.model_dump_json())


async def process(db: Database, upload_id: UUID) -> None:
    await db.execute(PROCESS, upload_id)


async def cancel(db: Database, upload_id: UUID) -> None:
    """End the upload, and delete the file and its rows. Its counts stay."""
    await db.execute(CANCEL, upload_id, LIFE)
    await db.execute(REMOVE_CHUNKS, upload_id)
    await db.execute(REMOVE_ROWS, upload_id)


FIND_KEPT = "SELECT kept FROM load_mapping WHERE register_code = $1 AND organisation_id = $2"
KEEP = """
    INSERT INTO load_mapping (register_code, organisation_id, kept, saved_by) VALUES ($1, $2, $3, $4)
    ON CONFLICT (register_code, organisation_id) DO UPDATE
    SET kept = excluded.kept, saved_by = excluded.saved_by, saved_at = clock_timestamp()
"""


async def find_kept(db: Database, upload: StoredUpload) -> KeptMapping | None:
    """Return what the columns and values of the organisation's earlier files mean."""
    kept = await db.fetchval(FIND_KEPT, upload.register_code, upload.organisation_id)
    return KEPT.validate_json(kept) if kept else None


async def keep(db: Database, upload: StoredUpload, kept: KeptMapping) -> None:
    """Keep for the organisation what the columns and values mean, with what is known from its other files."""
    earlier = await find_kept(db, upload)
    merged = merge_kept(earlier, kept) if earlier else kept
    sent = (upload.register_code, upload.organisation_id, KEPT.dump_json(merged).decode(), upload.user_id)
    await db.execute(KEEP, *sent)


def merge_kept(earlier: KeptMapping, later: KeptMapping) -> KeptMapping:
    """Return both together. What was said later counts."""
    questions = {*earlier.by_value, *later.by_value}
    values = {each: {**earlier.by_value.get(each, {}), **later.by_value.get(each, {})} for each in questions}
    return KeptMapping({**earlier.by_heading, **later.by_heading}, values)


# ------------------------------------------------------------------------------------------------------------ the rows
READ_CELLS = "SELECT cells FROM upload_row WHERE upload_id = $1 ORDER BY number"
LIST_ROWS = """
    SELECT number, verdict, name, record_id, reference, changes, faults, missing, cells, is_processed,
        CASE WHEN verdict = 'new' THEN answers END AS answers
    FROM upload_row
    WHERE upload_id = $1 AND tab = $2
    ORDER BY number
    LIMIT $3 OFFSET $4
"""
COUNT_ROWS = "SELECT count(*) FROM upload_row WHERE upload_id = $1 AND tab = $2"
LIST_ERRORS = "SELECT cells, faults FROM upload_row WHERE upload_id = $1 AND tab = 'errors' ORDER BY number"


async def read_cells(db: Database, upload_id: UUID) -> list[tuple[str, ...]]:
    """Return the cells of all rows of data, in the file's order."""
    return [tuple(row["cells"]) for row in await db.fetch(READ_CELLS, upload_id)]


async def list_rows(db: Database, upload_id: UUID, tab: RowTab, limit: int, offset: int) -> list[Record]:
    return await db.fetch(LIST_ROWS, upload_id, tab, limit, offset)


async def count_rows(db: Database, upload_id: UUID, tab: RowTab) -> int:
    found: int = await db.fetchval(COUNT_ROWS, upload_id, tab)
    return found


async def list_errors(db: Database, upload_id: UUID) -> Sequence[Record]:
    """Return the cells of every row under Errors, with its faults."""
    return await db.fetch(LIST_ERRORS, upload_id)


MOST_ABSENT = 500
LIST_ABSENT = f"""
    SELECT r.id AS record_id, r.reference, r.family_name, r.given_name, r.born, r.nhs_number, r.rating, r.updated_at
    FROM record AS r
    WHERE {in_sight("r")} AND r.is_open
        AND NOT EXISTS (SELECT FROM upload_row AS w WHERE w.upload_id = $4 AND w.record_id = r.id)
        AND ($5::uuid IS NULL OR (r.sort_name, r.id) > (SELECT a.sort_name, a.id FROM record AS a WHERE a.id = $5))
    ORDER BY r.sort_name, r.id
    LIMIT {MOST_ABSENT}
"""  # noqa: S608  a condition and a number of ours


LIST_UNTRACED = f"""
    SELECT r.id AS record_id, r.reference, r.family_name, r.given_name, r.born, r.nhs_number, r.postcode
    FROM record AS r
    WHERE {in_sight("r")} AND r.is_open AND r.nhs_number IS NULL
        AND ($4::uuid IS NULL OR (r.sort_name, r.id) > (SELECT a.sort_name, a.id FROM record AS a WHERE a.id = $4))
    ORDER BY r.sort_name, r.id
    LIMIT {MOST_ABSENT}
"""  # noqa: S608  a condition and a number of ours


async def list_untraced(db: Database, visitor: Visitor, after: UUID | None) -> Sequence[Record]:
    """Return some open records that the visitor sees and that have no NHS number, by name."""
    return await db.fetch(LIST_UNTRACED, *sight_parameters(visitor), after)


async def list_absent(db: Database, visitor: Visitor, upload_id: UUID, after: UUID | None) -> Sequence[Record]:
    """Return some open records that the visitor sees and that no row of the upload is about, by name."""
    return await db.fetch(LIST_ABSENT, *sight_parameters(visitor), upload_id, after)
