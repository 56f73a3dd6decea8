"""Handlers that list, search and read records. Every reading is audited before the reply."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.referrals.audit_actions import ReferralsAction
from services.referrals.handlers.reviews import DueReviewHandlers
from services.referrals.rules import lists
from services.referrals.rules.reviewing import due_time
from services.referrals.rules.rights import may_hand_over
from services.referrals.rules.search import read_number, read_search
from services.referrals.store import ended, finding, history, holding, reviews
from services.referrals.store.finding import FoundRows, ListPage, filters_of
from shared import audit
from shared.context import ServiceContext
from shared.contracts.referrals.ended import (
    ENDED_PAGE,
    MOST_FOUND,
    EndedBefore,
    EndedList,
    EndedPeople,
    FindEnded,
    ListEnded,
    ListEndedBefore,
    ListReturned,
    Returned,
)
from shared.contracts.referrals.listing import ListRecords, RecordPage
from shared.contracts.referrals.naming import NamedRecords, NameRecords
from shared.contracts.referrals.reading import (
    History,
    Past,
    PastWanted,
    ReadHistory,
    ReadPast,
    ReadRecord,
    RecordChange,
    RecordShown,
)
from shared.database import transaction
from shared.messages import Fault, NotAnswered, Refused, must_find
from shared.permissions import Role, Visitor
from shared.registers.scope import reads_ended


@dataclass(frozen=True)
class ReadRecordHandlers:
    """The handlers that change nothing."""

    context: ServiceContext

    async def list_records(self, visitor: Visitor, asked: ListRecords) -> RecordPage:
        """Return one page of the search, of the filtered list, of the plain list or of ended records, as requested."""
        register = self.context.latest(visitor)
        if asked.ended and not reads_ended(register, visitor):
            raise NotAnswered(Fault.NOT_ALLOWED)
        reader = lists.narrowed_to(visitor, asked.narrowing.organisation_ids)
        prefixes = self.context.registers.reference_prefixes(visitor.register_code)
        search = read_search(prefixes, asked.search)
        page = list_page(asked, lists.listed_answers(register))
        filters = filters_of(asked, lists.levels_by_urgency(register))
        async with self.context.one_trip() as db:
            if asked.is_by_review:
                due = due_time(register, asked.narrowing.reviews, self.context.day())
                found = await reviews.list_by_review(db, reader, page, filters, search, due)
            elif search:
                found = await finding.search_records(db, reader, page, search, filters)
            elif asked.is_plain:
                found = await finding.list_records(db, reader, page)
            else:
                found = await finding.filter_records(db, reader, page, filters)
        rows = await DueReviewHandlers(self.context).with_due_days(visitor, register, found.rows)
        return page_of(asked, replace(found, rows=rows))

    async def read_record(self, visitor: Visitor, asked: ReadRecord) -> RecordShown:
        may_be_ended = self._reads_ended(visitor)
        async with self.context.one_trip() as db:
            record = must_find(await finding.read_record(db, visitor, asked.record_id, ended=may_be_ended))
        record = await DueReviewHandlers(self.context).with_due_day(visitor, record)
        record = await self._with_named_holder(visitor, record)
        if asked.past is None:
            return record
        past = await self._past(visitor, asked.record_id, asked.past, lists.ROOM_BESIDE)
        return record.model_copy(update={"past": past})

    async def _with_named_holder(self, visitor: Visitor, record: RecordShown) -> RecordShown:
        """Return the record as it is for its named holder or for another. Without a named holder it is as it was."""
        if visitor.role is not Role.STANDARD or all(each.kind != "holder" for each in record.holdings):
            return record
        async with transaction(self.context.pool, visitor) as db:
            is_holder = await holding.holds_record(db, record.record_id)
        may = may_hand_over(visitor, is_holder=is_holder, is_open=record.is_open)
        return record.model_copy(update={"may_hand_over": may})

    def _reads_ended(self, visitor: Visitor) -> bool:
        """Return whether the visitor's role may open records of this register that have ended."""
        return reads_ended(self.context.registers.newest_of(visitor.register_code), visitor)

    async def name_records(self, visitor: Visitor, asked: NameRecords) -> NamedRecords:
        register = self.context.registers.find(visitor.register_code)
        questions = finding.NamingQuestions(
            *(
                register.person.get(role, "")
                for role in ("lead_professional", "lead_professional_contact", "latest_update")
            )
        )
        async with transaction(self.context.pool, visitor) as db:
            named = await finding.name_records(
                db, visitor, asked.record_ids, questions, lists.levels_by_urgency(register)
            )
            await audit.note(db, visitor, ReferralsAction.RECORD_NAMED, [each.record_id for each in named])
        return NamedRecords(records=tuple(named))

    async def list_ended_before(self, visitor: Visitor, asked: ListEndedBefore) -> EndedBefore:
        if not self._reads_ended(visitor):
            raise NotAnswered(Fault.NOT_ALLOWED)
        async with self.context.one_trip() as db:
            return EndedBefore(records=await ended.find_before(db, visitor, asked.record_ids))

    async def find_ended(self, visitor: Visitor, asked: FindEnded) -> EndedPeople:
        if not self._reads_ended(visitor):
            raise NotAnswered(Fault.NOT_ALLOWED)
        number = read_number(asked.nhs_number)
        if number is None:
            raise Refused("unreadable")
        async with transaction(self.context.pool, visitor) as db:
            found = await ended.find_by_number(db, visitor, number, MOST_FOUND)
            await audit.note(db, visitor, ReferralsAction.RECORDS_SEARCHED, [each.record_id for each in found])
        return EndedPeople(records=found)

    async def list_ended(self, visitor: Visitor, asked: ListEnded) -> EndedList:
        if not self._reads_ended(visitor):
            raise NotAnswered(Fault.NOT_ALLOWED)
        search = read_search(self.context.registers.reference_prefixes(visitor.register_code), asked.search)
        most = ENDED_PAGE + 1
        async with transaction(self.context.pool, visitor) as db:
            if search:
                found = await ended.search_ended(db, visitor, search, asked.skip, most)
            else:
                found = await ended.list_ended(db, visitor, asked.skip, most)
            shown = found[:ENDED_PAGE]
            act = ReferralsAction.RECORDS_SEARCHED if search else ReferralsAction.RECORDS_LISTED
            await audit.note(db, visitor, act, [each.record_id for each in shown])
        return EndedList(records=shown, more=len(found) > len(shown))

    async def list_returned(self, visitor: Visitor, asked: ListReturned) -> Returned:
        if not self._reads_ended(visitor):
            raise NotAnswered(Fault.NOT_ALLOWED)
        async with transaction(self.context.pool, visitor) as db:
            found = await ended.list_returned(db, visitor, asked.record_id)
            if found:
                shown = [each.record_id for each in found]
                await audit.note(db, visitor, ReferralsAction.RECORD_ENDED_BEFORE_READ, [asked.record_id, *shown])
        return Returned(records=found)

    async def read_history(self, visitor: Visitor, asked: ReadHistory) -> History:
        async with transaction(self.context.pool, visitor) as db:
            found = must_find(
                await history.find_history(db, visitor, asked.record_id, asked.skip, ended=self._reads_ended(visitor))
            )
            await audit.note(db, visitor, ReferralsAction.RECORD_HISTORY_READ, [asked.record_id])
            return found

    async def read_past(self, visitor: Visitor, asked: ReadPast) -> Past:
        wanted = PastWanted(skip_updates=asked.skip_updates, skip_notes=asked.skip_notes)
        return await self._past(visitor, asked.record_id, wanted, lists.ROOM)

    async def _past(self, visitor: Visitor, record_id: UUID, wanted: PastWanted, room: int) -> Past:
        may_be_ended = self._reads_ended(visitor)
        async with self.context.one_trip() as db:
            past = must_find(await history.read_past(db, visitor, record_id, wanted, ended=may_be_ended, room=room))
        if wanted.skip_updates:
            return past
        return past.model_copy(update={"older_ratings": await self._older_ratings(visitor, past.history)})

    async def _older_ratings(self, visitor: Visitor, found: History) -> tuple[RecordChange, ...] | None:
        rating = self.context.registers.find(visitor.register_code).rating
        if rating is None or not found.older:
            return ()
        oldest_shown = found.updates[-1].version
        async with transaction(self.context.pool, visitor) as db:
            return await history.find_ratings(db, visitor, found.record_id, oldest_shown, rating.question)


def list_page(asked: ListRecords, questions: Sequence[str]) -> ListPage:
    skip, beside = lists.rows_before(asked), asked.after or asked.before
    return ListPage(
        0 if beside else skip,
        asked.length,
        after_at=asked.after.updated_at if asked.after else None,
        after_id=asked.after.record_id if asked.after else None,
        before_at=asked.before.updated_at if asked.before else None,
        before_id=asked.before.record_id if asked.before else None,
        questions=questions,
        ended=asked.ended,
    )


def page_of(asked: ListRecords, found: FoundRows) -> RecordPage:
    """Return the page. It states the requested order only if the result was small enough to be sorted."""
    page = RecordPage(
        rows=found.rows,
        first=lists.rows_before(asked) + 1 if found.rows else 0,
        matches=found.matches,
        total=found.total,
        capped=found.capped,
    )
    return page.model_copy(update={"sort": asked.sort, "turned": asked.turned}) if page.sortable else page
