"""Handlers that add a record, update it, or confirm its rating in a review."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from asyncpg import UniqueViolationError

from services.referrals.handlers.drafts import Drafting
from services.referrals.handlers.telling import RecordEvents
from services.referrals.rules import ratings, rights
from services.referrals.rules.answers import changed_answers, changes_between, checked_answers, match_keys
from services.referrals.rules.search import REFERENCES, searchable, write_reference
from services.referrals.store import saving as store
from services.referrals.store.saving import (
    Content,
    EarlierCommand,
    NewCommand,
    NewRecord,
    NotAdded,
    Present,
    Update,
    Updated,
)
from services.referrals.store.scope import scope_of
from shared.bodies import Compartment, compartment_of
from shared.compartments import add_compartment, compartment_for
from shared.context import ServiceContext
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord, SubmitRecord, UpdateRecord
from shared.database import Database
from shared.ids import new_id
from shared.messages import Command, Refused
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer
from shared.registers.form.person import person_of, rating_of, search_text

MOST_REFERENCES = 5


@dataclass(frozen=True)
class Saving:
    """The handlers of commands that write a record. `draw` returns a random number below its argument."""

    context: ServiceContext
    draw: Callable[[int], int] = secrets.randbelow

    async def submit(self, visitor: Visitor, asked: SubmitRecord) -> RecordReceipt:
        register = self.context.register(visitor, asked.edition)
        organisation_id = rights.organisation_for(visitor)
        answers = await self._checked(visitor, asked, register)
        compartment = compartment_for(register, answers, organisation_id)
        rights.check_reaches(visitor, compartment)
        await add_compartment(self.context.pool, register.code, compartment)
        content = content_of(register, answers)
        for _ in range(MOST_REFERENCES):
            reference = write_reference(register.code, self.draw(REFERENCES))
            record = NewRecord(
                record_id=new_id(),
                reference=reference,
                edition=register.edition,
                compartment_id=compartment.compartment_id,
                organisation_id=organisation_id,
                unseen=register.duplicates.unseen,
                shown=asked.duplicates_seen,
            )
            try:
                return await self._add(visitor, asked, register, record, content, compartment)
            except UniqueViolationError:  # another record has this reference, which is rare: draw again
                continue
        raise LookupError("no free reference was found")

    async def _checked(self, visitor: Visitor, asked: SubmitRecord, register: Definition) -> dict[str, Answer]:
        """Return the checked answers. On refused consent, store nothing and delete the draft."""
        try:
            return checked_answers(register, asked.answers, self.context.day())
        except Refused as refusal:
            if refusal.code == "no_consent":
                await Drafting(self.context).forget(visitor, asked.command_id)
            raise

    async def _add(
        self,
        visitor: Visitor,
        asked: SubmitRecord,
        register: Definition,
        record: NewRecord,
        content: Content,
        compartment: Compartment,
    ) -> RecordReceipt:
        receipt = RecordReceipt(
            record_id=record.record_id, reference=record.reference, version=0, rating=content.rating
        )
        telling = RecordEvents(register, compartment.bodies, receipt, self.context.clock(), visitor.user_id)
        events = telling.created(ratings.urgency_of(rating_of(register, content.answers)))
        async with self.context.one_trip() as db:
            command = new_command(visitor, asked, receipt)
            scope = scope_of(visitor, compartment)
            not_added = await store.submit_record(db, scope, command, record, content, events)
        if not_added:
            return answer_without_adding(visitor, asked, not_added)
        self.context.wake()
        return receipt

    async def update(self, visitor: Visitor, asked: UpdateRecord) -> RecordReceipt:
        found = await self._find(visitor, asked)
        return found if isinstance(found, RecordReceipt) else await self._save(visitor, asked, found)

    async def review(self, visitor: Visitor, asked: ReviewRecord) -> RecordReceipt:
        found = await self._find(visitor, asked)
        return found if isinstance(found, RecordReceipt) else await self._review(visitor, asked, found)

    async def _find(self, visitor: Visitor, asked: UpdateRecord | ReviewRecord) -> RecordReceipt | Present:
        """Return the record to change, or the first receipt if the command was carried out before."""
        async with self.context.one_trip() as db:
            earlier, present = await store.find_for_update(db, visitor, asked.command_id, asked.record_id)
        if earlier:
            return answer_again(visitor, asked, earlier)
        if present is None:
            raise Refused("not_found")
        check_changeable(visitor, asked, present)
        return present

    async def _save(self, visitor: Visitor, asked: UpdateRecord, present: Present) -> RecordReceipt:
        register = self.context.register(visitor, present.edition)
        answers = changed_answers(register, present.answers, asked.answers, self.context.day())
        changes = changes_between(register, present.answers, answers)
        rerating = ratings.rerating(register, present.answers, answers)
        content = content_of(register, answers)
        receipt = RecordReceipt(
            record_id=present.record_id,
            reference=present.reference,
            version=present.version + 1,
            rating=content.rating,
        )
        rekeyed = match_keys(register, answers) != match_keys(register, present.answers)
        rows = tuple((each.name, each.before, each.after) for each in changes)
        compartment = await self._entered(visitor, register, present, answers)
        update = Update(present.record_id, present.version, compartment.compartment_id, rerating.is_new, rows, rekeyed)
        told = compartment_of(register.code, (*present.bodies, *compartment.bodies)).bodies
        telling = RecordEvents(register, told, receipt, self.context.clock(), present.created_by)
        events = telling.updated(rerating.told)

        async def act(db: Database, command: NewCommand) -> Updated:
            return await store.update_record(db, scope_of(visitor, compartment), command, update, content, events)

        return await self._carry_out(visitor, asked, receipt, act)

    async def _entered(
        self, visitor: Visitor, register: Definition, present: Present, answers: dict[str, Answer]
    ) -> Compartment:
        """Return the compartment of the record with its new answers. Refused as `out_of_reach` if it would leave."""
        compartment = compartment_for(register, answers, present.organisation_id)
        if compartment.bodies != present.bodies:
            rights.check_reaches(visitor, compartment)
            await add_compartment(self.context.pool, register.code, compartment)
        return compartment

    async def _review(self, visitor: Visitor, asked: ReviewRecord, present: Present) -> RecordReceipt:
        register = self.context.register(visitor, present.edition)
        level = ratings.rating_that_stands(register, present.answers)
        receipt = RecordReceipt(
            record_id=present.record_id, reference=present.reference, version=present.version + 1, rating=level.code
        )
        events = RecordEvents(register, present.bodies, receipt, self.context.clock()).updated(None)

        async def act(db: Database, command: NewCommand) -> Updated:
            return await store.review_record(db, visitor, command, present, events)

        return await self._carry_out(visitor, asked, receipt, act)

    async def _carry_out(
        self,
        visitor: Visitor,
        asked: UpdateRecord | ReviewRecord,
        receipt: RecordReceipt,
        act: Callable[[Database, NewCommand], Awaitable[Updated]],
    ) -> RecordReceipt:
        async with self.context.one_trip() as db:
            updated = await act(db, new_command(visitor, asked, receipt))
        if updated.earlier:
            return answer_again(visitor, asked, updated.earlier)
        if updated.verdict == "conflict" and updated.version is not None:
            raise Refused("conflict", version=updated.version)
        if updated.verdict != "done":
            raise Refused(updated.verdict)
        self.context.wake()
        return receipt


def check_changeable(visitor: Visitor, asked: UpdateRecord | ReviewRecord, present: Present) -> None:
    """Check that the visitor may change this version. Refused as `not_yours`, `archived` or `conflict`."""
    if not rights.may_update(visitor, present.created_by, is_held=present.is_held):
        raise Refused("not_yours")
    if not present.is_open:
        raise Refused("archived")
    if present.version != asked.version:
        raise Refused("conflict", version=present.version)


def content_of(register: Definition, answers: dict[str, Answer]) -> Content:
    """Return what is stored for these answers: the answers, the columns derived from them, and the match keys."""
    level = rating_of(register, answers)
    search = searchable(search_text(register, answers))
    person, keys = person_of(register, answers), match_keys(register, answers)
    return Content(
        answers=answers,
        rating=level.code if level else None,
        search=search,
        locality=person.locality,
        given_name=person.given_name,
        family_name=person.family_name,
        born=person.born,
        nhs_number=person.nhs_number,
        postcode=person.postcode,
        keys=tuple(each.key for each in keys),
        key_rules=tuple(each.rule for each in keys),
    )


def new_command(visitor: Visitor, command: Command[RecordReceipt], receipt: RecordReceipt) -> NewCommand:
    return NewCommand(command.command_id, visitor.user_id, body_hash(command), receipt)


def body_hash(command: Command[RecordReceipt]) -> bytes:
    """Return a hash of the command's content. It leaves out `duplicates_seen`, which may differ in a retry."""
    return hashlib.sha256(command.model_dump_json(exclude={"duplicates_seen"}).encode()).digest()


def answer_without_adding(visitor: Visitor, asked: SubmitRecord, not_added: NotAdded) -> RecordReceipt:
    """
    Return the first receipt of a command that was carried out before. Otherwise refuse it with the verdict as code.
    """
    if not_added.earlier:
        return answer_again(visitor, asked, not_added.earlier)
    if not_added.verdict == "likely_duplicate":
        raise Refused("likely_duplicate", records=",".join(each.hex for each in not_added.seen))
    raise Refused(not_added.verdict)


def answer_again(visitor: Visitor, command: Command[RecordReceipt], earlier: EarlierCommand) -> RecordReceipt:
    """
    Return the receipt of the first attempt.

    Refused as `command_reused` if the id belongs to another user or another command, or if the first attempt has no
    receipt.
    """
    if earlier.answer is None or earlier.actor != visitor.user_id or earlier.body_hash != body_hash(command):
        raise Refused("command_reused")
    return RecordReceipt.model_validate_json(earlier.answer)
