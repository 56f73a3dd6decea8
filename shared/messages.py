"""The shapes of everything that is said on the bus: requests, events, broadcasts, and refusals."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Generic, Literal, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Process = Literal["gateway", "identity", "referrals", "outcomes", "notifier", "reports"]
PROCESSES: tuple[Process, ...] = ("gateway", "identity", "referrals", "outcomes", "notifier", "reports")
SERVICES: tuple[Process, ...] = ("identity", "referrals", "outcomes", "notifier", "reports")


class Message(BaseModel):
    """Frozen, and silent about its content when it does not validate: the content is about people."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Nothing(Message):
    """The reply that says only that the work is done."""


Found = TypeVar("Found")
Reply_co = TypeVar("Reply_co", bound=Message, covariant=True)


class Request(Message, Generic[Reply_co]):
    """A question to one service. A subclass names its subject, the reply (`LogIn(Request[Attempt])`) and who asks."""

    subject: ClassVar[str]
    asked_by: ClassVar[tuple[Process, ...]] = ("gateway",)

    @classmethod
    def reply_type(cls) -> type[Reply_co]:
        for ancestor in cls.__mro__:
            metadata = ancestor.__dict__.get("__pydantic_generic_metadata__")
            if metadata and metadata["origin"] and not isinstance(metadata["args"][0], TypeVar):
                return cast(type[Reply_co], metadata["args"][0])
        raise TypeError(f"{cls.__name__} names no reply")

    @classmethod
    def service(cls) -> str:
        """The service that answers: the second word of `ask.<service>.<verb>`."""
        return cls.subject.split(".")[1]


class Command(Request[Reply_co]):
    """A request that changes something. The asker makes its id, once for each thing meant."""

    command_id: UUID


class Letter(Request[Nothing]):
    """A request that waits in the outbox until it is answered; asked twice under one id, it is done once."""

    letter_id: UUID


class Event(BaseModel):
    """
    A fact about a record, told after commit: ids, never people.

    Readers ignore fields they do not know, so that an added field breaks nobody. A field is never removed or given
    another meaning: that is a new `edition` with its own type at the end, both told for a time.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    kind: ClassVar[str]
    edition: ClassVar[int] = 1
    told_by: ClassVar[Process]
    followed_by: ClassVar[tuple[Process, ...]] = ()
    family: ClassVar[Literal["event", "notice"]] = "event"

    event_id: UUID
    occurred_at: datetime
    register_code: str
    organisation_id: UUID
    record_id: UUID
    version: int

    def subject(self) -> str:
        """`event.<register>.<organisation>.<kind>`, so that permissions can separate registers and organisations."""
        return f"{self.family}.{self.register_code}.{self.organisation_id.hex}.{self.kind}"

    def event_type(self) -> str:
        """The CloudEvents type, for example `dsr-referral-created-1`."""
        return f"{self.register_code}-{self.kind}-{self.edition}"


class Broadcast(Message):
    """Said once on core NATS to every process that listens; nobody may rely on having heard it."""

    subject: ClassVar[str]
    told_by: ClassVar[tuple[Process, ...]]
    heard_by: ClassVar[tuple[Process, ...]]


class Fault(StrEnum):
    """Why a request was not answered, for reasons that are nobody's fault in the room."""

    UNREADABLE = "unreadable"
    NOT_ALLOWED = "not_allowed"
    NOT_SIGNED_IN = "not_signed_in"
    BUSY = "busy"
    TOO_LATE = "too_late"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


class Refused(Exception):
    """What a user may be told: a code that a page knows the words for, and ids or counts, never people's values."""

    def __init__(self, code: str, **details: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def must_find(found: Found | None) -> Found:
    """What was looked for. Refused as `not_found` when it is not there, or not for the asker to see."""
    if found is None:
        raise Refused("not_found")
    return found


class NotAnswered(Exception):
    """The other side could not answer; what happened there is unknown unless the fault says that it never began."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault
