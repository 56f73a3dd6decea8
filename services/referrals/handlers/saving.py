"""Handlers that add a record, update it, or confirm its rating in a review."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from asyncpg import UniqueViolationError

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.drafts import Drafting
from services.referrals.handlers.events import RecordEvents
from services.referrals.handlers.repeated import answer_again, body_hash, submitted_before
from services.referrals.rules import answers as changing
from services.referrals.rules import ratings, reviewing
from services.referrals.rules import saving as rules
from services.referrals.rules.ending import End, end_of
from services.referrals.rules.saving import DuplicateRefused, Match
from services.referrals.store import saving as store
from services.referrals.store.saving import Content, NewCommand, NewRecord, NewVersion, Present, Saved
from shared import audit, log
from shared.compartments import add_compartment
from shared.context import ServiceContext
from shared.contracts.referrals.saving import Conflict, RecordReceipt, ReviewRecord, SubmitRecord, UpdateRecord
from shared.database import DATABASE_FAULTS, Database, scope_of
from shared.ids import new_id
from shared.messages import Command, Event, Fault, NotAnswered, Refused
from shared.permissions import Visitor
from shared.registers.bodies import Compartment, compartment_of
from shared.registers.definition.lifecycle import urgency_of
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, Answers
from shared.registers.form.person import match_keys, person_of, rating_of, search_text
from shared.registers.references import REFERENCES, write_reference
from shared.registers.scope import compartment_for
from shared.values import sort_key

MOST_REFERENCES = 5
MOST_JUDGED = 3


@dataclass(frozen=True)
class Saving:
    """
    The handlers of commands that write a record. `draw` returns a random number below its argument.

    Each goes the same way: check the answers, find what matches, judge it, store everything in one transaction, reply.
    """

    context: ServiceContext
    draw: Callable[[int], int] = secrets.randbelow

    async def submit(self, visitor: Visitor, asked: SubmitRecord) -> RecordReceipt:
        """
        Add a record.

        A retry is answered as the first attempt was, even where its answers are no longer allowed: the day may have
        changed since, or the visitor's organisation.
        """
        try:
            return await self._submit(visitor, asked)
        except Refused:
            async with self.context.one_trip() as db:
                earlier = await store.find_earlier(db, asked.command_id)
            if earlier is None:
                raise
            return submitted_before(visitor, asked, earlier)

    async def _submit(self, visitor: Visitor, asked: SubmitRecord) -> RecordReceipt:
        register = self.context.register(visitor, asked.edition)
        organisation_id = rules.organisation_for(visitor)
        answers = await self._checked(visitor, asked, register)
        compartment = await self._entered(visitor, register, answers, organisation_id)
        record = NewRecord(
            record_id=new_id(),
            reference="",
            edition=register.edition,
            state=register.lifecycle.first_state,
            compartment_id=compartment.compartment_id,
            organisation_id=organisation_id,
        )
        if register.lifecycle.ends_by("date"):
            end = end_of(register, record.state, answers, self.context.day())
            if end.ends_on and not asked.confirmed:
                raise Refused("confirm_ending")
            record = replace(record, ends_on=end.ends_on, awaiting=bool(end.awaited))
        for _ in range(MOST_REFERENCES):
            drawn = replace(record, reference=write_reference(register.reference_prefix, self.draw(REFERENCES)))
            try:
                content = content_of(register, answers, reference=drawn.reference)
                return await self._add(visitor, asked, register, drawn, compartment, content)
            except UniqueViolationError:  # another record has this reference, which is rare: draw again
                continue
        raise LookupError("no free reference was found")

    async def _checked(self, visitor: Visitor, asked: SubmitRecord, register: Definition) -> dict[str, Answer]:
        """Return the checked answers. On refused consent, store nothing and delete the draft."""
        try:
            return rules.checked_answers(register, asked.answers, self.context.day(), sure=asked.sure)
        except Refused as refusal:
            if refusal.code == "no_consent":
                await Drafting(self.context).forget(visitor, asked.command_id)
            raise

    async def _entered(
        self, visitor: Visitor, register: Definition, answers: Answers, organisation_id: UUID
    ) -> Compartment:
        """
        Return the compartment of a record with these answers.

        Refused as `out_of_reach` if it is not the visitor's.
        """
        compartment = compartment_for(register, answers, organisation_id)
        rules.check_reaches(visitor, compartment)
        if register.scope:
            await add_compartment(self.context.pool, register.code, compartment)
        return compartment

    async def _add(
        self,
        visitor: Visitor,
        asked: SubmitRecord,
        register: Definition,
        record: NewRecord,
        compartment: Compartment,
        content: Content,
    ) -> RecordReceipt:
        receipt = RecordReceipt(
            record_id=record.record_id, reference=record.reference, version=0, rating=content.rating
        )
        telling = RecordEvents(register, compartment.bodies, receipt, self.context.clock(), visitor.user_id)
        events = telling.created(urgency_of(rating_of(register, content.answers)))
        command = new_command(visitor, asked, receipt)
        scope = scope_of(visitor, compartment.compartment_id)

        async def store_it(db: Database, judged: tuple[Match, ...]) -> Saved:
            looked_at = replace(content, judged=judged)
            return await store.submit_record(db, scope, command, record, looked_at, events, asked.draft)

        saved = await self._store(visitor, store_it, register, content.answers, asked.duplicates_seen)
        return self._reply(visitor, asked, receipt, saved)

    async def _store(
        self,
        visitor: Visitor,
        store_it: Callable[[Database, tuple[Match, ...]], Awaitable[Saved]],
        register: Definition,
        answers: Answers,
        shown: tuple[UUID, ...] = (),
        fresh: frozenset[str] | None = None,
    ) -> Saved:
        """
        Store a record unless it matches records that were not judged. Judge those, and store it again. With `fresh`
        only matches by these rules count.

        So a record that was added in the meantime is judged too. Raises `NotAnswered` if there are new ones each time.
        """
        judged: tuple[Match, ...] = ()
        for _ in range(MOST_JUDGED):
            async with self.context.one_trip() as db:
                saved = await store_it(db, judged)
            if saved.verdict != "matches":
                return saved
            async with audited_duplicates(self.context, visitor):
                rules.check_matches(register, answers, saved.matches, saved.seen, shown, fresh)
            judged = saved.matches
        raise NotAnswered(Fault.BUSY)

    def _reply(
        self, visitor: Visitor, asked: Command[RecordReceipt], receipt: RecordReceipt, saved: Saved
    ) -> RecordReceipt:
        """Return the receipt after the commit, or refuse. A repeated command gets its first receipt."""
        if saved.earlier:
            return answer_again(visitor, asked, saved.earlier)
        check_saved(saved)
        self.context.wake()
        return receipt

    async def update(self, visitor: Visitor, asked: UpdateRecord) -> RecordReceipt:
        found = await self.find(visitor, asked, asked.record_id)
        if isinstance(found, RecordReceipt):
            return found
        check_changeable(visitor, asked, found)
        return await self._save(visitor, asked, found)

    async def review(self, visitor: Visitor, asked: ReviewRecord) -> RecordReceipt:
        found = await self.find(visitor, asked, asked.record_id)
        if isinstance(found, RecordReceipt):
            return found
        check_changeable(visitor, asked, found)
        return await self._review(visitor, asked, found)

    async def find(self, visitor: Visitor, asked: Command[RecordReceipt], record_id: UUID) -> RecordReceipt | Present:
        """Return the record to change, or the first receipt if the command was carried out before."""
        async with self.context.one_trip() as db:
            earlier, present = await store.find_for_update(db, visitor, asked.command_id, record_id)
        if earlier:
            return answer_again(visitor, asked, earlier)
        if present is None:
            raise Refused("not_found")
        return present

    async def _save(self, visitor: Visitor, asked: UpdateRecord, present: Present) -> RecordReceipt:
        register = self.context.register(visitor, present.edition)
        answers = changing.changed_answers(register, present.answers, asked.answers, self.context.day(), asked.sure)
        changes = changing.changes_between(register, present.answers, answers)
        end = end_of(register, present.state, answers, self.context.day(), present.decided, present.answers)
        ends = not end.is_open or (end.is_new and end.ends_on is not None)
        if ends and not asked.confirmed:
            raise Refused("confirm_ending")
        compartment = await self._entered(visitor, register, answers, present.organisation_id)
        rerating = ratings.rerating(register, present.answers, answers)
        version = replace(
            next_version(present, compartment, end),
            rerated=rerating.is_new,
            is_update=True,
            changes=tuple((each.name, each.before, each.after) for each in changes),
        )
        content = content_of(register, answers, present.answers, reference=present.reference)
        receipt = receipt_of(present, version, content.rating).model_copy(update={"rerated": rerating.is_new})
        moment, submitter = self.context.clock(), present.created_by
        telling = RecordEvents(register, compartment.bodies, receipt, moment, submitter, present.bodies)
        urgency = urgency_of(rating_of(register, answers))
        events = telling.updated(rerating.told) if end.is_open else telling.ended(urgency)
        scope = scope_of(visitor, compartment.compartment_id)
        command = new_command(visitor, asked, receipt)

        async def store_it(db: Database, judged: tuple[Match, ...]) -> Saved:
            looked_at = judged if content.keys else None
            return await store.save_version(db, scope, command, version, replace(content, judged=looked_at), events)

        is_asked = content.keys and register.duplicates.entry == "asked"
        fresh = fresh_rules(register, present.answers, answers) if is_asked else None
        saved = await self._store(visitor, store_it, register, answers, asked.duplicates_seen, fresh)
        return self._reply(visitor, asked, receipt, saved)

    async def _review(self, visitor: Visitor, asked: ReviewRecord, present: Present) -> RecordReceipt:
        register = self.context.register(visitor, present.edition)
        answers = reviewing.reviewed_answers(register, present.answers, asked, self.context.day())
        is_reviewed = self.context.latest(visitor).reviews is not None
        level = reviewing.rating_that_stands(register, answers, is_reviewed=is_reviewed)
        rerating = ratings.rerating(register, present.answers, answers)
        compartment = compartment_of(register.code, present.bodies)
        end = end_of(register, present.state, present.answers, self.context.day(), present.decided, present.answers)
        version = replace(
            next_version(present, compartment, replace(end, state=present.state, is_open=True)),
            act="reviewed",
            action=ReferralsAction.RECORD_REVIEWED,
            rerated=True,
            is_update=True,
            changes=reviewing.changes_of(register, present.answers, answers),
        )
        receipt = receipt_of(present, version, level).model_copy(update={"rerated": rerating.is_new})
        told = RecordEvents(register, present.bodies, receipt, self.context.clock(), present.created_by)
        content = content_of(register, answers, present.answers, reference=present.reference)
        command = new_command(visitor, asked, receipt)
        async with self.context.one_trip() as db:
            saved = await store.save_review(
                db,
                scope_of(visitor),
                command,
                version,
                replace(content, judged=None) if version.changes else None,
                told.updated(rerating.told),
                asked.next_review,
            )
        return self._reply(visitor, asked, receipt, saved)

    async def save(
        self,
        visitor: Visitor,
        asked: Command[RecordReceipt],
        version: NewVersion,
        receipt: RecordReceipt,
        events: list[Event],
    ) -> RecordReceipt:
        """Save a version that leaves the answers as they are, and reply."""
        command = new_command(visitor, asked, receipt)
        async with self.context.one_trip() as db:
            saved = await store.save_version(db, scope_of(visitor), command, version, None, events)
        return self._reply(visitor, asked, receipt, saved)


@asynccontextmanager
async def audited_duplicates(context: ServiceContext, visitor: Visitor) -> AsyncIterator[None]:
    """
    Audit a refusal of the block, because it tells the visitor that a person is on the register.

    The audit row is committed before the refusal goes on. Raises `NotAnswered` instead if the row cannot be written.
    The block must leave no transaction open, for the refusal would roll back a row that is written in it.
    """
    try:
        yield
    except DuplicateRefused as refusal:
        try:
            async with context.one_trip() as db:
                await audit.note(db, visitor, ReferralsAction.RECORD_DUPLICATE_REFUSED, sorted(refusal.counted))
        except DATABASE_FAULTS as error:
            log.warn("audit.not_written", error=error)
            raise NotAnswered(Fault.UNAVAILABLE) from None
        raise


def check_changeable(visitor: Visitor, asked: UpdateRecord | ReviewRecord, present: Present) -> None:
    """Check that the visitor may change this version. Refused as `not_yours`, `archived` or `conflict`."""
    if not rules.may_update(visitor, present.created_by, is_held=present.is_held):
        raise Refused("not_yours")
    if not present.is_open:
        raise Refused("archived")
    if present.version != asked.version:
        raise Refused(Conflict(version=present.version))


def check_saved(saved: Saved) -> None:
    """Check that a version was saved. Refused as `conflict`, `archived` or `not_found`."""
    if saved.verdict == "conflict":
        raise Refused(Conflict(version=saved.version))
    if saved.verdict == "closed":
        raise Refused("archived")
    if saved.verdict != "done":
        raise Refused(saved.verdict)


def next_version(present: Present, compartment: Compartment, end: End) -> NewVersion:
    """Return the version that follows, as an update or as the end of the record."""
    return NewVersion(
        record_id=present.record_id,
        version=present.version,
        act="updated" if end.is_open else "ended",
        action=ReferralsAction.RECORD_UPDATED if end.is_open else ReferralsAction.RECORD_ENDED,
        state=end.state,
        is_open=end.is_open,
        compartment_id=compartment.compartment_id,
        ends_on=end.ends_on,
        awaiting=bool(end.awaited),
        withdraws=end.withdraws,
    )


def receipt_of(present: Present, version: NewVersion, rating: str | None) -> RecordReceipt:
    return RecordReceipt(
        record_id=present.record_id,
        reference=present.reference,
        version=present.version + 1,
        rating=rating,
        is_open=version.is_open,
    )


def content_of(
    register: Definition, answers: Answers, before: Answers | None = None, *, reference: str = ""
) -> Content:
    """
    Return what is stored for these answers: the answers, the columns derived from them, and the match keys.

    Keys that the answers `before` had too are left as they are.
    """
    level, person, keys = rating_of(register, answers), person_of(register, answers), match_keys(register, answers)
    is_rekeyed = before is None or keys != match_keys(register, before)
    return Content(
        answers=answers,
        rating=level.code if level else None,
        search=search_text(register, answers, reference),
        sort_name=sort_key(person.family_name, person.given_name),
        locality=person.locality,
        given_name=person.given_name,
        family_name=person.family_name,
        born=person.born,
        nhs_number=person.nhs_number,
        postcode=person.postcode,
        keys=tuple(each.key for each in keys) if is_rekeyed else None,
        key_rules=tuple(each.rule for each in keys) if is_rekeyed else None,
    )


def fresh_rules(register: Definition, before: Answers, answers: Answers) -> frozenset[str]:
    """Return the rules for duplicates whose key an update changes: only by these can it make a new match."""
    known = match_keys(register, before)
    return frozenset(each.rule for each in match_keys(register, answers) if each not in known)


def new_command(visitor: Visitor, command: Command[RecordReceipt], receipt: RecordReceipt) -> NewCommand:
    return NewCommand(command.command_id, visitor.user_id, body_hash(command), receipt)
