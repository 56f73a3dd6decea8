"""The test rig of uploads: a user who loads spreadsheets, the background job, and files in the register's words."""

import asyncio
import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.referrals.loading.files import read_table
from services.referrals.loading.table import FileTable, Limits
from services.referrals.uploads.working import UploadWork
from shared.contracts.identity import ListOrganisations, Organisation, Organisations
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.loading import (
    CHUNK_BYTES,
    CancelUpload,
    FinishUpload,
    ListUploadRows,
    MapUpload,
    ProcessUpload,
    PutUploadChunk,
    ReadFailedRows,
    ReadUpload,
    RowTab,
    StartUpload,
    UploadPurpose,
    UploadRow,
    UploadShown,
)
from shared.fake_bus import FakeBus
from shared.organisations import OrganisationNames
from shared.permissions import AccountGrant, Role, Visitor
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition
from tests.services.referrals.builders import a_referral, a_visitor, new_id
from tests.services.referrals.people import a_person
from tests.services.referrals.rig import Referrals

FILE_NAME = "our list.csv"
BORN = "1998-02-23"  # cannot be read as month and day
END_OTHERS = """
    UPDATE upload SET state = 'cancelled', ended_at = now(), fault = NULL WHERE ended_at IS NULL
"""

Person = Mapping[str, Answer]


def a_loader(role: Role = Role.ADMINISTRATOR, *organisations: UUID, user_id: UUID | None = None) -> Visitor:
    """Return a user who may load records from a spreadsheet."""
    visitor = a_visitor(role, *organisations, user_id=user_id)
    return visitor.model_copy(update={"grants": (AccountGrant.BULK_LOAD,)})


def a_row(**changes: Answer) -> dict[str, Answer]:
    """Return the answers of a new person, with these changes."""
    return a_referral(**a_person(**{"date_of_birth": BORN} | changes))


def a_file(register: Definition, people: Iterable[Person], **specials: list[str]) -> bytes:
    """
    Return a CSV file of these people, in the words of the register's template.

    `specials` are further columns by their heading, each with a cell for every row.
    """
    rows = list(people)
    asked = [question for question in register.form.asked if any(question.name in row for row in rows)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*(question.label for question in asked), *specials])
    for number, row in enumerate(rows):
        cells = [_cell(question, row.get(question.name, "")) for question in asked]
        writer.writerow([*cells, *(column[number] for column in specials.values())])
    return out.getvalue().encode()


def _cell(question: Question, answer: Answer) -> str:
    """Return an answer as a user types it into a spreadsheet."""
    if not isinstance(answer, str):
        return "; ".join(question.labels.get(each, each) for each in answer)
    if question.kind == "date" and answer[:1].isdigit():
        return date.fromisoformat(answer).strftime("%d/%m/%Y")
    return question.labels.get(answer, answer)


async def read_in_this_process(content: bytes, file_name: str, limits: Limits, sheet: str = "") -> FileTable:
    """Read a file as the product does, but without a process of its own, which takes most of a test's time."""
    return await asyncio.to_thread(read_table, content, file_name, limits, sheet)


