"""A comparison of what the installation holds after failures with what users were told, in sentences."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from deploy.runner.places import migration_folders
from shared.audit import verify
from shared.messages import SERVICES
from shared.registers.load import load_registers
from tests.failure.breaking import Connection, administrator
from tests.failure.journal import Journal
from tests.failure.streams import Kept, read_streams
from tests.inside import Inside

REFERENCE = re.compile(r"\bDSR-[A-Z0-9]{4}-[A-Z0-9]{4}\b")

# Each fact of a record with its count. All but mails and outcomes are written in one transaction.
FIND_RECORDS = """
    WITH versions AS (
        SELECT record_id AS id, count(*) AS n FROM referrals.record_version GROUP BY 1
    ), audited AS (
        SELECT subjects[1] AS id, count(*) AS n
        FROM referrals.audit
        WHERE action IN ('record.created', 'record.archived')
        GROUP BY 1
    ), commands AS (
        SELECT (answer ->> 'record_id')::uuid AS id, count(*) AS n
        FROM referrals.command
        WHERE answer ? 'record_id'
        GROUP BY 1
    ), told AS (
        SELECT
            (body ->> 'record_id')::uuid AS id,
            coalesce(array_agg(event_id::text) FILTER (WHERE subjects[1] LIKE 'event.%'), '{}') AS events,
            coalesce(array_agg(event_id::text) FILTER (WHERE subjects[1] LIKE 'notice.%'), '{}') AS notices
        FROM (
            SELECT body, event_id, subjects FROM referrals.outbox
            UNION ALL
            SELECT body, event_id, subjects FROM outcomes.outbox
        ) AS each
        GROUP BY 1
    ), endings AS (
        SELECT record_id AS id, count(*) AS n
        FROM outcomes.outcome
        WHERE ending AND state IN ('pending', 'saved')
        GROUP BY 1
    ), tasks AS (
        SELECT record_id AS id, count(*) AS n FROM outcomes.task WHERE kind = 'agenda' AND closed_at IS NULL GROUP BY 1
    )
    SELECT r.id AS record_id, r.family_name, r.reference, NOT r.is_open AS ended,
        coalesce(t.events, '{}') AS events, coalesce(t.notices, '{}') AS notices,
        coalesce(v.n, 0) AS versions, coalesce(a.n, 0) AS audited, coalesce(c.n, 0) AS commands,
        coalesce(e.n, 0) AS endings, coalesce(w.n, 0) AS tasks
    FROM referrals.record AS r
    LEFT JOIN versions AS v ON v.id = r.id
    LEFT JOIN audited AS a ON a.id = r.id
    LEFT JOIN commands AS c ON c.id = r.id
    LEFT JOIN told AS t ON t.id = r.id
    LEFT JOIN endings AS e ON e.id = r.id
    LEFT JOIN tasks AS w ON w.id = r.id
    WHERE r.family_name LIKE $1
