"""Put the checked rows of a spreadsheet on a register, and tell of the whole upload once."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.events import RecordEvents
from services.referrals.handlers.saving import MOST_REFERENCES, fresh_rules
from services.referrals.rules import ratings
from services.referrals.rules import saving as rules
from services.referrals.rules.ending import End, end_of
from services.referrals.rules.saving import Match
from services.referrals.store import loaded as store
from services.referrals.store.loaded import ChangedRow, NewRow, Row, RowDone, SavedRow
from shared import audit
from shared.compartments import add_compartment
from shared.contracts.referrals.events import RecordsLoaded
from shared.contracts.referrals.loading import UploadCounts
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import Database, Scope, scope_of
from shared.ids import new_id
from shared.messages import Event
from shared.permissions import Visitor
from shared.registers.bodies import Compartment
from shared.registers.definition.lifecycle import Urgency, urgency_of
from shared.registers.definition.register import Definition
from shared.registers.form.person import match_keys, rating_of, search_text
from shared.registers.references import REFERENCES, write_reference
from shared.values import london_day


async def load_rows(
    db: Database,
    visitor: Visitor,
    register: Definition,
    upload_id: UUID,
    new: Sequence[NewRow],
    changed: Sequence[ChangedRow],
    moment: datetime,
) -> list[RowDone]:
    """
    Put rows on the register in the transaction of the caller, and return what became of each.

    The keys of all rows are locked first, in order. Matches and versions are then compared again. What is stored is
    what a command would store for each row, without its notices. One row of the audit names the upload and the records.
    """
    rows: list[Row] = [*new, *changed]
    rows.sort(key=lambda row: row.number)
    await _add_compartments(db, register, rows)
    loading = Loading(db, _scope(visitor, rows), visitor, register, moment)
    versions = await store.hold_rows(db, loading.scope, sorted(_locked(register, rows)), [r.record_id for r in changed])
    done = [each for some in waves(register, rows) for each in await loading.load(some, versions)]
    if subjects := [each.record_id for each in done if each.verdict == "done"]:
        await audit.note(db, visitor, ReferralsAction.RECORD_LOADED, [upload_id, *subjects])
    return sorted(done, key=lambda each: each.number)


def loaded_notice(
    register: Definition,
    upload_id: UUID,
    visitor: Visitor,
    compartment: Compartment,
    counts: UploadCounts,
    urgent: int,
    moment: datetime,
) -> Event:
    """Return the one notice of an upload by `visitor`: how many rows became what, and how many ratings are urgent."""
    return RecordsLoaded(
        event_id=new_id(),
        occurred_at=moment,
        register_code=register.code,
        bodies=compartment.bodies,
        record_id=upload_id,
        version=0,
        uploaded_by=visitor.user_id,
        new=counts.new,
        updated=counts.updated - counts.unchanged,
        unchanged=counts.unchanged,
        ended=counts.ended,
        errors=counts.errors,
        urgent=urgent,
    )


async def _add_compartments(db: Database, register: Definition, rows: Sequence[Row]) -> None:
    """Store new compartments in the order of their ids, so that no two processes wait in a circle."""
    there = {row.compartment.compartment_id: row.compartment for row in rows}
    for _, compartment in sorted(there.items()):
        await add_compartment(db, register.code, compartment)


def _scope(visitor: Visitor, rows: Sequence[Row]) -> Scope:
    """Return the visitor's scope with the compartments that rows enter, if the visitor reaches them."""
    scope = scope_of(visitor)
    if scope.compartment_ids is None:
        return scope
    entered = {row.compartment.compartment_id for row in rows if visitor.may_reach(row.compartment)}
    return replace(scope, compartment_ids=(*scope.compartment_ids, *(entered - set(scope.compartment_ids))))


def _locked(register: Definition, rows: Sequence[Row]) -> frozenset[str]:
    return frozenset(key for row in rows for key in _keys(register, row))


def _keys(register: Definition, row: Row) -> frozenset[str]:
    """Return the keys that a row gives to its record, and those that it takes from it."""
    if row.content.keys is None:
        return frozenset()
    before = match_keys(_edition(register, row), row.present.answers) if isinstance(row, ChangedRow) else ()
    return frozenset((*row.content.keys, *(each.key for each in before)))


def _edition(register: Definition, row: Row) -> Definition:
    """Return the definition of a row's record: that of `register`, unless the record is of another edition."""
    return (row.register if isinstance(row, ChangedRow) else None) or register


def waves(register: Definition, rows: Sequence[Row]) -> Iterator[list[Row]]:
    """
    Split rows so that no two of one part share a key or a record. Each part finds what the parts before it stored.

    So a row meets the rows above it as if each were stored by itself. Almost always there is one part.
    """
    part: dict[str | UUID, int] = {}
    parts: list[list[Row]] = []
    for row in rows:
        marks: list[str | UUID] = [*_keys(register, row), row.record_id]
        place = max((part.get(mark, -1) for mark in marks), default=-1) + 1
        part |= dict.fromkeys(marks, place)
        parts += [[]] if place == len(parts) else []
        parts[place].append(row)
    yield from parts


