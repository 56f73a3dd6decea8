"""The services' own checks alone: with row-level security off, every request still keeps others out."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta

import pytest

from services.notifier.service import build as notifier_of
from services.outcomes.context import OutcomesContext
from services.outcomes.service import service_of as outcomes_of
from services.referrals.service import service_of as referrals_of
from services.reports.service import answers_of
from shared.clock import london_today
from shared.contracts.actions import (
    ActionOwner,
    AddAction,
    ChangeAction,
    CountActions,
    DecideAction,
    FollowUpAction,
    ListActions,
    ListRecordActions,
    ReadAction,
    RecordPlanTold,
    ReportAction,
)
from shared.contracts.looks import CheckLooks, ReadOutcomeLooks, ReadRecordLooks, ReadReportLooks
from shared.contracts.notifier import CountUndelivered, ListMails, SendAgain
from shared.contracts.outcomes import (
    AcknowledgeTask,
    CountTasks,
    DiscussTask,
    ListOutcomes,
    ListTasks,
    ReadTask,
)
from shared.contracts.referrals.archiving import ArchiveRecord, CheckRecord
from shared.contracts.referrals.caseload import ReadCaseload
from shared.contracts.referrals.consent import (
    CountConsentsToConfirm,
    ListConsentsToConfirm,
    NameConsentAuthority,
)
from shared.contracts.referrals.drafts import DiscardDraft, DraftSeen, ListDrafts, ReadDraft, SaveDraft
from shared.contracts.referrals.duplicates import CountDuplicates, DecideDuplicate, ListDuplicates, ListLinked
from shared.contracts.referrals.ended import FindEnded, ListEnded, ListEndedBefore, ListReturned
from shared.contracts.referrals.ending import DecideEnding
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
    RecordsPart,
    StartUpload,
)
from shared.contracts.referrals.naming import NameRecords
from shared.contracts.referrals.overlays import ListOverlays, PublishOverlay
from shared.contracts.referrals.reading import AddNote, PastWanted, ReadHistory, ReadPast, ReadRecord
from shared.contracts.referrals.reversing import AskReversal, CountReversals, DecideReversal, ListReversals
from shared.contracts.referrals.reviews import ListDueReviews
from shared.contracts.referrals.saving import ReviewRecord
from shared.contracts.reports import ReadDashboard, ReadReportChunk, ReadReportJob, StartReport, StopReport
from shared.front_door import AnsweredRequest
from shared.messages import Message, NotAnswered, Refused, Request
from shared.permissions import Role, Visitor
from tests.services.notifier.builders import settings as notifier_settings
from tests.services.outcomes.rig import an_ending, an_outcome
from tests.services.referrals.builders import EDITION, new_id
from tests.services.reports.rig import column, context_of
from tests.services.reports.test_people import LINK
from tests.services.walls.meeting_requests import OF_THE_REGISTER, READS_OF_MEETINGS, WRITES_OF_MEETINGS
from tests.services.walls.world import Owners, World, an_update, the_same_person
from tests.support.connections import ServicePools

Ask = Callable[[World], Request[Message]]
# The numbers of replies that count what is in reach.
COUNTS = frozenset(
    {
        *("total", "matches", "count", "waiting", "urgent", "unseen", "agenda", "met"),
        *("items", "done", "mine", "open", "overdue", "to_confirm", "held", "moving"),
    }
)
# Derived from records of everybody, or written about a stranger's own record beside those of the world.
SHARED_TABLES = frozenset({"possible_duplicate", "record_key", "record_search", "record_word", "record_feed"})
TODAY = london_today()
FIND_VERSION = "SELECT version FROM record WHERE id = $1"


def by_id(kind: Callable[..., Request[Message]], **more: object) -> Ask:
    """Return a request that names the first record."""
    return lambda world: kind(record_id=world.record.record_id, **more)


def all_of(kind: Callable[..., Request[Message]]) -> Ask:
    """Return a request that names all records."""
    return lambda world: kind(record_ids=tuple(each.record_id for each in world.records))


def command(kind: Callable[..., Request[Message]], **more: object) -> Ask:
    return lambda world: kind(command_id=new_id(), record_id=world.record.record_id, **more)


def owned_by(world: World) -> ActionOwner:
    return ActionOwner(colleague_id=world.holder.user_id)


READS: dict[str, Ask] = {
    "the list": lambda _: ListRecords(),
    "the sorted list": lambda _: ListRecords(sort="name"),
    "the list by rating": lambda _: ListRecords.model_validate({"narrowing": {"ratings": ["red"]}}),
    "the list of the organisation": lambda world: ListRecords.model_validate(
        {"narrowing": {"organisation_ids": [world.organisation_id]}}
    ),
    "the list of ended records": lambda _: ListRecords(ended=True),
    "a search by name": lambda _: ListRecords(search="Wallflower"),
    "a search within names": lambda _: ListRecords(search="allflowe"),
    "a search by reference": lambda world: ListRecords(search=world.record.reference),
    "a search by number": lambda world: ListRecords(search=str(world.person["nhs_number"])),
    "the list by review": lambda _: ListRecords.model_validate({"narrowing": {"reviews": ["overdue", "soon"]}}),
    "the list in the order of reviews": lambda _: ListRecords(sort="review"),
    "the search in the order of reviews": lambda _: ListRecords(search="Wallflower", sort="review"),
    "due reviews": lambda _: ListDueReviews(due="soon"),
    "the caseload": lambda _: ReadCaseload(),
    "consents to confirm": lambda _: ListConsentsToConfirm(),
    "the number of consents to confirm": lambda _: CountConsentsToConfirm(),
    "the record": by_id(ReadRecord, past=PastWanted()),
    "its history": by_id(ReadHistory),
    "its past": by_id(ReadPast),
    "the names": all_of(NameRecords),
    "what ended before": all_of(ListEndedBefore),
    "ended records by number": lambda world: FindEnded(nhs_number=str(world.person["nhs_number"])),
    "ended records": lambda _: ListEnded(),
    "ended records of a name": lambda world: ListEnded(search=str(world.person["last_name"])),
    "those added again": by_id(ListReturned),
    "its holders": by_id(ReadHoldings),
    "all records of the creator": lambda world: ListHeld(user_id=world.creator.user_id),
    "the number of them": lambda world: CountHeld(user_id=world.creator.user_id),
    "what a hand-over would do": lambda world: CheckHandOver(
        user_id=world.creator.user_id, new_user_id=world.holder.user_id
    ),
    "who looked at it": by_id(ReadRecordLooks),
    "who looked at its outcomes": by_id(ReadOutcomeLooks),
    "in whose reports it was": by_id(ReadReportLooks),
    "whether that may be read": by_id(CheckLooks),
    "possible duplicates": lambda _: ListDuplicates(),
    "their number": lambda _: CountDuplicates(),
    "linked records": all_of(ListLinked),
    "drafts": lambda _: ListDrafts(),
    "the draft": lambda world: ReadDraft(draft_id=world.draft_id),
    "the state of the record": by_id(CheckRecord),
    "reversals": lambda _: ListReversals(),
    "the number of reversals": lambda _: CountReversals(),
    "its outcomes": by_id(ListOutcomes),
    "the upload": lambda world: ReadUpload(upload_id=world.upload_id),
    "uploads": lambda _: ListUploads(),
    "its rows": lambda world: ListUploadRows(upload_id=world.upload_id, tab="errors"),
    "the records that it lacks": lambda world: ReadAbsentRecords(upload_id=world.upload_id),
    "records to trace": lambda _: ReadUntracedRecords(),
    "its failed rows": lambda world: ReadFailedRows(upload_id=world.upload_id),
    "tasks": lambda _: ListTasks(),
    "the number of tasks": lambda _: CountTasks(),
    "its task": by_id(ReadTask),
    "actions": lambda _: ListActions(wanted="open"),
    "the number of actions": lambda _: CountActions(),
    "the action": lambda world: ReadAction(action_id=world.action.action_id),
    "its actions": by_id(ListRecordActions),
    **READS_OF_MEETINGS,
    "mails": lambda _: ListMails(),
    "undelivered mails": lambda _: ListMails(undelivered=True),
    "the number of undelivered mails": lambda _: CountUndelivered(),
    "the dashboard": lambda _: ReadDashboard(),
    "the dashboard of the organisation": lambda world: ReadDashboard(organisation_id=world.organisation_id),
    "the report": lambda world: ReadReportJob(job_id=world.job.job_id),
    "the file": lambda world: ReadReportChunk(job_id=world.job.job_id, number=0),
}
WRITES: dict[str, Ask] = {
    "a record of the same person": the_same_person,
    "a note": command(AddNote, text="A stranger's note"),
    "a holder": lambda world: AssignHolder(
        command_id=new_id(), record_id=world.records[1].record_id, user_id=world.holder.user_id, seen=None
    ),
    "all records handed over": lambda world: HandOver(
        command_id=new_id(), user_id=world.creator.user_id, new_user_id=world.holder.user_id, seen="0" * 64
    ),
    "a cover": lambda world: AddCover(
        command_id=new_id(),
        record_id=world.records[2].record_id,
        user_id=world.holder.user_id,
        from_day=TODAY,
        until_day=TODAY + timedelta(days=1),
    ),
    "the end of a cover": command(EndCover, holding_id=new_id()),
    "a decision about a pair": lambda world: DecideDuplicate(
        command_id=new_id(), one=world.records[0].record_id, other=world.records[2].record_id, verdict="dismissed"
    ),
    "a draft": lambda world: SaveDraft(
        draft_id=world.draft_id,
        edition=EDITION,
        typed={"first_name": ("Stranger",)},
        seen=DraftSeen(version=1, save_id=new_id()),
    ),
    "no draft": lambda world: DiscardDraft(draft_id=world.draft_id),
    "a decision about its end": command(
        DecideEnding, body="council:one", ends_on=date(2030, 1, 1), reason="Safe", person_told=True
    ),
    "a request to reverse": lambda world: AskReversal(
        command_id=new_id(), reference=world.archived.reference, reason="Mine"
    ),
    "a reversal": lambda world: DecideReversal(command_id=new_id(), reversal_id=world.reversal_id, confirmed=True),
    "an outcome": lambda world: an_outcome(world.record),
    "an outcome that archives": lambda world: an_ending(world.records[2]),
    "a task taken": lambda world: AcknowledgeTask(command_id=new_id(), task_id=world.task_id),
    "a task discussed": lambda world: DiscussTask(
        command_id=new_id(), task_id=world.agenda.task_id, version=world.agenda.version
    ),
    "another action": lambda world: AddAction(
        command_id=new_id(), record_id=world.record.record_id, text="Mine", due_on=TODAY, owner=owned_by(world)
    ),
    "the action changed": lambda world: ChangeAction(
        command_id=new_id(), action_id=world.action.action_id, version=1, due_on=TODAY, owner=owned_by(world)
    ),
    "the action followed up": lambda world: FollowUpAction(
        command_id=new_id(), action_id=world.action.action_id, text="Mine"
    ),
    "the action reported": lambda world: ReportAction(
        command_id=new_id(), action_id=world.action.action_id, version=2, result="Done by a stranger"
    ),
    "the action confirmed": lambda world: DecideAction(
        command_id=new_id(), action_id=world.action.action_id, version=3, verdict="close"
    ),
    "who was told of the plan": command(RecordPlanTold, party="mdt", why_not="A stranger forgot"),
    **WRITES_OF_MEETINGS,
    "a mail again": lambda world: SendAgain(command_id=new_id(), mail_id=world.mail_id),
    "a report of the organisation": lambda world: StartReport(
        command_id=new_id(), report="referrals", organisation_id=world.organisation_id
    ),
    "an archive": lambda world: ArchiveRecord(
        command_id=new_id(), record_id=world.records[1].record_id, version=world.records[1].version
    ),
    "a review": lambda world: ReviewRecord(
        command_id=new_id(), record_id=world.records[0].record_id, version=world.record.version
    ),
    "a report stopped": lambda world: StopReport(command_id=new_id(), job_id=world.job.job_id),
    "an update": lambda world: an_update(world, latest_update="Seen by a stranger"),
    "a part of the file": lambda world: PutUploadChunk(upload_id=world.upload_id, number=1, content=b"more"),
    "the end of the file": lambda world: FinishUpload(
        command_id=new_id(), upload_id=world.upload_id, chunks=1, sha256="0" * 64
    ),
    "a mapping": lambda world: MapUpload(command_id=new_id(), upload_id=world.upload_id, sheet="Second"),
    "an authority": lambda world: NameConsentAuthority(
        command_id=new_id(), upload_id=world.upload_id, words="Agreed", due_on=TODAY + timedelta(days=1)
    ),
    "rows processed": lambda world: ProcessUpload(command_id=new_id(), upload_id=world.upload_id),
    "no upload": lambda world: CancelUpload(command_id=new_id(), upload_id=world.upload_id),
    "another upload": lambda world: StartUpload(command_id=world.upload_id, file_name="a.csv", size=1),
}
# What the rightful user is told where the request cannot be carried out on these records.
RIGHTFUL_REFUSALS = {
    "a record of the same person": "likely_duplicate",
    "all records handed over": "changed",
    "the end of a cover": "not_found",
    "a decision about its end": "not_ending",
    "a request to reverse": "asked_before",
    "a part of the file": "not_receiving",
    "the end of the file": "not_receiving",
    "a mapping": "unknown_sheet",
    "an authority": "no_rows",
    "another upload": "command_reused",
}
OF_UPLOADS = (
    CancelUpload,
    FinishUpload,
    ListUploadRows,
    ListUploads,
    MapUpload,
    NameConsentAuthority,
    ProcessUpload,
    PutUploadChunk,
    ReadAbsentRecords,
    ReadFailedRows,
    ReadUntracedRecords,
    ReadUpload,
    StartUpload,
)
# Requests that are about no person: the texts of a register, and its meetings. Every administrator may make these.
ABOUT_NO_PERSON = {
    PublishOverlay,
    ListOverlays,
    *OF_THE_REGISTER,
}


def rightful(world: World, request: Request[Message]) -> Visitor:
    """Return a user who may make this request about the records of the world."""
    if isinstance(request, (ReadDraft, ListDrafts, SaveDraft, DiscardDraft, ReadCaseload, *OF_UPLOADS)):
        return world.creator
    if isinstance(request, (ReadReportJob, ReadReportChunk, StopReport, StartReport, ReadDashboard)):
        return world.reporter
    if isinstance(request, (ListReversals, CountReversals, DecideReversal)):
        return world.second
    return world.administrator


async def answered(world: World, visitor: Visitor, request: Request[Message]) -> tuple[str, str]:
    """Return the code of the refusal or fault, or an empty string, and all that was said as JSON."""
    try:
        reply = await world.ask(visitor, request)
    except Refused as refused:
        return refused.code, refused.details.model_dump_json()
    except NotAnswered as unanswered:
        return str(unanswered.fault), "{}"
    if isinstance(reply, RecordsPart):  # else the file's text would be hidden by its base64
        return "", json.dumps({"content": reply.content.decode()})
    return "", reply.model_dump_json()


def counts_in(said: object) -> Iterator[int]:
    """Return all numbers of a reply that count what is in reach."""
    if isinstance(said, dict):
        for name, value in said.items():
            if name in COUNTS and isinstance(value, int) and not isinstance(value, bool):
                yield value
            yield from counts_in(value)
    elif isinstance(said, list):
        for value in said:
            yield from counts_in(value)


async def stored(world: World, owners: Owners) -> dict[str, list[str]]:
    """Return every row about the records or of the users of the world, by table."""
    found = {}
    for service, owner in owners.items():
        for row in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"):
            table = row["tablename"]
            if table in SHARED_TABLES | {"audit", "audit_seal", "command", "outbox", "inbox"}:
                continue
            rows = await owner.fetch(
                f"SELECT t::text AS row FROM {table} AS t WHERE t::text LIKE ANY($1) ORDER BY 1",
                [f"%{each}%" for each in world.ids],
            )
            found[f"{service}.{table}"] = [each["row"] for each in rows]
    return found


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-007", "R-DSR-009", "R-DSR-013", "R-DSR-014", "R-DSR-155")
async def test_no_request_shows_a_stranger_anything(open_world: tuple[World, Owners]) -> None:
    world, _ = open_world
    shown, empty = [], []
    for name, ask in READS.items():
        for who, stranger in world.strangers().items():
            _, said = await answered(world, stranger, ask(world))
            asked = ask(world).model_dump_json()
            told = [each for each in world.secrets if each in said and each not in asked]
            if told or any(counts_in(json.loads(said))):
                shown.append((name, who, said[:300]))
        code, said = await answered(world, rightful(world, ask(world)), ask(world))
        is_told = any(each in said for each in world.secrets) or any(counts_in(json.loads(said)))
        if code != RIGHTFUL_REFUSALS.get(name, "") or not (is_told or code):
            empty.append((name, code, said[:300]))

    assert [] == shown
    assert [] == empty, empty


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-007", "R-DSR-010", "R-DSR-013", "R-DSR-116")
async def test_no_request_lets_a_stranger_change_anything(open_world: tuple[World, Owners]) -> None:
    world, owners = open_world
    before, told, changed, codes = await stored(world, owners), [], [], {}
    for name, ask in WRITES.items():
        others = world.strangers()
        if not isinstance(ask(world), (StartReport, StopReport)):
            others["a reporting colleague"] = world.reporter
        for who, stranger in others.items():
            _, said = await answered(world, stranger, ask(world))
            asked = ask(world).model_dump_json()
            told += [(name, who, each) for each in world.secrets if each in said and each not in asked]
        after = await stored(world, owners)
        changed += [(name, table) for table in after if after[table] != before[table]]
        before = after
    for name, ask in WRITES.items():
        codes[name], _ = await answered(world, rightful(world, ask(world)), ask(world))
        version = await owners["referrals"].fetchval(FIND_VERSION, world.record.record_id)
        world.records[0] = world.record.model_copy(update={"version": version})

    assert ([], []) == (told, changed)
    assert {name: RIGHTFUL_REFUSALS.get(name, "") for name in WRITES} == codes


@pytest.mark.requirement("R-DSR-013")
async def test_an_assertion_for_identity_alone_opens_no_service(open_world: tuple[World, Owners]) -> None:
    """A master admin is given no other. Here it is of users who may otherwise ask."""
    world, _ = open_world
    opened = []
    for name, ask in (READS | WRITES).items():
        with suppress(NotAnswered):
            await world.ask(rightful(world, ask(world)), ask(world), ("identity",))
            opened.append(name)

    assert [] == opened


@pytest.mark.slow
async def test_a_report_of_a_stranger_holds_no_record(open_world: tuple[World, Owners]) -> None:
    world, owners = open_world
    await owners["reports"].execute("UPDATE job SET state = 'stopped', ended_at = now() WHERE state = 'queued'")
    elsewhere = world.strangers()["a reporting user elsewhere"]
    world.rig.identity.grants[elsewhere.user_id] = elsewhere

    book = await world.rig.report(elsewhere)
    theirs = await world.rig.report(world.reporter)

    assert [] == column(book, "Reference")
    assert {each.reference for each in world.records} == set(column(theirs, "Reference"))


@pytest.mark.slow
async def test_a_report_names_no_linked_record_of_strangers(open_world: tuple[World, Owners]) -> None:
    world, owners = open_world
    await owners["reports"].execute("UPDATE job SET state = 'stopped', ended_at = now() WHERE state = 'queued'")
    elsewhere = world.rig.organisation("Elsewhere")
    own = await world.rig.submit(elsewhere)
    await world.rig.copy()
    await owners["reports"].execute(LINK, [own.record_id, world.record.record_id], new_id())

    book = await world.rig.report(world.rig.somebody(Role.REPORTING, elsewhere))

    assert ([own.reference], [None]) == (column(book, "Reference"), column(book, "Linked To"))


def test_every_request_of_a_visitor_is_among_these(open_world: tuple[World, Owners]) -> None:
    world, _ = open_world
    asked = {type(ask(world)) for ask in (*READS.values(), *WRITES.values())}

    assert {each.request for each in _for_visitors(world)} - ABOUT_NO_PERSON == asked


def _for_visitors(world: World) -> list[AnsweredRequest]:
    rig = world.rig
    pools, registers = ServicePools(rig.pool, rig.background), rig.context.registers
    of_outcomes = OutcomesContext(**vars(context_of("outcomes", pools, rig.wire, registers)))
    of_notifier = notifier_of(context_of("notifier", pools, rig.wire, registers), notifier_settings())
    rows = [
        *referrals_of(rig.referrals).answers,
        *outcomes_of(of_outcomes).answers,
        *answers_of(rig.context),
        *of_notifier.answers,
    ]
    return [each for each in rows if each.policy.startswith("visitors who may ")]
