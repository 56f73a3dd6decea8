"""The requests by which outcomes archives a record."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.referrals.saving import Conflict, RecordReceipt
from shared.messages import Command, Message, Process, Refusals, Request
from shared.typed import TypedAnswers


class RecordChecked(Message):
    """
    The state of a record for another service. `bodies` make its compartment, and `rating` is the code of its rating.

    About the person it has only the date of birth, `born`, with which that service compares its own dates.
    `may_update`: the asker has the rights of its creator, while it is active. `kept_by` are its creator and its holder.
    """

    record_id: UUID
    bodies: tuple[str, ...]
    version: int
    is_open: bool
    born: date | None = Field(default=None, repr=False)
    rating: str | None = None
    reference: str = ""
    locality: str | None = None
    may_update: bool = False
    kept_by: tuple[UUID, ...] = ()


class CheckRecord(Request[RecordChecked]):
    """
    Read whether a record is active or archived. Refused as `not_found`. Not audited: no page shows it.

    `edition` is that of an outcome which is about to be recorded: the edition is in use from then on.
    """

    subject: ClassVar[str] = "ask.referrals.check_record"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)
    refusals: ClassVar[tuple[str, ...]] = ("not_found",)

    record_id: UUID
    edition: str | None = Field(default=None, max_length=20)


class ArchiveRecord(Command[RecordReceipt]):
    """
    Archive a record, for an outcome that outcomes holds as pending. Idempotent by the command's id.

    `leaving` says why, as answers to the register's form of that name; empty if it was not asked.

    Refused as `not_found`, `archived` (for another outcome), `conflict` (with the present `version`),
    `unknown_edition`, or `given_up`.
    """

    subject: ClassVar[str] = "ask.referrals.archive_record"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)
    refusals: ClassVar[Refusals] = ("not_found", "archived", Conflict, "given_up", "unknown_edition")

    record_id: UUID
    version: int
    leaving: TypedAnswers = Field(default={}, repr=False)


class FinishArchive(Command[RecordReceipt]):
    """
    Repeat an `ArchiveRecord` under its own id, after the user who asked has left.

    The caller names that user, and identity is asked for their present grant. Refused as `ArchiveRecord` is, or as
    `no_grant`.
    """

    subject: ClassVar[str] = "ask.referrals.finish_archive"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)
    refusals: ClassVar[Refusals] = (*ArchiveRecord.refusals, "no_grant")

    register_code: str
    record_id: UUID
    version: int
    leaving: TypedAnswers = Field(default={}, repr=False)


class ArchiveFate(Message):
    """Whether the record was archived under this id. If not, it never will be."""

    archived: bool


class RefuseArchive(Command[ArchiveFate]):
    """Give up the `ArchiveRecord` of this id: unless it was carried out, it is recorded as refused permanently."""

    subject: ClassVar[str] = "ask.referrals.refuse_archive"
    asked_by: ClassVar[tuple[Process, ...]] = ("outcomes",)

    register_code: str
    record_id: UUID
