"""The audit: append-only rows of who did or read what, in a hash chain whose heads are also kept outside Postgres."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import asyncpg

from shared.database import Database, DatabasePool, execute_for_each
from shared.jobs import Job
from shared.log import log
from shared.permissions import Visitor

SEAL_EVERY_SECONDS = 2.0
GATHER_SECONDS = 0.5
PUBLISH_EVERY_SECONDS = 60.0

ADD_ROW = """
    INSERT INTO audit (actor, session, action, register, subjects, fields)
    VALUES ($1, $2, $3, $4, $5, $6)
"""
SEAL = "SELECT seal_n, seal_hash FROM seal_audit()"
FIND_SEALS = "SELECT n, server_start::text AS start, lo, hi, rows, prev, hash FROM audit_seal ORDER BY n"
READ_STRETCH = """
    SELECT stretch, counted, sha256($4 || stretch) AS hash
    FROM hash_stretch($1::text::timestamptz, $2::text::xid8, $3::text::xid8)
"""
COUNT_UNSEALED = """
    SELECT count(*)
    FROM audit AS a
    LEFT JOIN unnest($1::text[]::timestamptz[], $2::text[]::xid8[]) AS sealed (server_start, hi) USING (server_start)
    WHERE sealed.hi IS NULL OR a.xid >= sealed.hi
"""


class AuditAction(StrEnum):
    """An action that a service audits. Each service lists all of its own in `audit_actions.py`, and no other exists."""


async def note(
    db: Database,
    visitor: Visitor | None,
    action: AuditAction,
    subjects: Iterable[UUID] = (),
    fields: Iterable[str] = (),
    *,
    actor: UUID | None = None,
    register: str = "",
) -> None:
    """
    Add one row in the transaction of the action: if the row cannot be written, the action does not happen.

    `action` is a fixed word, never built from user input. `subjects` are ids. `fields` are names of fields, never
    values.
    """
    by = visitor.user_id if visitor else actor
    session = visitor.session_id if visitor else None
    code = visitor.register_code if visitor else register
    await db.execute(ADD_ROW, by, session, action, code, list(subjects), list(fields))


async def note_each(db: Database, visitor: Visitor, action: AuditAction, subjects: Iterable[Sequence[UUID]]) -> None:
    """Add a row for each group of subjects as `note` does, in one round trip."""
    by = (visitor.user_id, visitor.session_id, action, visitor.register_code)
    await execute_for_each(db, ADD_ROW, [(*by, list(each), ()) for each in subjects])


@dataclass(frozen=True)
class Noted:
    """One row of the audit on work without a visitor: the action, the ids that it is about, and the register."""

    action: AuditAction
    subjects: Sequence[UUID]
    register: str


async def note_all(db: Database, rows: Iterable[Noted]) -> None:
    """Add several rows in the transaction of their actions, in one round trip."""
    found = [(None, None, row.action, row.register, row.subjects, ()) for row in rows]
    await execute_for_each(db, ADD_ROW, found)


class Sealer:
    """
    Seals a schema's audit, and writes the newest head to a file outside Postgres each minute.

    It seals half a second after the service has handled a request or an event, and at least every two seconds.
    """

    def __init__(self, pool: DatabasePool, service: str, heads: Path | None) -> None:
        self._pool = pool
        self._service = service
        self._heads = heads
        self._published = -1

    @property
    def jobs(self) -> list[Job]:
        return [
            Job("audit.seal", self.seal, every=SEAL_EVERY_SECONDS, gather=GATHER_SECONDS, after_work=True),
            Job("audit.publish_head", self.publish, every=PUBLISH_EVERY_SECONDS),
        ]

    async def seal(self) -> None:
        await self._pool.execute(SEAL)

    async def publish(self) -> None:
        """
        Append the chain's head to the file as `<service> <n> <hash>`. A later check can see if the end was cut off.
        """
        row = await self._pool.fetchrow(SEAL)
        if row is None or not row["seal_n"] or row["seal_n"] == self._published:
            return
        self._published = row["seal_n"]
        log("audit.head", n=row["seal_n"], hash=row["seal_hash"].hex())
        if self._heads is not None:
            await asyncio.to_thread(_append, self._heads, f"{self._service} {row['seal_n']} {row['seal_hash'].hex()}\n")


def _append(file: Path, line: str) -> None:
    with file.open("a", encoding="ascii") as heads:
        heads.write(line)


@dataclass(frozen=True)
class AuditVerification:
    """
    The result of verifying a schema's chain: how many seals are valid, and the first fault.

    `unsealed` rows have no seal yet. A few are normal: those of the last second, or of a product stopped just then.
    Many mean that sealing has stopped, and that nothing proves these rows.
    """

    service: str
    seals: int
    rows: int
    unsealed: int = 0
    fault: str | None = None


async def verify(db: "asyncpg.Connection[asyncpg.Record]", service: str, heads: Iterable[str]) -> AuditVerification:
    """
    Walk the chain of the schema on the connection's search path, and compare it with the heads kept outside.

    The seals are one chain. Each covers the next rows of one start of the database server, and no row lies between two
    of them. Runs under a role that may read the audit (the migrator), never under a service's role.
    """
    previous, rows = b"", 0
    reached: dict[str, str] = {}  # server start: the transaction up to which its rows are sealed
    known: dict[int, str] = {}
    for seal in await db.fetch(FIND_SEALS):
        start, low, high = seal["start"], str(seal["lo"]), str(seal["hi"])
        found = await db.fetchrow(READ_STRETCH, start, low, high, previous)
        whole = found is not None and found["hash"] == seal["hash"] and found["counted"] == seal["rows"]
        if not whole or seal["prev"] != previous or low != reached.get(start, "0") or seal["n"] != len(known) + 1:
            return AuditVerification(service, len(known), rows, fault=f"seal {seal['n']} does not match its rows")
        previous, rows, reached[start] = seal["hash"], rows + seal["rows"], high
        known[seal["n"]] = seal["hash"].hex()
    for line in heads:
        name, n, digest = line.split()
        if name == service and known.get(int(n)) != digest:
            return AuditVerification(service, len(known), rows, fault=f"head {n} kept outside is not in the chain")
    unsealed = await db.fetchval(COUNT_UNSEALED, list(reached), list(reached.values()))
    return AuditVerification(service, len(known), rows, unsealed)