@dataclass(frozen=True)
class Loading:
    """Stores rows in one transaction. `draw` returns a random number below its argument."""

    db: Database
    scope: Scope
    visitor: Visitor
    register: Definition
    moment: datetime
    draw: Callable[[int], int] = secrets.randbelow

    async def load(self, rows: Sequence[Row], versions: Mapping[UUID, int]) -> list[RowDone]:
        """Store rows of which no two share a key. `versions` are those of the records that they change."""
        matches = await store.compare_rows(self.db, self.scope, rows)
        judged = [(row, self._verdict(row, versions, matches.get(row.record_id, ()))) for row in rows]
        fine = [row for row, done in judged if done is None]
        refused = [done for _, done in judged if done]
        added = await self._add([row for row in fine if isinstance(row, NewRow)], frozenset(matches))
        saved = await self._save([row for row in fine if isinstance(row, ChangedRow)], frozenset(matches))
        return [*refused, *added, *saved]

    def _verdict(self, row: Row, versions: Mapping[UUID, int], matches: tuple[Match, ...]) -> RowDone | None:
        """Return why a row is not stored; None if it is."""
        if isinstance(row, ChangedRow) and versions.get(row.record_id) != row.present.version:
            return _not_done(row, "conflict")
        return _not_done(row, "taken") if self._is_taken(row, matches) else None

    def _is_taken(self, row: Row, matches: tuple[Match, ...]) -> bool:
        """Return whether a match counts that the check did not judge. As in a form, an update counts by new keys."""
        answers, judged, register = row.content.answers, row.content.judged or (), _edition(self.register, row)
        fresh = None
        if isinstance(row, ChangedRow) and register.duplicates.entry == "asked":
            fresh = fresh_rules(register, row.present.answers, answers)
        return any(rules.counts(register, answers, each, fresh) for each in rules.unjudged(matches, judged))

    async def _add(self, rows: Sequence[NewRow], matched: frozenset[UUID]) -> list[RowDone]:
        """Add records under references that are drawn, again if another record has one."""
        done: list[NewRow] = []
        for _ in range(MOST_REFERENCES):
            drawn = [self._drawn(row) for row in rows]
            added = await store.add_records(self.db, self.scope, drawn, matched) if drawn else frozenset()
            done += [row for row in drawn if row.record_id in added]
            rows = [row for row in drawn if row.record_id not in added]
            if not rows:
                await store.put_events(self.db, [event for row in done for event in self._created(row)])
                return [self._added(row) for row in done]
        raise LookupError("no free reference was found")

    def _drawn(self, row: NewRow) -> NewRow:
        """Return the row under a new reference, by which a search finds it."""
        reference = write_reference(self.register.reference_prefix, self.draw(REFERENCES))
        search = search_text(self.register, row.content.answers, reference)
        record, content = replace(row.record, reference=reference), replace(row.content, search=search)
        return replace(row, record=record, content=content)

    def _created(self, row: NewRow) -> list[Event]:
        receipt = RecordReceipt(
            record_id=row.record_id, reference=row.record.reference, version=0, rating=row.content.rating
        )
        return RecordEvents(self.register, row.compartment.bodies, receipt, self.moment, self.visitor.user_id).loaded()

    def _added(self, row: NewRow) -> RowDone:
        is_urgent = urgency_of(rating_of(self.register, row.content.answers)) == "urgent"
        return RowDone(row.number, "done", row.record_id, row.record.reference, 0, is_urgent=is_urgent)

    async def _save(self, rows: Sequence[ChangedRow], matched: frozenset[UUID]) -> list[RowDone]:
        if not rows:
            return []
        versions = {row.record_id: self._version(row) for row in rows}
        saved = await store.save_versions(self.db, self.scope, rows, list(versions.values()), matched)
        done = [row for row in rows if row.record_id in saved]
        await store.put_events(self.db, [each for row in done for each in self._changed(row, versions[row.record_id])])
        return [self._saved(row) if row in done else _not_done(row, "conflict") for row in rows]

    def _version(self, row: ChangedRow) -> SavedRow:
        end = self._end(row)
        return SavedRow(
            record_id=row.record_id,
            version=row.present.version,
            compartment_id=row.compartment.compartment_id,
            state=end.state,
            is_open=end.is_open,
            ends_on=end.ends_on,
            awaiting=bool(end.awaited),
            withdraws=end.withdraws,
            rerated=row.rerated,
            rated_on=row.rated_on,
            untells=self._told(row) is not None,
            changes=row.changes,
        )

    def _end(self, row: ChangedRow) -> End:
        present, day = row.present, london_day(self.moment)
        register = _edition(self.register, row)
        return end_of(register, present.state, row.content.answers, day, present.decided, present.answers)

    def _told(self, row: ChangedRow) -> Urgency | None:
        """Return the urgency of the notice that an update by a form would send; None if it would send none."""
        return ratings.rerating(_edition(self.register, row), row.present.answers, row.content.answers).told

    def _changed(self, row: ChangedRow, version: SavedRow) -> list[Event]:
        receipt = RecordReceipt(
            record_id=row.record_id,
            reference=row.present.reference,
            version=row.present.version + 1,
            rating=row.content.rating,
            is_open=version.is_open,
        )
        bodies, before = row.compartment.bodies, row.present.bodies
        register, submitter = _edition(self.register, row), row.present.created_by
        telling = RecordEvents(register, bodies, receipt, self.moment, submitter, before)
        return telling.updated(None) if version.is_open else telling.ended(None)

    def _saved(self, row: ChangedRow) -> RowDone:
        is_urgent = self._told(row) == "urgent"
        return RowDone(
            row.number, "done", row.record_id, row.present.reference, row.present.version + 1, is_urgent=is_urgent
        )


def _not_done(row: Row, verdict: Literal["conflict", "taken"]) -> RowDone:
    if isinstance(row, ChangedRow):
        return RowDone(row.number, verdict, row.record_id, row.present.reference, row.present.version)
    return RowDone(row.number, verdict, row.record_id, "", 0)
