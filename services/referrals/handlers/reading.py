"""Handlers that list, search and read records. Every reading is audited before the reply."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.referrals.audit_actions import ReferralsAction
from services.referrals.rules import lists
from services.referrals.rules.search import read_search
from services.referrals.store import finding, history
from services.referrals.store.finding import FoundRows, ListPage, filters_of
from shared import audit
from shared.context import ServiceContext
from shared.contracts.referrals.listing import ListRecords, RecordPage
from shared.contracts.referrals.naming import NamedRecords, NameRecords
from shared.contracts.referrals.reading import (
    PAGE,
    History,
    Past,
    ReadHistory,
    ReadPast,
    ReadRecord,
    RecordChange,
    RecordShown,
)
from shared.database import Database, transaction
from shared.messages import must_find
from shared.permissions import Visitor


@dataclass(frozen=True)
class ReadRecordHandlers:
    """The handlers that change nothing."""

    context: ServiceContext

    async def list_records(self, visitor: Visitor, asked: ListRecords) -> RecordPage:
        """Return one page of the search, of the filtered list or of the plain list, as requested."""
        register = self.context.latest(visitor)
        reader = lists.narrowed_to(visitor, asked.narrowing.organisation_ids)
        search = read_search(visitor.register_code, asked.search)
        page = list_page(reader, asked, is_search=search is not None, questions=lists.further_columns(register))
        filters = filters_of(asked, lists.levels_by_urgency(register))
        async with self.context.one_trip() as db:
            if search:
                found = await finding.search_records(db, reader, page, search, filters)
            elif asked.is_plain:
                found = await finding.list_records(db, reader, page)
            else:
                found = await finding.filter_records(db, reader, page, filters)
        return page_of(asked, found)

    async def read_record(self, visitor: Visitor, asked: ReadRecord) -> RecordShown:
        async with self.context.one_trip() as db:
            return must_find(await finding.read_record(db, visitor, asked.record_id))

    async def name_records(self, visitor: Visitor, asked: NameRecords) -> NamedRecords:
        lead = self.context.registers.find(visitor.register_code).person.get("lead_professional", "")
        async with transaction(self.context.pool, visitor) as db:
            named = await finding.name_records(db, visitor, asked.record_ids, lead)
            await audit.note(db, visitor, ReferralsAction.RECORD_NAMED, [each.record_id for each in named])
        return NamedRecords(records=tuple(named))

    async def read_history(self, visitor: Visitor, asked: ReadHistory) -> History:
        async with transaction(self.context.pool, visitor) as db:
            found = must_find(await history.find_history(db, visitor.register_code, asked.record_id, asked.skip))
            await audit.note(db, visitor, ReferralsAction.RECORD_HISTORY_READ, [asked.record_id])
            return found

    async def read_past(self, visitor: Visitor, asked: ReadPast) -> Past:
        code, record_id = visitor.register_code, asked.record_id
        async with transaction(self.context.pool, visitor) as db:
            updates = must_find(await history.find_history(db, code, record_id, asked.skip_updates, PAGE))
            notes = await history.find_notes(db, record_id, asked.skip_notes, PAGE)
            ratings = None if asked.skip_updates else await self._older_ratings(db, visitor, updates)
            await audit.note(db, visitor, ReferralsAction.RECORD_HISTORY_READ, [record_id])
            await audit.note(db, visitor, ReferralsAction.RECORD_NOTES_READ, [record_id])
        return Past(history=updates, notes=notes, older_ratings=ratings)

    async def _older_ratings(self, db: Database, visitor: Visitor, found: History) -> tuple[RecordChange, ...] | None:
        rating = self.context.registers.find(visitor.register_code).rating
        if rating is None or not found.older:
            return ()
        oldest_shown = found.updates[-1].version
        return await history.find_ratings(db, found.record_id, oldest_shown, rating.question)


def list_page(visitor: Visitor, asked: ListRecords, *, is_search: bool, questions: Sequence[str]) -> ListPage:
    skip, beside = lists.rows_before(asked), asked.after or asked.before
    shape = lists.shape_of(visitor, 0 if beside or is_search else skip)
    return ListPage(
        shape,
        0 if beside else skip,
        asked.length,
        after_at=asked.after.updated_at if asked.after else None,
        after_id=asked.after.record_id if asked.after else None,
        before_at=asked.before.updated_at if asked.before else None,
        before_id=asked.before.record_id if asked.before else None,
        questions=questions,
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
