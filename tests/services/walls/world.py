"""One person's records with everything that the services keep about them, and users who may see some or none of it."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import asyncpg

from services.notifier.handlers import Handlers
from services.notifier.service import build as notifier_of
from services.notifier.service import context_of as notifier_context
from services.referrals.uploads.states import failed_rows
from shared.assertion import Signer
from shared.bus.protocol import Context
from shared.clock import london_today
from shared.contracts.actions import ActionOwner, ActionReceipt, AddAction, RecordPlanTold
from shared.contracts.identity import CheckGrant, FindRecipients, Grant, Recipients
from shared.contracts.notifier import ListMails
from shared.contracts.outcomes import ListTasks, TaskShown
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.drafts import DraftSeen, SaveDraft, Typed
from shared.contracts.referrals.duplicates import DecideDuplicate
from shared.contracts.referrals.holding import AssignHolder
from shared.contracts.referrals.loading import PutUploadChunk, StartUpload
from shared.contracts.referrals.reading import AddNote
from shared.contracts.referrals.reversing import AskReversal, ListReversals
from shared.contracts.referrals.saving import RecordReceipt, SubmitRecord, UpdateRecord
from shared.contracts.reports import ReportJob
from shared.fake_bus import FakeBus
from shared.messages import Message, Request
from shared.permissions import AccountGrant, Role, Visitor
from shared.registers.bodies import organisation_compartment
from shared.registers.definition.reviews import ReviewIntervals
from shared.registers.load import Registers
from shared.registers.overlay import Adaptation, Overlay
from shared.service import Service, start
from tests.services.notifier.builders import a_routine_notice
from tests.services.notifier.builders import settings as notifier_settings
from tests.services.referrals.builders import EDITION, a_referral, a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person, unasked
from tests.services.reports.rig import Rig, context_of
from tests.services.two_bodies import an_organisation_register
from tests.services.walls.meetings import MINUTES_TEXT, MeetingsOfWorld
from tests.support.connections import ServicePools

WALLED = ("referrals", "outcomes", "reports", "notifier")
OTHER_REGISTER = "other"
NOTE_TEXT = "Called the sister of Wallflower"
ACTION_TEXT = "Ask housing about the flat in Wallflower Road"

HOLDER_NAME = "Holly Holder"
FILE = b"PK of the report"

FINISH_JOB = """
    UPDATE job
    SET state = 'ready', expires_at = now() + interval '1 hour', ended_at = now(), records = 3, size = 16, chunks = 1,
        sha256 = repeat('0', 64), compartment_ids = ARRAY[$2::uuid]
    WHERE id = $1
"""

ADD_REPORT_ROW = "INSERT INTO audit (actor, action, register, subjects) VALUES ($1, 'report.records', 'dsr', $2)"

FAILED_ROWS = urlsafe_b64encode(failed_rows(("First Name",), [(("Wallflower",), ())])).decode()  # as JSON holds it
CHECK_UPLOAD = """
    UPDATE upload
    SET state = 'checked', headings = '{First Name}', total = 1, new_rows = 0, updated_rows = 0, ended_rows = 0,
        error_rows = 1, compartment_ids = ARRAY[$2::uuid]
    WHERE id = $1
"""
ADD_UPLOAD_ROW = """
    INSERT INTO upload_row (upload_id, number, cells, verdict, name, record_id, reference)
    VALUES ($1, 1, '{Wallflower}', 'error', 'Wallflower', $2, $3)
"""
ADD_MAPPING = """
    INSERT INTO load_mapping (register_code, organisation_id, kept, saved_by)
    VALUES ('dsr', $1, '{"by_heading": {}, "by_value": {}}', $2)
