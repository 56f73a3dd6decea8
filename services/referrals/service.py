"""The referrals service: the handler and the permission for each request, and the background jobs."""

from services.referrals.handlers.archiving import Archiving
from services.referrals.handlers.caseload import CaseloadHandlers
from services.referrals.handlers.consent import ConsentHandlers
from services.referrals.handlers.drafts import Drafting
from services.referrals.handlers.duplicates import Comparing
from services.referrals.handlers.editions import EditionKeeper
from services.referrals.handlers.ending import DueRecords, EndingHandlers
from services.referrals.handlers.feed import ReadFeedHandler
from services.referrals.handlers.hand_over import HandOverHandlers
from services.referrals.handlers.holding import CoverNotices, HoldingHandlers
from services.referrals.handlers.looking import LookingHandlers
from services.referrals.handlers.notes import NoteTaking
from services.referrals.handlers.publishing import Publishing
from services.referrals.handlers.reading import ReadRecordHandlers
from services.referrals.handlers.reversing import Reversing
from services.referrals.handlers.review_reminders import ReviewReminders
from services.referrals.handlers.reviews import DueReviewHandlers
from services.referrals.handlers.saving import Saving
from services.referrals.handlers.settling import Settling
from services.referrals.handlers.standing import RecordStatusHandlers
from services.referrals.handlers.upload_rows import UploadRowHandlers
from services.referrals.handlers.uploads import UploadHandlers
from services.referrals.jobs import (
    CLEAN_EVERY_SECONDS,
    END_EVERY_SECONDS,
    FOLD_EVERY_SECONDS,
    FOLD_GATHER_SECONDS,
    PROVED_AT_HOUR,
    REFRESH_EVERY_SECONDS,
    SETTLE_EVERY_SECONDS,
    prove_counters,
    purge_drafts,
)
from services.referrals.settings import ReferralsSettings
from services.referrals.store import counting
from services.referrals.uploads.working import UploadWork, purge_uploads
from shared.context import ServiceContext
from shared.contracts.health import ReadReferralsBacklog
from shared.contracts.looks import CheckLooks, ReadRecordLooks
from shared.contracts.referrals.archiving import ArchiveRecord, CheckRecord, FinishArchive, RefuseArchive
from shared.contracts.referrals.caseload import ReadCaseload
from shared.contracts.referrals.consent import (
    CountConsentsToConfirm,
    ListConsentsToConfirm,
    NameConsentAuthority,
)
from shared.contracts.referrals.drafts import DiscardDraft, ListDrafts, ReadDraft, SaveDraft
from shared.contracts.referrals.duplicates import CountDuplicates, DecideDuplicate, ListDuplicates, ListLinked
from shared.contracts.referrals.ended import FindEnded, ListEnded, ListEndedBefore, ListReturned
from shared.contracts.referrals.ending import DecideEnding
from shared.contracts.referrals.feed import ReadFeed
from shared.contracts.referrals.hand_over import CheckHandOver, CountHeld, HandOver, ListHeld
from shared.contracts.referrals.holding import AddCover, AssignHolder, EndCover, ReadHoldings
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.loading import (
    CancelUpload,
    FinishUpload,
    ListUploadRows,
    ListUploads,
    MapUpload,
    ProcessUpload,
    PutUploadChunk,
    ReadAbsentRecords,
    ReadFailedRows,
    ReadUntracedRecords,
    ReadUpload,
    StartUpload,
)
from shared.contracts.referrals.naming import NameRecords
from shared.contracts.referrals.overlays import ListOverlays, PublishOverlay, ReadOverlays
from shared.contracts.referrals.reading import AddNote, ReadHistory, ReadPast, ReadRecord
from shared.contracts.referrals.reversing import AskReversal, CountReversals, DecideReversal, ListReversals
from shared.contracts.referrals.reviews import ListDueReviews
from shared.contracts.referrals.saving import ReviewRecord, SubmitRecord, UpdateRecord
from shared.contracts.referrals.standing import ListStandings, ReadStandings
from shared.front_door import AnsweredRequest, for_anyone, for_callers, for_visitors
from shared.jobs import Job
from shared.organisations import OrganisationNames
from shared.permissions import Permission
from shared.service import Service, backlog_of


def build(context: ServiceContext, _settings: ReferralsSettings) -> Service:
    """Return the service: its request handlers and its background jobs."""
    return service_of(context)