@dataclass(frozen=True)
class Loader:
    """A user and the service: upload a file, let the job work on it, and read what became of it."""

    referrals: Referrals
    user: Visitor
    work: UploadWork
    names: list[Organisation] = field(default_factory=list)

    @classmethod
    async def open(cls, referrals: Referrals, user: Visitor) -> "Loader":
        names: list[Organisation] = []

        async def organisations(_asked: object, _context: object) -> Organisations:
            return Organisations(organisations=tuple(names))

        await referrals.grants(user)
        await FakeBus("identity", referrals.wire).answer(ListOrganisations, organisations)
        work = UploadWork(referrals.context, OrganisationNames(referrals.context.bus))
        return cls(referrals, user, work, names)

    @property
    def register(self) -> Definition:
        return self.referrals.context.latest(self.user)

    def file(self, *people: Person, **specials: list[str]) -> bytes:
        return a_file(self.register, people, **specials)

    async def send(self, content: bytes, file_name: str = FILE_NAME) -> UploadShown:
        """Upload a file, which is not read yet."""
        started = await self.start(len(content), file_name)
        await self.put(started.upload_id, content)
        return await self.finish(started.upload_id, content)

    async def start(self, size: int = 10, file_name: str = FILE_NAME, purpose: UploadPurpose = "load") -> UploadShown:
        asked = StartUpload(command_id=new_id(), file_name=file_name, size=size, purpose=purpose)
        return await self.referrals.ask(self.user, asked)

    async def put(self, upload_id: UUID, content: bytes) -> None:
        for number, first in enumerate(range(0, len(content), CHUNK_BYTES)):
            part = content[first : first + CHUNK_BYTES]
            await self.referrals.ask(self.user, PutUploadChunk(upload_id=upload_id, number=number, content=part))

    async def finish(self, upload_id: UUID, content: bytes) -> UploadShown:
        digest, chunks = hashlib.sha256(content).hexdigest(), -(-len(content) // CHUNK_BYTES)
        asked = FinishUpload(command_id=new_id(), upload_id=upload_id, chunks=chunks, sha256=digest)
        return await self.referrals.ask(self.user, asked)

    async def until_idle(self) -> None:
        """Let the job do all work that waits."""
        while await self.work.work_next():
            pass

    async def check(self, content: bytes, file_name: str = FILE_NAME) -> UploadShown:
        """Upload a file, and have its rows checked. Values that are not known are left open."""
        sent = await self.send(content, file_name)
        await self.until_idle()
        shown = await self.read(sent.upload_id)
        labels = {question.label: question.name for question in self.register.form.asked}
        meant = {each.place: each.target or labels.get(each.heading) for each in shown.columns}
        while shown.state == "mapping" and None not in meant.values():
            await self.map(shown.upload_id, {place: target or "" for place, target in meant.items()})
            await self.until_idle()
            shown = await self.read(sent.upload_id)
        return shown

    async def load(self, content: bytes) -> UploadShown:
        """Upload a file, and put its rows on the register."""
        checked = await self.check(content)
        await self.process(checked.upload_id)
        await self.until_idle()
        return await self.read(checked.upload_id)

    async def process(self, upload_id: UUID) -> UploadShown:
        return await self.referrals.ask(self.user, ProcessUpload(command_id=new_id(), upload_id=upload_id))

    async def cancel(self, upload_id: UUID) -> UploadShown:
        return await self.referrals.ask(self.user, CancelUpload(command_id=new_id(), upload_id=upload_id))

    async def map(self, upload_id: UUID, columns: dict[int, str]) -> UploadShown:
        return await self.referrals.ask(self.user, MapUpload(command_id=new_id(), upload_id=upload_id, columns=columns))

    async def read(self, upload_id: UUID) -> UploadShown:
        return await self.referrals.ask(self.user, ReadUpload(upload_id=upload_id))

    async def rows(self, upload_id: UUID, tab: RowTab, page: int = 1) -> tuple[UploadRow, ...]:
        asked = ListUploadRows(upload_id=upload_id, tab=tab, page=page)
        return (await self.referrals.ask(self.user, asked)).rows

    async def failed_rows(self, upload_id: UUID) -> bytes:
        """Return the whole file of failed rows."""
        content, number, more = b"", 0, True
        while more:
            part = await self.referrals.ask(self.user, ReadFailedRows(upload_id=upload_id, number=number))
            content, number, more = content + part.content, number + 1, part.more
        return content


def counts(shown: UploadShown) -> tuple[int, int, int, int]:
    """Return how many rows are new, updated, ended and errors."""
    return shown.counts.new, shown.counts.updated, shown.counts.ended, shown.counts.errors


def an_organisation(organisation_id: UUID, name: str) -> Organisation:
    return Organisation(organisation_id=organisation_id, name=name, domain="example.nhs.uk")
