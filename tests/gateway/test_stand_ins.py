"""Tests that the stand-ins reply as the services do, by comparison with replies recorded from the real services."""

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from uuid import UUID

import pytest

from shared.contracts.actions import (
    ActionCounts,
    ActionEntry,
    ActionOwner,
    AddAction,
    AreaActions,
    ChangeAction,
    CountActions,
    DecideAction,
    ListActions,
    ListRecordActions,
    PlanTold,
    ReadAction,
    ReportAction,
)
from shared.contracts.addresses import AllowedAddress, ListAddresses
from shared.contracts.authenticator import BeginApp, ConfirmApp, ListRemembered, ReadApp, RenewRecoveryCodes
from shared.contracts.identity import (
    ChangePassword,
    FindSession,
    ListColleagues,
    ListOrganisations,
    ListOwnSessions,
    LogIn,
    ReadPasswordRule,
    VerifyPin,
)
from shared.contracts.installation import ReadHold
from shared.contracts.looks import Looker, NameLookers, ReadOutcomeLooks, ReadRecordLooks, ReadReportLooks
from shared.contracts.meetings import (
    Attendee,
    CancelMeeting,
    ChangeMeeting,
    CloseMeeting,
    ListMeetings,
    ListSeries,
    PlanMeeting,
    ReadAgenda,
    ReadItem,
    ReadPack,
    SaveMinutes,
    SaveSeries,
    StartMeeting,
)
from shared.contracts.notifier import CountUndelivered, ListMails
from shared.contracts.outcomes import (
    AcknowledgeTask,
    CountTasks,
    ListOutcomes,
    ListTasks,
    ReadTask,
    ReadToldOutcome,
    RecordOutcome,
    TaskCounts,
)
from shared.contracts.referrals.caseload import ReadCaseload
from shared.contracts.referrals.consent import (
    CountConsentsToConfirm,
    ListConsentsToConfirm,
    NameConsentAuthority,
)
from shared.contracts.referrals.drafts import DraftSeen, ListDrafts, ReadDraft, SaveDraft
from shared.contracts.referrals.duplicates import (
    CountDuplicates,
    DecideDuplicate,
    LinkedRecords,
    ListDuplicates,
    ListLinked,
)
from shared.contracts.referrals.ended import FindEnded, ListEnded, ListEndedBefore, ListReturned
from shared.contracts.referrals.ending import DecideEnding
from shared.contracts.referrals.hand_over import CheckHandOver, CountHeld, HandOver, ListHeld
from shared.contracts.referrals.holding import ReadHoldings
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.loading import (
    CancelUpload,
    FinishUpload,
    ListUploadRows,
    ListUploads,
    MapUpload,
    ProcessUpload,
    ReadAbsentRecords,
    ReadFailedRows,
    ReadUntracedRecords,
    ReadUpload,
    StartUpload,
)
from shared.contracts.referrals.naming import NameRecords
from shared.contracts.referrals.overlays import ListOverlays, PublishOverlay, ReadOverlays
from shared.contracts.referrals.reading import NoteShown, ReadHistory, ReadPast, ReadRecord
from shared.contracts.referrals.reversing import CountReversals, ListReversals
from shared.contracts.referrals.reviews import DueReviews, ListDueReviews
from shared.contracts.referrals.saving import ReviewRecord, SubmitRecord, UpdateRecord
from shared.contracts.registration import ReadJoinOffer
from shared.contracts.reports import ReadDashboard, ReadReportChunk, ReadReportJob, StartReport, StopReport
from shared.contracts.users import (
    AddUser,
    CountAccountsWaiting,
    GrantedAccess,
    ListLockedUsers,
    ListProposals,
    ListUsers,
    ReadReach,
    ReadUser,
    ResetApp,
)
from shared.fake_bus import FakeBus, FakeWire, UnnamedRefusal
from shared.messages import Message, Nothing, Refused, Request
from shared.permissions import Role
from shared.registers.definition.register import Definition, PublicHome
from shared.registers.load import load_registers
from shared.registers.overlay import Overlay
from tests.contracts.golden import FOLDER, Json, file_of, kinds_in, normalised, recorded
from tests.gateway.stand_in import StandIn
from tests.gateway.stand_in_actions import JENNY, StandInActions, an_action
from tests.gateway.stand_in_caseload import StandInCaseload, a_caseload, to_confirm
from tests.gateway.stand_in_drafts import StandInDrafts
from tests.gateway.stand_in_identity import EMAIL, PASSWORD, PIN, StandInIdentity
from tests.gateway.stand_in_matches import ONE, OTHER, StandInMatches
from tests.gateway.stand_in_meetings import STARTS, StandInMeetings, a_meeting, saved
from tests.gateway.stand_in_notifier import StandInNotifier
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN, StandInOutcomes, an_outcome
from tests.gateway.stand_in_overlays import StandInOverlays
from tests.gateway.stand_in_referrals import StandInReferrals
from tests.gateway.stand_in_reports import JOB_ID, StandInReports
from tests.gateway.stand_in_reviews import StandInReviews, a_due_review
from tests.gateway.stand_in_uploads import UPLOAD_ID, as_recorded
from tests.gateway.stand_in_users import JO, StandInUsers, a_proposal
from tests.gateway.stand_in_work import StandInWork, a_task, seen_by
from tests.gateway.test_duplicate_pages import archived_of
from tests.gateway.test_ended_list_pages import StandInEnded
from tests.gateway.test_hand_over_pages import COVERED, StandInHeld
from tests.gateway.test_holder_pages import NAMED, StandInHolders, a_cover, held_by
from tests.gateway.test_leaving_pages import StandInOpenActions
from tests.gateway.test_list_download import StandInLongList
from tests.gateway.test_list_pages import StandInList
from tests.gateway.test_looked_page import StandInLooks
from tests.gateway.test_record_over_time import a_change
from tests.gateway.test_reversal_pages import StandInReversals, an_ended_person, archived_lately, asked_for
from tests.gateway.test_seen import StandInTask

