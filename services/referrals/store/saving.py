"""
Queries that add records and save versions.

Each takes one round trip, with history, audit, events and the command's id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter

from services.referrals.audit_actions import ReferralsAction
from services.referrals.rules.saving import Match
from services.referrals.store.scope import bodies_of
from shared.commands import FIND_COMMAND
from shared.contracts.referrals.answers import Answer, Answers
from shared.contracts.referrals.drafts import DraftChanged, DraftSeen
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import Database, Scope, as_json, scope_of
from shared.messages import Event, Refused
from shared.permissions import Visitor

Verdict = Literal["done", "repeated", "matches", "conflict", "closed", "not_found"]
Act = Literal["updated", "reviewed", "decided", "archived", "ended", "reinstated"]
ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)
MATCHES: TypeAdapter[tuple[Match, ...]] = TypeAdapter(tuple[Match, ...])


@dataclass(frozen=True, repr=False)
class NewCommand:
    """A command to be stored: its user, a hash of its content, and its answer."""

    command_id: UUID
    actor: UUID
    body_hash: bytes
    answer: RecordReceipt


@dataclass(frozen=True)
class EarlierCommand:
    """A command that was carried out before. `answer` is None if it was refused for good."""

    actor: UUID
    body_hash: bytes
    answer: str | None = field(repr=False)


async def find_earlier(db: Database, command_id: UUID) -> EarlierCommand | None:
    row = await db.fetchrow(FIND_COMMAND, command_id)
    return None if row is None else EarlierCommand(**row)


@dataclass(frozen=True, repr=False)
class Content:
    """
    The content of a version of a record: its answers, the columns derived from them, and the match keys.

    Without `keys` the record keeps those that it has. `judged` are the matches that rules have looked at; None lets
    every match pass.
    """

    answers: Mapping[str, Answer]
    rating: str | None
    search: str
    sort_name: str
    locality: str | None
    given_name: str
    family_name: str
    born: date | None
    nhs_number: str | None
    postcode: str | None
    keys: tuple[str, ...] | None = ()
    key_rules: tuple[str, ...] | None = ()
    judged: tuple[Match, ...] | None = ()


@dataclass(frozen=True, repr=False)
class OutboxRow:
    """An event that is published once the transaction is committed."""

    event_id: UUID
    subjects: tuple[str, ...]
    event_type: str
    body: Event


def outbox_rows(events: Sequence[Event]) -> str:
    return as_json([OutboxRow(each.event_id, each.subjects(), each.event_type(), each) for each in events])


@dataclass(frozen=True)
class Saved:
    """
    What became of a write. Only `done` changed anything.

    For `matches`: every record that shares a key, and those of them in scope, the newest first. For `repeated`: the
    stored command. `version` is the record's version afterwards.
    """

    verdict: Verdict
    version: int | None = None
    matches: tuple[Match, ...] = ()
    seen: tuple[UUID, ...] = ()
    earlier: EarlierCommand | None = None


async def _saved(db: Database, row: Record, command_id: UUID | None = None) -> Saved:
    earlier = await find_earlier(db, command_id) if command_id and row["verdict"] == "repeated" else None
    matches = MATCHES.validate_json(row["matches"]) if row["verdict"] == "matches" else ()
    return Saved(row["verdict"], row["version_there"], matches, tuple(row["seen"] or ()), earlier)


SUBMIT_RECORD = """
    SELECT verdict, draft_version AS version_there, draft_saved_at, matches, seen
    FROM submit_draft($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True)
class NewRecord:
    """A record to be added, in its first state. It ends on `ends_on`, unless it is still awaiting decisions."""

    record_id: UUID
    reference: str
    edition: str
    state: str
    compartment_id: UUID
    organisation_id: UUID
    ends_on: date | None = None
    awaiting: bool = False


@dataclass(frozen=True)
class ShownDraft:
    """The draft of a form, in the version that its page saw."""

    draft_id: UUID
    version: int
    save_id: UUID


async def submit_record(
    db: Database,
    scope: Scope,
    command: NewCommand,
    record: NewRecord,
    content: Content,
    events: Sequence[Event],
    draft: DraftSeen | None = None,
) -> Saved:
    """
    Add the record, or return why it was not added. Sets its own context.

    Refused as `draft_changed` if another page has saved the form's draft since `draft`. Raises asyncpg's
    `UniqueViolationError` if another record has the reference; then nothing is stored.
    """
    sent = map(as_json, (scope, command, record, content))
    shown = as_json(ShownDraft(command.command_id, draft.version, draft.save_id)) if draft else None
    (row,) = await db.fetch(SUBMIT_RECORD, *sent, outbox_rows(events), shown)
    if row["verdict"] == "draft_changed":
        raise Refused(DraftChanged(version=row["version_there"], saved_at=row["draft_saved_at"]))
    return await _saved(db, row, command.command_id)