"""

Owners = Mapping[str, "asyncpg.Connection[asyncpg.Record]"]
Reply = TypeVar("Reply", bound=Message)


def two_registers(registers: Registers) -> Registers:
    """
    Return these registers and another with the same questions, for visitors of another register.

    In the first every review is due within a week.
    """
    found = Registers([*registers.every(), an_organisation_register(OTHER_REGISTER)])
    days = dict.fromkeys(("green", "amber", "red"), 7)
    overlay = Overlay(reviews=ReviewIntervals(days=days, source="Policy of the register, June 2026"))
    found.adapt({"dsr": Adaptation(1, overlay)})
    return found


@dataclass
class World:
    """
    Three open records of one person, two of which are linked, and an archived one.

    The first has a note, an update, a holder, an outcome and an urgent task. There are a draft, a report, a mail, an
    upload with a row about it, and the amber record of another person on the agenda. Two meetings are about them.
    """

    rig: Rig
    person: dict[str, Answer]
    creator: Visitor
    administrator: Visitor
    second: Visitor
    holder: Visitor
    reporter: Visitor
    records: list[RecordReceipt]
    archived: RecordReceipt
    draft_id: UUID
    reversal_id: UUID
    task_id: UUID
    job: ReportJob
    mail_id: UUID
    upload_id: UUID
    agenda: TaskShown = field(init=False)
    action: ActionReceipt = field(init=False)
    meetings: MeetingsOfWorld = field(default_factory=MeetingsOfWorld)
    absent: str = field(init=False)

    @property
    def record(self) -> RecordReceipt:
        return self.records[0]

    @property
    def organisation_id(self) -> UUID:
        return self.creator.organisation_ids[0]

    @property
    def ids(self) -> list[str]:
        """Return what every row about these records or of these users holds."""
        users = (self.creator, self.administrator, self.second, self.holder, self.reporter)
        records = [*(each.record_id for each in (*self.records, self.archived)), self.agenda.record_id]
        named = [*records, *(each.user_id for each in users)]
        return [str(each) for each in named]

    @property
    def secrets(self) -> list[str]:
        """Return the words and ids that only a user with these records in reach may be shown."""
        ids = [
            self.draft_id,
            self.reversal_id,
            self.task_id,
            self.agenda.task_id,
            self.action.action_id,
            self.job.job_id,
            self.mail_id,
            self.upload_id,
        ]
        texts = [*(each.reference for each in (*self.records, self.archived)), self.agenda.reference, self.absent]
        texts += [
            FAILED_ROWS,
            NOTE_TEXT,
            ACTION_TEXT,
            MINUTES_TEXT,
            FILE.decode(),
            b64encode(FILE).decode(),
            HOLDER_NAME,
            "Jayne Billings",
        ]
        texts += [str(self.person[each]) for each in ("last_name", "nhs_number")]
        return [*self.ids, *(str(each) for each in ids), *texts]

    async def ask(self, visitor: Visitor, request: Request[Reply], audiences: Sequence[str] = WALLED) -> Reply:
        """Ask with an assertion of the visitor for these services."""
        who = Signer("identity", bytes([1]) * 32).sign_visitor(visitor, tuple(audiences))
        return await FakeBus("gateway", self.rig.wire).ask(request, who=who)

    def strangers(self) -> dict[str, Visitor]:
        """Return users who may see nothing of this, by what keeps them out."""
        here = self.organisation_id
        found = {
            "an administrator elsewhere": a_visitor(Role.ADMINISTRATOR, full_name="Stranger"),
            "a reporting user elsewhere": a_visitor(Role.REPORTING, full_name="Stranger"),
            "a standard user elsewhere": a_visitor(full_name="Stranger"),
            "another register": a_visitor(Role.ADMINISTRATOR, here, register_code=OTHER_REGISTER, full_name="Stranger"),
            "a colleague": a_visitor(Role.STANDARD, here, full_name="Stranger"),
            "a master admin": a_visitor(Role.MASTER_ADMIN, here, full_name="Stranger"),
            "nobody with a role": a_visitor(None, here, full_name="Stranger"),
        }
        return {who: loading(each) for who, each in found.items()}


def loading(visitor: Visitor) -> Visitor:
    """Return the user with the grant to load spreadsheets, so that not the lack of it keeps them out."""
    return visitor.model_copy(update={"grants": (AccountGrant.BULK_LOAD,)})


async def a_world(pools: Mapping[str, ServicePools], owners: Owners, registers: Registers, folder: Path) -> World:
    """Start the four services over these pools, and add the records and all that belongs to them."""
    rig = await Rig.open(pools, registers, folder)
    organisation, person = rig.organisation("Walled"), a_person(first_name="Wallflower", risk_level="red")
    creator = loading(a_visitor(Role.STANDARD, organisation))
    administrator, second = (colleague_of(creator, Role.ADMINISTRATOR) for _ in range(2))
    holder = colleague_of(creator).model_copy(update={"full_name": HOLDER_NAME})
    reporter = rig.somebody(Role.REPORTING, organisation)
    await _grant(rig, creator, administrator, second, holder, reporter)
    records = [
        await rig.ask(each, unasked(**person)) for each in (creator, colleague_of(creator), colleague_of(creator))
    ]
    archived = await rig.ask(colleague_of(creator), unasked(**person))
    world = World(
        rig, person, creator, administrator, second, holder, reporter, records, archived,
        draft_id=new_id(), reversal_id=new_id(), task_id=new_id(), mail_id=new_id(), upload_id=new_id(),
        job=await rig.start(reporter),
    )  # fmt: skip
    await _fill_referrals(world)
    await _fill_actions(world)
    await _fill_upload(world, owners["referrals"])
    await rig.archive(organisation, archived)
    await rig.tell()
    await rig.copy()
    await _fill_notifier(world, pools["notifier"], registers)
    await _fill_rows(world, owners)
    return world


async def _grant(rig: Rig, *visitors: Visitor) -> None:
    """Let identity answer every service what these users may do."""
    known = rig.identity.grants
    known.update({each.user_id: each for each in visitors})

    async def check(asked: CheckGrant, _context: Context) -> Grant:
        return Grant(visitor=known[asked.user_id].model_copy(update={"session_id": UUID(int=0)}))

    async def find(_asked: FindRecipients, _context: Context) -> Recipients:
        return Recipients(administrators=())

    identity = FakeBus("identity", rig.wire)
    await identity.answer(CheckGrant, check)
    await identity.answer(FindRecipients, find)


async def _fill_referrals(world: World) -> None:
    record_id = world.record.record_id
    linking = DecideDuplicate(command_id=new_id(), one=record_id, other=world.records[1].record_id, verdict="linked")
    await world.ask(world.administrator, linking)
    await world.ask(world.creator, AddNote(command_id=new_id(), record_id=record_id, text=NOTE_TEXT))
    holding = AssignHolder(command_id=new_id(), record_id=record_id, user_id=world.holder.user_id, seen=None)
    await world.ask(world.administrator, holding)
    typed: Typed = {"first_name": ("Wallflower",), "last_name": (str(world.person["last_name"]),)}
    seen = DraftSeen(version=0, save_id=new_id())
    await world.ask(world.creator, SaveDraft(draft_id=world.draft_id, edition=EDITION, typed=typed, seen=seen))
    world.records[0] = await world.ask(world.creator, an_update(world, latest_update="Moved house"))
    await world.rig.record_outcome(world.organisation_id, world.record)


async def _fill_actions(world: World) -> None:
    """Give the holder of the record an action, and record who was told of the plan."""
    record_id, owner = world.record.record_id, ActionOwner(colleague_id=world.holder.user_id)
    due_on = london_today() + timedelta(days=9)
    adding = AddAction(command_id=new_id(), record_id=record_id, text=ACTION_TEXT, due_on=due_on, owner=owner)
    world.action = await world.ask(world.administrator, adding)
    telling = RecordPlanTold(command_id=new_id(), record_id=record_id, party="family", why_not=ACTION_TEXT)
    await world.ask(world.creator, telling)


async def _fill_notifier(world: World, pools: ServicePools, registers: Registers) -> None:
    shared = context_of("notifier", pools, world.rig.wire, registers)
    service = notifier_of(shared, notifier_settings())
    await start(shared, Service(answers=service.answers, followers=service.followers))
    bodies = organisation_compartment(world.organisation_id).bodies
    notice = a_routine_notice(reference=world.record.reference, bodies=bodies)
    about = notice.model_copy(update={"record_id": world.record.record_id})
    await Handlers(notifier_context(shared, notifier_settings())).tell(about)
    world.mail_id = (await world.ask(world.administrator, ListMails())).mails[0].mail_id


async def _fill_upload(world: World, owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Begin an upload, and add the rows that its background job would add."""
    start = StartUpload(command_id=world.upload_id, file_name="Wallflower.csv", size=len(FILE))
    await world.ask(world.creator, start)
    await world.ask(world.creator, PutUploadChunk(upload_id=world.upload_id, number=0, content=FILE))
    await owner.execute(CHECK_UPLOAD, world.upload_id, world.organisation_id)
    await owner.execute(ADD_UPLOAD_ROW, world.upload_id, world.record.record_id, world.record.reference)
    await owner.execute(ADD_MAPPING, world.organisation_id, world.creator.user_id)


