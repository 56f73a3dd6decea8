"""The front door of referrals: every request beside the handler that takes it, and who may ask."""

from services.referrals.handlers.archiving import Archiving
from services.referrals.handlers.desk import Desk, utc_moment
from services.referrals.handlers.drafts import Drafting
from services.referrals.handlers.duplicates import Comparing
from services.referrals.handlers.feed import Feeding
from services.referrals.handlers.holding import Holding
from services.referrals.handlers.notes import NoteTaking
from services.referrals.handlers.publishing import Publishing
from services.referrals.handlers.reading import Reading
from services.referrals.handlers.reversing import Reversing
from services.referrals.handlers.saving import Saving
from services.referrals.handlers.standing import Standing
from services.referrals.jobs import Counting, StatisticsRefresh, Sweeping
from services.referrals.settings import Settings
from shared.contracts.health import ReadReferralsBacklog
from shared.contracts.referrals import (
    AddCover,
    AddNote,
    ArchiveRecord,
    AskReversal,
    AssignHolder,
    CheckRecord,
    CountDuplicates,
    DecideDuplicate,
    DecideReversal,
    DiscardDraft,
    EndCover,
    FinishArchive,
    ListDrafts,
    ListDuplicates,
    ListOverlays,
    ListRecords,
    ListReversals,
    ListStandings,
    NameRecords,
    PublishOverlay,
    ReadDraft,
    ReadFeed,
    ReadHistory,
    ReadHoldings,
    ReadNotes,
    ReadOverlays,
    ReadRecord,
    ReadStanding,
    RefuseArchive,
    ReviewRecord,
    SaveDraft,
    SubmitRecord,
    UpdateRecord,
)
from shared.front_door import for_anyone, for_callers, for_visitors
from shared.permissions import Permission
from shared.registers.load import Registers, load_registers
from shared.service import Job, Parts, Service, backlog_of


def build(parts: Parts, settings: Settings) -> Service:
    """The service over the shipped registers and those of the folder that the settings name."""
    return service_of(parts, load_registers([settings.registers] if settings.registers else []))


def service_of(parts: Parts, registers: Registers) -> Service:
    """The whole behaviour of the service, one line each."""
    desk = Desk(parts.pool, registers, parts.relay.wake)
    saving, reading, notes = Saving(desk), Reading(desk), NoteTaking(desk)
    archiving, standing = Archiving(desk, parts.bus, parts.signer), Standing(desk)
    holding, comparing = Holding(desk, parts.bus, parts.signer), Comparing(desk)
    reversing, drafts = Reversing(desk), Drafting(desk)
    publishing = Publishing(desk, parts.bus)
    return Service(
        answers=[
            for_visitors(SubmitRecord, Permission.SUBMIT_RECORD, saving.submit),
            for_visitors(UpdateRecord, Permission.UPDATE_RECORD, saving.update),
            for_visitors(ReviewRecord, Permission.UPDATE_RECORD, saving.review),
            for_visitors(ListRecords, Permission.READ_RECORDS, reading.list_records),
            for_visitors(ReadRecord, Permission.READ_RECORDS, reading.read_record),
            for_visitors(NameRecords, Permission.READ_RECORDS, reading.name_records),
            for_visitors(ReadHistory, Permission.READ_RECORDS, reading.read_history),
            for_visitors(ReadNotes, Permission.READ_RECORDS, reading.read_notes),
            for_visitors(AddNote, Permission.ADD_NOTE, notes.add_note),
            for_visitors(AssignHolder, Permission.ADMINISTER, holding.assign),
            for_visitors(AddCover, Permission.ADMINISTER, holding.add_cover),
            for_visitors(EndCover, Permission.ADMINISTER, holding.end_cover),
            for_visitors(ReadHoldings, Permission.ADMINISTER, holding.read),
            for_visitors(ListDuplicates, Permission.ADMINISTER, comparing.list_open),
            for_visitors(CountDuplicates, Permission.ADMINISTER, comparing.count_open),
            for_visitors(DecideDuplicate, Permission.ADMINISTER, comparing.decide),
            for_visitors(SaveDraft, Permission.SUBMIT_RECORD, drafts.save),
            for_visitors(ListDrafts, Permission.SUBMIT_RECORD, drafts.list_drafts),
            for_visitors(ReadDraft, Permission.SUBMIT_RECORD, drafts.read),
            for_visitors(DiscardDraft, Permission.SUBMIT_RECORD, drafts.discard),
            for_visitors(CheckRecord, Permission.RECORD_OUTCOME, archiving.check),
            for_visitors(ArchiveRecord, Permission.RECORD_OUTCOME, archiving.archive),
            for_callers(FinishArchive, FinishArchive.asked_by, archiving.finish),
            for_callers(RefuseArchive, RefuseArchive.asked_by, archiving.give_up),
            for_callers(ReadStanding, ReadStanding.asked_by, standing.read),
            for_callers(ListStandings, ListStandings.asked_by, standing.list_calling),
            for_visitors(AskReversal, Permission.ADMINISTER, reversing.request),
            for_visitors(ListReversals, Permission.ADMINISTER, reversing.list_open),
            for_visitors(DecideReversal, Permission.ADMINISTER, reversing.decide),
            for_anyone(ReadOverlays, publishing.read),
            for_visitors(PublishOverlay, Permission.ADMINISTER, publishing.publish),
            for_visitors(ListOverlays, Permission.ADMINISTER, publishing.list_published),
            for_callers(ReadFeed, ReadFeed.asked_by, Feeding(desk).read),
            for_anyone(ReadReferralsBacklog, backlog_of(parts)),
        ],
        registers=registers,
        jobs=jobs_of(parts),
    )


def jobs_of(parts: Parts) -> list[Job]:
    """What is done beside, with nobody asking."""
    counting, sweeping = Counting(parts.pool, utc_moment), Sweeping(parts.pool, utc_moment)
    return [
        counting.fold_for_ever,
        counting.prove_every_night,
        StatisticsRefresh(parts.pool).refresh_for_ever,
        sweeping.sweep_for_ever,
    ]