def service_of(context: ServiceContext) -> Service:
    """Return the service for a context. It needs no settings of its own."""
    saving, reading = Saving(context), ReadRecordHandlers(context)
    archiving, standing = Archiving(context, saving), RecordStatusHandlers(context)
    publishing, work = Publishing(context), UploadWork(context, OrganisationNames(context.bus))
    return Service(
        answers=[
            for_visitors(SubmitRecord, Permission.SUBMIT_RECORD, saving.submit),
            for_visitors(UpdateRecord, Permission.UPDATE_RECORD, saving.update),
            for_visitors(ReviewRecord, Permission.UPDATE_RECORD, saving.review),
            for_visitors(ListRecords, Permission.READ_RECORDS, reading.list_records),
            for_visitors(ListDueReviews, Permission.READ_RECORDS, DueReviewHandlers(context).list_due),
            for_visitors(ReadCaseload, Permission.READ_RECORDS, CaseloadHandlers(context).read),
            for_visitors(ListConsentsToConfirm, Permission.UPDATE_RECORD, ConsentHandlers(context).list_waiting),
            for_visitors(CountConsentsToConfirm, Permission.UPDATE_RECORD, ConsentHandlers(context).count_waiting),
            for_visitors(ReadRecord, Permission.READ_RECORDS, reading.read_record),
            for_visitors(NameRecords, Permission.READ_RECORDS, reading.name_records),
            for_visitors(ListEndedBefore, Permission.READ_RECORDS, reading.list_ended_before),
            for_visitors(FindEnded, Permission.ADMINISTER, reading.find_ended),
            for_visitors(ListEnded, Permission.READ_RECORDS, reading.list_ended),
            for_visitors(ListReturned, Permission.READ_RECORDS, reading.list_returned),
            for_visitors(ReadHistory, Permission.READ_RECORDS, reading.read_history),
            for_visitors(ReadPast, Permission.READ_RECORDS, reading.read_past),
            for_visitors(AddNote, Permission.ADD_NOTE, NoteTaking(context).add_note),
            *_of_holding(HoldingHandlers(context)),
            *_of_handing_over(HandOverHandlers(context)),
            *_of_looking(LookingHandlers(context)),
            *_of_comparing(Comparing(context)),
            *drafting_of(Drafting(context)),
            for_visitors(CheckRecord, Permission.READ_RECORDS, archiving.check),
            for_visitors(ArchiveRecord, Permission.RECORD_OUTCOME, archiving.archive),
            for_callers(FinishArchive, FinishArchive.asked_by, archiving.finish),
            for_callers(RefuseArchive, RefuseArchive.asked_by, archiving.give_up),
            for_callers(ReadStandings, ReadStandings.asked_by, standing.read),
            for_callers(ListStandings, ListStandings.asked_by, standing.list_calling),
            for_visitors(DecideEnding, Permission.UPDATE_RECORD, EndingHandlers(context).decide),
            *_of_reversing(Reversing(context)),
            for_anyone(ReadOverlays, publishing.read),
            for_visitors(PublishOverlay, Permission.ADMINISTER, publishing.publish),
            for_visitors(ListOverlays, Permission.ADMINISTER, publishing.list_published),
            *loading_of(context, work),
            for_callers(ReadFeed, ReadFeed.asked_by, ReadFeedHandler(context).read),
            for_anyone(ReadReferralsBacklog, backlog_of(context)),
        ],
        jobs=[*jobs_of(context), work.job],
        before=EditionKeeper(context).check,
    )


def _of_holding(holding: HoldingHandlers) -> list[AnsweredRequest]:
    return [
        for_visitors(AssignHolder, Permission.UPDATE_RECORD, holding.assign),
        for_visitors(AddCover, Permission.ADMINISTER, holding.add_cover),
        for_visitors(EndCover, Permission.ADMINISTER, holding.end_cover),
        for_visitors(ReadHoldings, Permission.ADMINISTER, holding.read),
    ]


def _of_comparing(comparing: Comparing) -> list[AnsweredRequest]:
    return [
        for_visitors(ListDuplicates, Permission.ADMINISTER, comparing.list_open),
        for_visitors(ListLinked, Permission.ADMINISTER, comparing.list_linked),
        for_visitors(CountDuplicates, Permission.ADMINISTER, comparing.count_open),
        for_visitors(DecideDuplicate, Permission.ADMINISTER, comparing.decide),
    ]