ID = UUID(int=1)
CODED = {"rating": "risk_level", "locality": "locality"}
NOTE = NoteShown(note_id=ID, text="Called the family", written_by="Jayne Billings", written_at=WHEN)


def samples() -> tuple[tuple[StandIn, tuple[Request[Message], ...]], ...]:
    """Return each stand-in, filled with examples, and a request of each kind that has a reply with content."""
    overlays = StandInOverlays()
    overlays.put(Overlay(public=PublicHome(heading="Together", paragraphs=("Words of our own.",))))
    jobs = StandInReports(state="ready", rows_total=500)
    return (
        (
            StandInIdentity(attempts={"attempt"}, sessions={"session"}),
            (
                LogIn(register_code="dsr", email=EMAIL, password=PASSWORD, address="192.0.2.1"),
                VerifyPin(attempt_token="attempt", pin=PIN),
                FindSession(register_code="dsr", session_token="session"),
                ChangePassword(current_password=PASSWORD, new_password="Heath-Lark-28!"),
                ReadJoinOffer(),
                ReadPasswordRule(),
                ReadApp(),
                BeginApp(current_password=PASSWORD),
                ConfirmApp(code=PIN),
                RenewRecoveryCodes(current_password=PASSWORD, code=PIN),
                ListRemembered(),
                ReadHold(),
                ListOwnSessions(),
                ListOrganisations(register_code="dsr"),
            ),
        ),
        (
            StandInLooks(named=(Looker(user_id=ID, full_name="Jo Lark", organisation_id=ID),)),
            (
                ReadRecordLooks(record_id=ID),
                ReadOutcomeLooks(record_id=ID),
                ReadReportLooks(record_id=ID),
                NameLookers(user_ids=(ID,)),
            ),
        ),
        (
            StandInHeld(total=1, moving=1, covered=(COVERED,)),
            (
                ListHeld(user_id=ID),
                CountHeld(user_id=ID),
                CheckHandOver(user_id=ID, new_user_id=JO),
                HandOver(command_id=ID, user_id=ID, new_user_id=JO, seen=""),
                ListColleagues(organisation_id=None),
            ),
        ),
        (
            StandInUsers(
                proposals=(a_proposal(),),
                addresses=(AllowedAddress(email=EMAIL, assigned_at=WHEN),),
                reset_code=None,
            ),
            (
                ResetApp(user_id=JO),
                ListUsers(),
                ReadUser(user_id=JO),
                ListLockedUsers(),
                ReadReach(),
                ListProposals(),
                CountAccountsWaiting(),
                ListAddresses(),
                AddUser(
                    command_id=ID,
                    first_name="Jo",
                    last_name="Lark",
                    email=EMAIL,
                    access=GrantedAccess(role=Role.STANDARD),
                ),
            ),
        ),
        (
            StandInDrafts(kept={ID: {"first_name": ("Jo",), "last_name": ("Lark",)}}),
            (
                SaveDraft(
                    draft_id=UUID(int=2), edition="2022", typed={}, seen=DraftSeen(version=0, save_id=UUID(int=3))
                ),
                ListDrafts(),
                ReadDraft(draft_id=ID),
            ),
        ),
        (
            StandInMatches(ended=(archived_of(RECORD_ID),)),
            (
                SubmitRecord(command_id=ID, edition="2022", answers={}, duplicates_seen=(RECORD_ID,)),
                ListDuplicates(),
                CountDuplicates(),
                ListEndedBefore(record_ids=(RECORD_ID,)),
                DecideDuplicate(command_id=ID, one=ONE.record_id, other=OTHER.record_id, verdict="linked"),
            ),
        ),
        (StandInEnded(), (ListEnded(), ListReturned(record_id=RECORD_ID), ListEndedBefore(record_ids=(RECORD_ID,)))),
        (StandInNotifier(), (ListMails(), CountUndelivered())),
        (
            StandInCaseload(caseload=a_caseload(), unconsented=(to_confirm(),)),
            (ReadCaseload(), ListConsentsToConfirm(), CountConsentsToConfirm()),
        ),
        (
            StandInReviews(found=DueReviews(rows=(a_due_review(),), matches=1)),
            (ListDueReviews(), ReviewRecord(command_id=ID, record_id=RECORD_ID, version=4)),
        ),
        (
            StandInMeetings(
                minutes={number: saved(number) for number in (1, 2, 3)},
                attendance=(Attendee(service="Social care", name="Sam"),),
                update="",
            ),
            (
                *(ListSeries(), SaveSeries(command_id=ID, name="North"), ListMeetings()),
                PlanMeeting(command_id=ID, series_id=ID, starts_at=STARTS),
                ChangeMeeting(command_id=ID, meeting_id=ID, version=1, starts_at=STARTS, minutes=60),
                CancelMeeting(command_id=ID, meeting_id=ID, version=1, reason="Flooded"),
                *(StartMeeting(command_id=ID, meeting_id=ID), CloseMeeting(command_id=ID, meeting_id=ID)),
                *(ReadAgenda(meeting_id=ID), ReadItem(meeting_id=ID, record_id=ID)),
                SaveMinutes(command_id=ID, meeting_id=ID, record_id=ID, version=2, edition="2022", answers={}),
                *(NameRecords(record_ids=(ID,)), ListRecords(), ReadRecord(record_id=ID)),
                ReviewRecord(command_id=ID, record_id=ID, version=4),
            ),
        ),
        (
            StandInMeetings(
                meeting=a_meeting(state="closed", closed_by="Ada Minister", closed_at=STARTS),
                minutes={number: saved(number) for number in (1, 2, 3)},
            ),
            (ReadPack(meeting_id=ID),),
        ),
        (
            StandInOutcomes(outcomes=(an_outcome(),)),
            (
                ReadRecord(record_id=RECORD_ID),
                ListRecords(),
                ListOutcomes(record_id=RECORD_ID),
                ReadToldOutcome(record_id=RECORD_ID),
                RecordOutcome(command_id=ID, edition="2022", record_id=RECORD_ID, version=4, answers={}),
            ),
        ),
        (
            StandInReferrals(updates=(a_change(1, ("risk_level", "amber", "red")),), notes=(NOTE,)),
            (
                SubmitRecord(command_id=ID, edition="2022", answers={}),
                UpdateRecord(command_id=ID, record_id=RECORD_ID, version=4, answers={}),
                ReviewRecord(command_id=ID, record_id=RECORD_ID, version=4),
                DecideEnding(
                    command_id=ID,
                    record_id=RECORD_ID,
                    body="parish:plumstead",
                    ends_on=date(2026, 2, 1),
                    reason="Safe now",
                    person_told=True,
                ),
                ReadPast(record_id=RECORD_ID),
                ReadHistory(record_id=RECORD_ID),
            ),
        ),
        (overlays, (ReadOverlays(), ListOverlays(), PublishOverlay(command_id=ID, seen_version=1, overlay=Overlay()))),
        (StandInReports(), (ReadDashboard(), StartReport(command_id=ID, report="referrals"))),
        (jobs, (ReadReportJob(job_id=JOB_ID), ReadReportChunk(job_id=JOB_ID, number=0))),
        (StandInReports(), (StopReport(command_id=ID, job_id=JOB_ID),)),
        (
            StandInWork(
                urgent=(a_task(1), seen_by("Ada Minister", a_task(2))),
                agenda=(a_task(3),),
                counts=TaskCounts(urgent=2, unseen=1, agenda=1),
            ),
            (
                ListTasks(),
                CountTasks(),
                AcknowledgeTask(command_id=ID, task_id=UUID(int=101)),
                NameRecords(record_ids=(ID,)),
            ),
        ),
        (
            StandInActions(
                actions=(an_action(colleague_id=JENNY), an_action(2, state="closed", result="Done", ended_at=WHEN)),
                counts=ActionCounts(open=1, areas=(AreaActions(locality="south_staffordshire", open=1, overdue=0),)),
                entries=(ActionEntry(kind="added", who_after="Jo", written_by="Ada Minister", written_at=WHEN),),
                told=(PlanTold(party="mdt", told_on=None, why_not="Later", recorded_by="Ada", recorded_at=WHEN),),
            ),
            (
                CountActions(),
                ListActions(),
                ReadAction(action_id=UUID(int=502)),
                ListRecordActions(record_id=RECORD_ID),
                AddAction(
                    command_id=ID,
                    record_id=RECORD_ID,
                    text="Ask",
                    due_on=date(2026, 2, 1),
                    owner=ActionOwner(colleague_id=JENNY),
                ),
                ChangeAction(
                    command_id=ID,
                    action_id=UUID(int=501),
                    version=1,
                    due_on=date(2026, 2, 1),
                    owner=ActionOwner(colleague_id=JENNY),
                ),
                ReportAction(command_id=ID, action_id=UUID(int=501), version=1, result="Done"),
                DecideAction(command_id=ID, action_id=UUID(int=501), version=1, verdict="close"),
                NameRecords(record_ids=(RECORD_ID,)),
                ReadRecord(record_id=RECORD_ID),
                ListColleagues(organisation_id=ID),
            ),
        ),
        (
            StandInHolders(holdings=(held_by("Gail Thomas", 42), a_cover()), named=NAMED),
            (
                ReadRecord(record_id=RECORD_ID),
                ReadHoldings(record_id=RECORD_ID),
                ListColleagues(organisation_id=ID),
                ListRecords(),
            ),
        ),
        (StandInLongList(), (ListRecords(), ListLinked(record_ids=(ID,)))),
        (StandInOpenActions(actions=(an_action(),)), (ListRecordActions(record_id=RECORD_ID),)),
        (
            StandInList(linked=(LinkedRecords(record_id=ID, ratings=("red",)),)),
            (ListRecords(), ListLinked(record_ids=(ID,))),
        ),
        (
            as_recorded(),
            (
                StartUpload(command_id=ID, file_name="our list.csv", size=1),
                FinishUpload(command_id=ID, upload_id=UPLOAD_ID, chunks=1, sha256=sha256(b"x").hexdigest()),
                ReadUpload(upload_id=UPLOAD_ID),
                ListUploads(),
                MapUpload(command_id=ID, upload_id=UPLOAD_ID),
                NameConsentAuthority(
                    command_id=ID, upload_id=UPLOAD_ID, words="Agreed by the board", due_on=date(2027, 6, 17)
                ),
                ProcessUpload(command_id=ID, upload_id=UPLOAD_ID),
                CancelUpload(command_id=ID, upload_id=UPLOAD_ID),
                ListUploadRows(upload_id=UPLOAD_ID, tab="updated"),
                ReadFailedRows(upload_id=UPLOAD_ID),
                ReadAbsentRecords(upload_id=UPLOAD_ID),
                ReadUntracedRecords(),
            ),
        ),
        (
            StandInReversals(waiting=(asked_for(),), lately=(archived_lately(),), people=(an_ended_person(),)),
            (ListReversals(), CountReversals(), FindEnded(nhs_number="943 476 5919")),
        ),
        (
            StandInTask(task=seen_by("Ada Minister", a_task(1))),
            (ReadTask(record_id=ID), AcknowledgeTask(command_id=ID, task_id=UUID(int=101))),
        ),
    )


