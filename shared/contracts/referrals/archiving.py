"""How outcomes has a record taken off its register."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Command, Message, Process, Request


class RecordChecked(Message):
    """What another service may know of a record: nothing about the person."""

    record_id: UUID
    organisation_id: UUID
    version: int
    archived: bool


class CheckRecord(Request[RecordChecked]):
    """How a record stands, active or archived. Refused as `not_found`. Not audited, since nobody reads of a person."""

    subject: ClassVar[str] = "ask.referrals.check_record"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID


class ArchiveRecord(Command[RecordReceipt]):
    """
    Take a record off the register, for an outcome that outcomes holds as pending. Idempotent by the command's id.

    Refused as `not_found`, `archived` (for another outcome), `conflict` (with the `version` that is there now),
    `unknown_edition`, or `given_up`.
    """

    subject: ClassVar[str] = "ask.referrals.archive_record"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)
    refusals: ClassVar[tuple[str, ...]] = ("not_found", "archived", "conflict", "given_up", "unknown_edition")

    record_id: UUID
    version: int


class FinishArchive(Command[RecordReceipt]):
    """
    An `ArchiveRecord` asked again, under its own id, when the person who asked has left the room.

    The caller names that person, whose present grant is asked of identity. Refused as the first, or as `no_grant`.
    """

    subject: ClassVar[str] = "ask.referrals.finish_archive"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)
    refusals: ClassVar[tuple[str, ...]] = (*ArchiveRecord.refusals, "no_grant")

    register_code: str
    record_id: UUID
    version: int


class ArchiveFate(Message):
    """Whether the record was archived under this id; if not, it never will be."""

    archived: bool


class RefuseArchive(Command[ArchiveFate]):
    """Give up the `ArchiveRecord` of this id: unless it was carried out, it is recorded as refused, for good."""

    subject: ClassVar[str] = "ask.referrals.refuse_archive"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    register_code: str
    record_id: UUID