def _of_reversing(reversing: Reversing) -> list[AnsweredRequest]:
    return [
        for_visitors(AskReversal, Permission.ADMINISTER, reversing.request),
        for_visitors(ListReversals, Permission.ADMINISTER, reversing.list_open),
        for_visitors(CountReversals, Permission.ADMINISTER, reversing.count_open),
        for_visitors(DecideReversal, Permission.ADMINISTER, reversing.decide),
    ]


def _of_handing_over(handing: HandOverHandlers) -> list[AnsweredRequest]:
    return [
        for_visitors(ListHeld, Permission.UPDATE_RECORD, handing.list_held),
        for_visitors(CountHeld, Permission.ADMINISTER, handing.count_held),
        for_visitors(CheckHandOver, Permission.UPDATE_RECORD, handing.check),
        for_visitors(HandOver, Permission.UPDATE_RECORD, handing.hand_over),
    ]


def _of_looking(looking: LookingHandlers) -> list[AnsweredRequest]:
    return [
        for_visitors(ReadRecordLooks, Permission.OVERSEE_PRIVACY, looking.read),
        for_visitors(CheckLooks, Permission.OVERSEE_PRIVACY, looking.check),
    ]


def drafting_of(drafts: Drafting) -> list[AnsweredRequest]:
    """Return the handlers of forms that are not sent yet."""
    return [
        for_visitors(SaveDraft, Permission.SUBMIT_RECORD, drafts.save),
        for_visitors(ListDrafts, Permission.SUBMIT_RECORD, drafts.list_drafts),
        for_visitors(ReadDraft, Permission.SUBMIT_RECORD, drafts.read),
        for_visitors(DiscardDraft, Permission.SUBMIT_RECORD, drafts.discard),
    ]


def loading_of(context: ServiceContext, work: UploadWork) -> list[AnsweredRequest]:
    """Return the handlers of spreadsheets that are loaded."""
    uploads, rows = UploadHandlers(context, work.wakeup), UploadRowHandlers(context)
    return [
        for_visitors(StartUpload, Permission.BULK_LOAD, uploads.start),
        for_visitors(PutUploadChunk, Permission.BULK_LOAD, uploads.put_chunk),
        for_visitors(FinishUpload, Permission.BULK_LOAD, uploads.finish),
        for_visitors(ReadUpload, Permission.BULK_LOAD, uploads.read),
        for_visitors(ListUploads, Permission.BULK_LOAD, uploads.list_own),
        for_visitors(MapUpload, Permission.BULK_LOAD, uploads.map_columns),
        for_visitors(NameConsentAuthority, Permission.BULK_LOAD, uploads.name_authority),
        for_visitors(ProcessUpload, Permission.BULK_LOAD, uploads.process),
        for_visitors(CancelUpload, Permission.BULK_LOAD, uploads.cancel),
        for_visitors(ListUploadRows, Permission.BULK_LOAD, rows.list_rows),
        for_visitors(ReadAbsentRecords, Permission.BULK_LOAD, rows.read_absent),
        for_visitors(ReadUntracedRecords, Permission.BULK_LOAD, rows.read_untraced),
        for_visitors(ReadFailedRows, Permission.BULK_LOAD, rows.read_failed),
    ]


def jobs_of(context: ServiceContext) -> list[Job]:
    """Return the background jobs. Every replica may run each of them: a second run finds nothing to do."""
    return [
        Job(
            "counters.fold",
            lambda: counting.fold_deltas(context.background),
            every=FOLD_EVERY_SECONDS,
            gather=FOLD_GATHER_SECONDS,
            after_work=True,
        ),
        Job("counters.prove", lambda: prove_counters(context), nightly=PROVED_AT_HOUR, at_start=False),
        Job("statistics.refresh", lambda: counting.refresh_statistics(context.background), every=REFRESH_EVERY_SECONDS),
        Job("search.clean", lambda: counting.clean_search(context.background), every=CLEAN_EVERY_SECONDS),
        Job("records.settle", Settling(context).settle, every=SETTLE_EVERY_SECONDS),
        Job("records.end", DueRecords(context).end, every=END_EVERY_SECONDS),
        Job("covers.tell", CoverNotices(context).tell, every=END_EVERY_SECONDS),
        Job("reviews.remind", ReviewReminders(context).remind, every=END_EVERY_SECONDS),
        Job("drafts.purge", lambda: purge_drafts(context)),
        Job("uploads.purge", lambda: purge_uploads(context.background)),
    ]