TABLES = {kind for stand_in, _ in samples() for kind, _ in stand_in.table()}
IN_WORDS = sorted((kind for kind in TABLES if kind.reply_type() is not Nothing), key=lambda kind: kind.subject)


async def replies_to(kind: type[Request[Message]]) -> list[Message]:
    """Return the replies of each stand-in that answers this kind of request."""
    replies = []
    for stand_in, requests in samples():
        wire = FakeWire()
        await stand_in.answer_on(wire)
        replies += [await FakeBus("gateway", wire).ask(each) for each in requests if type(each) is kind]
    return replies


def test_every_stand_in_is_among_the_samples_with_all_that_it_answers() -> None:
    asked = {(type(stand_in), type(each)) for stand_in, requests in samples() for each in requests}
    table = {(type(stand_in), kind) for stand_in, _ in samples() for kind, _ in stand_in.table()}

    assert set(StandIn.__subclasses__()) == {type(stand_in) for stand_in, _ in samples()}
    assert asked == {(stand_in, kind) for stand_in, kind in table if kind.reply_type() is not Nothing}


def test_every_recorded_reply_is_one_that_a_stand_in_gives() -> None:
    assert sorted(map(file_of, IN_WORDS)) == sorted(FOLDER.rglob("*.json"))


def test_nothing_can_be_refused_as_what_its_contract_does_not_name() -> None:
    with pytest.raises(UnnamedRefusal, match="ListMails was refused as too_many"):
        StandInNotifier().failing[ListMails] = Refused("too_many")