async def _fill_rows(world: World, owners: Owners) -> None:
    """Add the rows that need another register or a finished report, and find the ids that the services gave."""
    asked = AskReversal(command_id=new_id(), reference=world.archived.reference, reason="Wrong person")
    await world.ask(world.administrator, asked)
    world.reversal_id = (await world.ask(world.second, ListReversals())).reversals[0].reversal_id
    amber = unasked(**a_person(first_name="Wallflower", risk_level="amber"))
    added = await world.ask(colleague_of(world.creator), amber)
    await world.rig.tell()
    tasks = await world.ask(world.administrator, ListTasks())
    world.task_id = next(each.task_id for each in tasks.urgent if each.record_id == world.record.record_id)
    world.agenda = next(each for each in tasks.agenda if each.record_id == added.record_id)
    await owners["referrals"].execute(
        "INSERT INTO ending_decision (id, record_id, body, reason, person_told, decided_by, decided_by_name) "
        "VALUES (gen_random_uuid(), $1, 'council:one', 'Safe now', true, $2, 'Jayne Billings')",
        world.record.record_id,
        world.creator.user_id,
    )
    record, agenda = (world.record.record_id, world.record.reference), (world.agenda.record_id, world.agenda.reference)
    await world.meetings.add(owners["outcomes"], world.administrator, world.second, record, agenda)
    await owners["referrals"].execute(
        "INSERT INTO consent_to_confirm (record_id, upload_id, authority, due_on, named_by, named_by_name, named_at) "
        "VALUES ($1, $2, 'Agreed by the board', '2030-01-01', $3, 'Jayne Billings', now())",
        world.record.record_id,
        world.upload_id,
        world.creator.user_id,
    )
    await owners["referrals"].execute("SELECT fold_deltas()")
    # counted by rows that are not folded, and in no row of the upload
    world.absent = (
        await world.ask(world.creator, unasked(**a_person(first_name="Wallflower", nhs_number="")))
    ).reference
    await owners["reports"].execute("INSERT INTO chunk VALUES ($1, 0, 0, $2)", world.job.job_id, FILE)
    await owners["reports"].execute(FINISH_JOB, world.job.job_id, world.organisation_id)
    await owners["reports"].execute(ADD_REPORT_ROW, world.reporter.user_id, [world.record.record_id])
    await owners["notifier"].execute(
        "UPDATE mail SET state = 'failed', ended_at = now(), subject = NULL, body = NULL WHERE id = $1", world.mail_id
    )
    await owners["notifier"].execute(
        "INSERT INTO record_moved (record_id, version, bodies) VALUES ($1, 1, '{council:one}')", world.record.record_id
    )


def an_update(world: World, **changes: str) -> UpdateRecord:
    """Return an update of the first record, which keeps its person."""
    answers = a_referral(**(world.person | changes))
    record = world.record
    return UpdateRecord(command_id=new_id(), record_id=record.record_id, version=record.version, answers=answers)


def the_same_person(world: World) -> SubmitRecord:
    return unasked(**world.person)
