"""Queries of report jobs: the jobs that users asked for, the rows of a report, and the finished file."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from services.reports.rules.ages import AgesAt, Births
from services.reports.rules.choosing import Codes
from services.reports.rules.urgency import RatingOrder
from shared.contracts.reports import JobState
from shared.database import Database, DatabasePool
from shared.permissions import Visitor
from shared.registers.definition.dashboards import Report
from shared.registers.form.conditions import Answers

LEASE = timedelta(seconds=15)
LIFE = timedelta(hours=1)
MOST_ATTEMPTS = 5
MOST_LISTED = 5
LISTED_FOR = timedelta(days=1)


@dataclass(frozen=True)
class StoredJob:
    """
    A report that was requested, in its present state. A ready file is `expired` from its `expires_at` on.

    `compartment_ids` are those that a ready file covers; None for the whole register. `record_ids` are those of the
    list that was downloaded.
    """

    id: UUID
    register_code: str
    edition: str
    user_id: UUID
    report: str
    bodies: tuple[str, ...]
    age: str | None
    options: dict[str, str]
    state: JobState
    asked_at: datetime
    attempt: int
    rows_done: int
    rows_total: int | None
    expires_at: datetime | None
    records: int | None
    size: int | None
    chunks: int | None
    sha256: str | None
    downloads: int
    compartment_ids: Sequence[UUID] | None
    record_ids: tuple[UUID, ...] | None

    @property
    def codes(self) -> Codes:
        return Codes(self.report, self.bodies, self.age, self.options, self.record_ids)


STATE = "CASE WHEN state = 'ready' AND expires_at < clock_timestamp() THEN 'expired' ELSE state END AS state"
COLUMNS = f"""
    id, register_code, edition, user_id, report, bodies, age, options, asked_at, attempt, rows_done,
    rows_total, expires_at, records, size, chunks, sha256, downloads, compartment_ids, record_ids,
    {STATE}
"""
ADD = """
    INSERT INTO job (id, register_code, edition, user_id, report, bodies, age, options, record_ids)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
# A finished report is for users who reach all that it covers. Row-level security says the same.
OWN = """
    user_id = $1 AND register_code = $2 AND (
        $3 OR (compartment_ids IS NULL AND state <> 'ready') OR compartment_ids <@ $4
    )
"""
FIND = f"SELECT {COLUMNS} FROM job WHERE {OWN} AND id = $5"  # noqa: S608  names of columns, and a condition of ours
LIST = f"""
    WITH own AS (
        SELECT {COLUMNS}, row_number() OVER (ORDER BY asked_at DESC) AS place
        FROM job
        WHERE {OWN} AND asked_at > clock_timestamp() - $6::interval
    )
    SELECT {COLUMNS.replace(STATE, "state")}
    FROM own
    WHERE place <= $5 OR state = 'ready'
    ORDER BY asked_at DESC
"""  # noqa: S608  names of columns, and a condition of ours
COUNT_AT_WORK = """
    SELECT count(*)
    FROM job
    WHERE user_id = $1 AND register_code = $2 AND state IN ('queued', 'running')
"""


def _job(row: Record) -> StoredJob:
    of_a_list = None if row["record_ids"] is None else tuple(row["record_ids"])
    read = {"bodies": tuple(row["bodies"]), "options": json.loads(row["options"]), "record_ids": of_a_list}
    return StoredJob(**dict(row) | read)


async def add(db: Database, job_id: UUID, visitor: Visitor, edition: str, codes: Codes) -> None:
    await db.execute(
        ADD,
        job_id,
        visitor.register_code,
        edition,
        visitor.user_id,
        codes.report,
        codes.bodies,
        codes.age,
        json.dumps(dict(codes.options)),
        codes.record_ids,
    )


async def find(db: Database, visitor: Visitor, job_id: UUID) -> StoredJob | None:
    """Return the visitor's own job, unless it covers more than the visitor reaches."""
    row = await db.fetchrow(FIND, *_own(visitor), job_id)
    return _job(row) if row else None


async def list_own(db: Database, visitor: Visitor) -> list[StoredJob]:
    """Return the visitor's last jobs and every file that is still there, the newest first."""
    return [_job(row) for row in await db.fetch(LIST, *_own(visitor), MOST_LISTED, LISTED_FOR)]


def _own(visitor: Visitor) -> tuple[object, ...]:
    return visitor.user_id, visitor.register_code, visitor.all_compartments, list(visitor.compartment_ids)


async def count_at_work(db: Database, visitor: Visitor) -> int:
    """Return how many of the visitor's jobs are queued or running."""
    found: int = await db.fetchval(COUNT_AT_WORK, visitor.user_id, visitor.register_code)
    return found


STOP = """
    UPDATE job
    SET state = 'stopped', ended_at = clock_timestamp(), lease_until = NULL
    WHERE id = $1 AND state IN ('queued', 'running', 'ready')
"""
REMOVE_CHUNKS = "DELETE FROM chunk WHERE job_id = $1"