@pytest.mark.parametrize("kind", IN_WORDS)
async def test_a_reply_holds_what_the_service_answers(kind: type[Request[Message]]) -> None:
    """Check that each value in a reply is of a kind that the service was recorded to give in the same place."""
    known = {(free(path), what) for reply in recorded(kind) for path, what in kinds_in(reply)}

    for reply in await replies_to(kind):
        assert [] == sorted({(free(path), what) for path, what in kinds_in(normalised(reply))} - known)


@pytest.mark.parametrize("kind", IN_WORDS)
async def test_a_reply_speaks_in_the_codes_of_the_register(kind: type[Request[Message]]) -> None:
    dsr = load_registers().find("dsr")

    for reply in await replies_to(kind):
        assert [] == list(strangers(normalised(reply), dsr))


def free(path: str) -> str:
    """Return the path with question names left out: a separate test checks the register's codes."""
    for mapping in (".answers.", ".typed."):
        before, found, _ = path.partition(mapping)
        if found:
            return f"{before}{mapping}*"
    return path


def strangers(value: Json, dsr: Definition) -> Iterator[str]:
    """Yield the questions, options, ratings and localities that the register does not have."""
    if isinstance(value, list):
        for each in value:
            yield from strangers(each, dsr)
    if isinstance(value, dict):
        for name, each in value.items():
            yield from strangers(each, dsr)
            answers = dict(each) if name == "answers" and isinstance(each, dict) else {}
            answers |= {CODED[name]: each} if name in CODED else {}
            yield from (question for question, answer in answers.items() if not is_known(dsr, question, answer))


def is_known(dsr: Definition, name: str, answer: Json) -> bool:
    """Return whether the register has the question, and the answer among its options if it has options."""
    questions = dsr.form.by_name | (dsr.outcome.by_name if dsr.outcome else {})
    questions |= dsr.meetings.minutes.by_name if dsr.meetings else {}
    if name not in questions:
        return False
    labels = questions[name].labels
    return not labels or answer is None or answer in labels