FIND_FOR_UPDATE = """
    SELECT is_repeated, record_id, reference, edition, state, is_open, version, organisation_id, bodies, created_by,
        rating, ends_on, decided, answers, is_held
    FROM find_for_update($1, $2, $3)
"""


@dataclass(frozen=True, repr=False)
class Present:
    """A record in scope in its present state. `decided` are the bodies that have decided about its end."""

    record_id: UUID
    reference: str
    edition: str
    state: str
    is_open: bool
    version: int
    organisation_id: UUID
    bodies: tuple[str, ...]
    created_by: UUID
    rating: str | None
    ends_on: date | None
    decided: tuple[str, ...]
    answers: Answers
    is_held: bool


async def find_for_update(
    db: Database, visitor: Visitor, command_id: UUID, record_id: UUID
) -> tuple[EarlierCommand | None, Present | None]:
    """
    Return the command if it was carried out before, and the record.

    Not audited, because nothing of the record is shown.
    """
    (row,) = await db.fetch(FIND_FOR_UPDATE, as_json(scope_of(visitor)), command_id, record_id)
    earlier = await find_earlier(db, command_id) if row["is_repeated"] else None
    return earlier, None if row["record_id"] is None else _present(row)


def _present(row: Record) -> Present:
    fields = dict(row)
    del fields["is_repeated"]
    fields |= {
        "answers": ANSWERS.validate_json(row["answers"]),
        "bodies": bodies_of(row),
        "decided": tuple(row["decided"]),
    }
    return Present(**fields)


@dataclass(frozen=True, repr=False)
class NewVersion:
    """
    A further version of a record, saved if the record still has `version` and is as open as it was.

    `changes` holds each question with its answers before and after. `is_update`: it counts as an update. `rerated`: the
    date of the rating is new. `withdraws`: decisions about the end of the record no longer hold. `leaving` says why the
    record is archived.
    """

    record_id: UUID
    version: int
    act: Act
    action: ReferralsAction
    state: str
    is_open: bool
    compartment_id: UUID
    was_open: bool = True
    ends_on: date | None = None
    awaiting: bool = False
    withdraws: bool = False
    rerated: bool = False
    is_update: bool = False
    changes: tuple[tuple[str, Answer | None, Answer | None], ...] = ()
    leaving: Answers | None = None


SAVE_VERSION = "SELECT verdict, version_there, matches, seen FROM save_version($1, $2, $3, $4, $5)"
STORE_VERSION = "SELECT verdict, version_there, matches, seen FROM store_version($1, $2, $3, $4)"


async def save_version(
    db: Database,
    scope: Scope,
    command: NewCommand,
    version: NewVersion,
    content: Content | None,
    events: Sequence[Event],
) -> Saved:
    """Save a version and its command, or return why it was not saved. Sets its own context."""
    sent = (as_json(scope), as_json(command), as_json(version), as_json(content) if content else None)
    (row,) = await db.fetch(SAVE_VERSION, *sent, outbox_rows(events))
    return await _saved(db, row, command.command_id)


SAVE_REVIEW = "SELECT verdict, version_there, matches, seen FROM save_review($1, $2, $3, $4, $5, $6)"


async def save_review(
    db: Database,
    scope: Scope,
    command: NewCommand,
    version: NewVersion,
    content: Content | None,
    events: Sequence[Event],
    next_review: date | None,
) -> Saved:
    """Save a review as `save_version` does, with the day agreed for the next one. Sets its own context."""
    sent = (as_json(scope), as_json(command), as_json(version), as_json(content) if content else None)
    (row,) = await db.fetch(SAVE_REVIEW, *sent, outbox_rows(events), next_review)
    return await _saved(db, row, command.command_id)


async def store_version(
    db: Database, scope: Scope, version: NewVersion, content: Content | None, events: Sequence[Event]
) -> Saved:
    """Save a version in the transaction of a command that is carried out. Without content the answers stay."""
    sent = (as_json(scope), as_json(version), as_json(content) if content else None)
    (row,) = await db.fetch(STORE_VERSION, *sent, outbox_rows(events))
    return await _saved(db, row)