async def stop(db: Database, job_id: UUID) -> None:
    await db.execute(STOP, job_id)
    await db.execute(REMOVE_CHUNKS, job_id)


NOTE_DOWNLOAD = "UPDATE job SET downloads = downloads + 1 WHERE id = $1"
READ_CHUNK = "SELECT content FROM chunk WHERE job_id = $1 AND attempt = $2 AND number = $3"


async def note_download(db: Database, job_id: UUID) -> None:
    await db.execute(NOTE_DOWNLOAD, job_id)


async def read_chunk(db: Database, job: StoredJob, number: int) -> bytes | None:
    content: bytes | None = await db.fetchval(READ_CHUNK, job.id, job.attempt, number)
    return content


# ---------------------------------------------------------------------------------------------------- making a report
CLAIM = f"SELECT {COLUMNS} FROM claim_job($1, $2)"  # noqa: S608  names of columns
KEEP = "SELECT keep_job($1, $2, $3, $4, $5)"
DROP = "SELECT drop_job($1, $2, $3, $4)"
FINISH = "SELECT finish_job($1, $2, $3, $4, $5, $6, $7)"
NOTE_COMPARTMENTS = "UPDATE job SET compartment_ids = $3 WHERE id = $1 AND attempt = $2 AND state = 'running'"
ADD_CHUNK = "INSERT INTO chunk (job_id, attempt, number, content) VALUES ($1, $2, $3, $4)"
SWEEP = "SELECT sweep_jobs()"


async def claim(pool: DatabasePool, lease: timedelta) -> StoredJob | None:
    """Claim the job that has waited longest, or one whose lease has run out, for the time of a lease."""
    row = await pool.fetchrow(CLAIM, lease, MOST_ATTEMPTS)
    return _job(row) if row else None


async def keep(pool: DatabasePool, job: StoredJob, lease: timedelta, done: int, total: int | None) -> bool:
    """Renew the lease. Return False if the job was stopped or another replica has taken it."""
    kept: bool = await pool.fetchval(KEEP, job.id, job.attempt, lease, done, total)
    return kept


async def drop(pool: DatabasePool, job: StoredJob, state: JobState, wait: timedelta) -> None:
    """Give the job up: as `queued` for another attempt after `wait`, or as `failed`."""
    await pool.execute(DROP, job.id, job.attempt, state, wait)


async def add_chunk(db: Database, job: StoredJob, number: int, content: bytes) -> None:
    await db.execute(ADD_CHUNK, job.id, job.attempt, number, content)


@dataclass(frozen=True)
class MadeFile:
    """
    The facts of a finished file, for the job and for the audit.

    `compartment_ids` are those that it covers; None for the whole register.
    """

    compartment_ids: Sequence[UUID] | None
    records: int
    size: int
    chunks: int
    sha256: str


async def finish(db: Database, job: StoredJob, file: MadeFile, life: timedelta) -> bool:
    """Mark the job as ready. Return False if it was stopped or taken over; then no part of the file is kept."""
    await db.execute(NOTE_COMPARTMENTS, job.id, job.attempt, file.compartment_ids)
    finished: bool = await db.fetchval(
        FINISH, job.id, job.attempt, life, file.records, file.size, file.chunks, file.sha256
    )
    return finished


async def sweep(pool: DatabasePool) -> int:
    expired: int = await pool.fetchval(SWEEP)
    return expired