"""
FIND_COPIES = "SELECT record_id, count(*) AS n FROM reports.record_copy GROUP BY record_id"
HAS_COPIES = "SELECT to_regclass('reports.record_copy') IS NOT NULL"
PROOFS = {
    "counts of records": "SELECT referrals.prove_counters()",
    "tallies of reports": "SELECT reports.prove_tallies()",
    "events set aside": "SELECT sum(n) FROM ({}) AS each".format(
        " UNION ALL ".join(f"SELECT count(*) AS n FROM {service}.set_aside" for service in SERVICES)
    ),
}


@dataclass(frozen=True)
class Held:
    """One record as the database holds it, with the count of each of its facts."""

    record_id: UUID
    family_name: str
    reference: str
    ended: bool
    events: list[str]
    notices: list[str]
    versions: int
    audited: int
    commands: int
    endings: int
    tasks: int


@dataclass
class Ledger:
    """Compares one installation again and again. It collects mails each time, because only the newest are kept."""

    inside: Inside
    _mails: dict[str, tuple[frozenset[str], str]] = field(default_factory=dict)

    async def differences(self, journal: Journal) -> list[str]:
        """Return every difference between what the installation holds and what users were told."""
        async with administrator(self.inside) as db:
            held = [Held(**row) for row in await db.fetch(FIND_RECORDS, f"{journal.name}-%")]
            copies = await self._copies(db)
            wrong = {what: await db.fetchval(query) for what, query in PROOFS.items()}
        kept = await read_streams(self.inside)
        self._gather_mails()
        return [
            *journal.faults(),
            *faults_of_records(journal, held),
            *(f"{each.family_name}: {fact}" for each in held for fact in faults_of_facts(each)),
            *faults_of_events(held, kept),
            *self._not_copied(held, copies),
            *self._not_mailed(held),
            *(f"{what}: {count}" for what, count in wrong.items() if count),
            *await self._broken_chains(),
        ]

    # ------------------------------------------------------------------------------------------------ copy of reports
    async def _copies(self, db: Connection) -> dict[UUID, int] | None:
        """Return how often reports holds each record, or None if reports keeps no copy."""
        if not await db.fetchval(HAS_COPIES):
            return None
        return {row["record_id"]: row["n"] for row in await db.fetch(FIND_COPIES)}

    def _not_copied(self, held: Iterable[Held], copies: Mapping[UUID, int] | None) -> Iterator[str]:
        if copies is None:
            if any(migration_folders("reports")[1].glob("*.sql")):
                yield "reports has tables, and none of them is the copy of records"
            return
        for each in held:
            if copies.get(each.record_id, 0) != 1:
                yield f"{each.family_name}: {copies.get(each.record_id, 0)} times in the copy of reports"

    # ---------------------------------------------------------------------------------------------------------- mails
    def _gather_mails(self) -> None:
        team = load_registers().find("dsr").contact.team_email.lower()
        for file in self.inside.state.mail.glob("*.json"):
            if file.name not in self._mails:
                mail = json.loads(file.read_text(encoding="utf-8"))
                about = REFERENCE.findall(mail["subject"] + mail["text"]) if team in mail["to"] else ()
                self._mails[file.name] = (frozenset(about), mail["message_id"])

    def _sent(self) -> dict[str, list[str]]:
        """Return the Message-IDs of mails to the team, by the reference of the record."""
        sent: dict[str, list[str]] = defaultdict(list)
        for references, message_id in self._mails.values():
            for reference in references:
                sent[reference].append(message_id)
        return sent

    def _not_mailed(self, held: Iterable[Held]) -> Iterator[str]:
        sent = self._sent()
        for each in held:
            due, found = 1 + each.ended, len(set(sent[each.reference]))
            if found != due:
                yield f"{each.family_name}: {found} mails to the team and not {due}, not counting the same one again"

    @property
    def mails_sent_again(self) -> int:
        """The number of repeated mails with the same Message-ID: a process died just after it had sent each of them."""
        counted = Counter(message_id for _, message_id in self._mails.values())
        return sum(count - 1 for count in counted.values())

    # ---------------------------------------------------------------------------------------------------------- audit
    async def _broken_chains(self) -> list[str]:
        heads = self.inside.state.audit_heads
        kept = heads.read_text(encoding="ascii").splitlines() if heads.exists() else []
        async with administrator(self.inside) as db:
            verdicts = []
            for service in SERVICES:
                await db.execute(f"SET search_path = {service}")
                verdicts.append(await verify(db, service, kept))
        return [f"audit of {each.service}: {each.fault}" for each in verdicts if each.fault]


def faults_of_records(journal: Journal, held: Iterable[Held]) -> Iterator[str]:
    """Find acknowledged records or archives that are missing, doubled records, and records that no user sent."""
    found: dict[str, list[Held]] = defaultdict(list)
    for each in held:
        found[each.family_name].append(each)
    for entry in journal.entries:
        there = found.pop(entry.family_name, [])
        if len(there) > 1:
            yield f"{entry.family_name}: there {len(there)} times"
        elif entry.record_id is not None and [each.record_id for each in there] != [entry.record_id]:
            yield f"{entry.family_name}: acknowledged and not there"
        elif entry.ended and not all(each.ended for each in there):
            yield f"{entry.family_name}: archiving acknowledged and not done"
    yield from (f"{name}: there, and nobody sent it" for name in found)


def faults_of_facts(held: Held) -> Iterator[str]:
    """Find incomplete records and archives: each is written with all its facts and its outcome, or not at all."""
    twice = 1 + held.ended  # once for each of its acts: created and archived
    counted = {
        "history": (twice, held.versions),
        "audit": (twice, held.audited),
        "command": (twice, held.commands),
        "events": (twice + held.ended, len(held.events)),  # created, archived, and that of the outcome
        "notices": (twice + held.ended, len(held.notices)),  # of the archive the creator is told too
        "outcomes": (int(held.ended), held.endings),
        "tasks": (int(not held.ended), held.tasks),  # every referral of a round is for the next meeting
    }
    yield from (f"{found} in {fact} and not {due}" for fact, (due, found) in counted.items() if found != due)


def faults_of_events(held: Iterable[Held], kept: Mapping[str, list[Kept]]) -> Iterator[str]:
    """Find events and notices that are not on their stream exactly once."""
    counted = {stream: Counter(each.event_id for each in messages) for stream, messages in kept.items()}
    for each in held:
        for stream, ids in (("EVENTS", each.events), ("NOTICES", each.notices)):
            for event_id in ids:
                if counted[stream][event_id] != 1:
                    yield f"{each.family_name}: {counted[stream][event_id]} times in {stream}"