# -------------------------------------------------------------------------------------------------- rows of a report
CHOSEN = """
    r.register_code = $1 AND r.is_open = $2 AND r.answers @> $3 AND (NOT $4 OR <unknown> OR <within>) AND <lacking>
    AND ($7::uuid [] IS NULL OR r.record_id = ANY($7))
"""
LACKING = """r.counted @> '[{"question": "#gap"}]'"""
GAPS = """jsonb_path_query_array(r.counted, '$[*] ? (@.question == "#gap").answer')"""
TODAY = ("r.born IS NULL", "(($5::date IS NULL OR r.born > $5) AND ($6::date IS NULL OR r.born <= $6))")
AGE_AT = r"""
    CASE WHEN r.answers ->> $5::text ~ '^\d{4}-\d\d-\d\d$' THEN
        CASE WHEN (r.answers ->> $5::text)::date >= r.born
            THEN extract(YEAR FROM age((r.answers ->> $5::text)::date, r.born))
        END
    END
"""
DATED = (f"({AGE_AT}) IS NULL", f"({AGE_AT}) BETWEEN ($6::integer [])[1] AND ($6::integer [])[2]")
COUNT_ROWS = f"SELECT count(*) FROM record_copy AS r WHERE {CHOSEN}"  # noqa: S608  a condition of ours
IN_ORDER = "array_position({levels}::text [], r.answers ->> {rating}::text), r.sort_name, r.created_at, r.record_id"
"""The most urgent record first, then by name. A level that the register no longer has comes last."""
# The records are sorted before their cells are made, and a linked record is named only if the user may see it.
READ_ROWS = f"""
    SELECT
        r.record_id,
        jsonb_build_object(
            'record', jsonb_build_object(
                'reference', r.reference, 'organisation_id', r.organisation_id, 'created_by', r.created_by,
                'created_at', r.created_at, 'updated_at', r.updated_at, 'rated_at', r.rated_at,
                'ended_at', r.ended_at, 'born', r.born, 'holder', r.holder, 'person_id', r.person_id,
                'review', (
                    SELECT jsonb_build_array(i.item ->> 'question', i.item ->> 'answer')
                    FROM jsonb_array_elements(r.counted) AS i (item)
                    WHERE i.item ->> 'question' = '#agreed' OR i.item ->> 'question' LIKE '#review:%'
                ),
                'gaps', <gaps>,
                'linked', CASE WHEN r.person_id IS NOT NULL THEN (
                    SELECT string_agg(l.reference, ', ' ORDER BY l.reference)
                    FROM record_copy AS l
                    WHERE l.register_code = $1 AND l.person_id = r.person_id AND l.is_open
                        AND l.record_id <> r.record_id {{reached}}
                ) END
            ),
            'answers', r.answers || r.leaving,
            'outcomes', CASE WHEN $8 THEN coalesce((
                SELECT jsonb_agg(
                    jsonb_build_array(
                        jsonb_build_object('recorded_at', o.recorded_at, 'recorded_by', o.recorded_by), o.answers
                    ) ORDER BY o.recorded_at, o.outcome_id
                )
                FROM outcome_copy AS o
                WHERE o.record_id = r.record_id
            ), '[]') ELSE '[]' END,
            'apart', $4 AND <unknown>
        )::text AS line
    FROM (
        SELECT r.* FROM record_copy AS r
        WHERE {CHOSEN} {{covered}}
        ORDER BY {IN_ORDER.format(levels="$9", rating="$10")}
        OFFSET 0
    ) AS r
"""  # noqa: S608  conditions of ours
READ_WHOLE = READ_ROWS.format(covered="", reached="")
READ_COVERED = READ_ROWS.format(
    covered="AND r.compartment_id = ANY($11)", reached="AND ($12::uuid [] IS NULL OR l.compartment_id = ANY($12))"
)
AT_ONCE = 500


@dataclass(frozen=True)
class Wanted:
    """
    Which records a report holds, and its rating with the levels in their order.

    `compartment_ids` are those of its records, and `reached` those that the user may see; None for the whole register.
    `record_ids` are those of the list that was downloaded.
    """

    register_code: str
    compartment_ids: tuple[UUID, ...] | None
    reached: Sequence[UUID] | None
    report: Report
    answers: Answers = field(repr=False)
    ages: Births | AgesAt | None
    rating: RatingOrder
    record_ids: Sequence[UUID] | None = None

    def values(self) -> tuple[object, ...]:
        return (
            self.register_code,
            self.report.records != "ended",
            json.dumps(dict(self.answers)),
            self.ages is not None,
            *self._age_values(),
            self.record_ids,
        )

    def _age_values(self) -> tuple[object, object]:
        match self.ages:
            case Births(after, until):
                return after, until
            case AgesAt(question, first, last):
                return question, [first, last]
            case None:
                return None, None

    def filled(self, statement: str) -> str:
        """Return the statement with the conditions on the age, of today or on a date, and on what a record lacks."""
        unknown, within = DATED if isinstance(self.ages, AgesAt) else TODAY
        lacking, gaps = (LACKING, GAPS) if self.report.records == "incomplete" else ("true", "NULL")
        filled = {"<unknown>": unknown, "<within>": within, "<lacking>": lacking, "<gaps>": gaps}
        for gap, condition in filled.items():
            statement = statement.replace(gap, condition)
        return statement


TAKE_TIME = "SET LOCAL statement_timeout = '1min'; SET LOCAL idle_in_transaction_session_timeout = '1min'"


async def take_time(db: Database) -> None:
    """
    Allow the transaction more time. A report takes longer than a page, and its rows wait for the workbook's process.
    """
    await db.execute(TAKE_TIME)


async def count_rows(db: Database, wanted: Wanted) -> int:
    if wanted.compartment_ids is None:
        found: int = await db.fetchval(wanted.filled(COUNT_ROWS), *wanted.values())
    else:
        found = await db.fetchval(
            wanted.filled(f"{COUNT_ROWS} AND r.compartment_id = ANY($8)"), *wanted.values(), wanted.compartment_ids
        )
    return found


async def read_rows(db: Database, wanted: Wanted) -> AsyncIterator[list[tuple[UUID, str]]]:
    """Yield the chosen records in batches, in their order. All are of the moment at which reading began."""
    values = (*wanted.values(), wanted.report.outcomes, wanted.rating.levels, wanted.rating.question)
    if wanted.compartment_ids is None:
        cursor = await db.cursor(wanted.filled(READ_WHOLE), *values)
    else:
        cursor = await db.cursor(wanted.filled(READ_COVERED), *values, wanted.compartment_ids, wanted.reached)
    while rows := await cursor.fetch(AT_ONCE):
        yield [(row["record_id"], row["line"]) for row in rows]
