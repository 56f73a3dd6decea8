"""The base classes of everything on the bus: requests, events, broadcasts and refusals."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Generic, Literal, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import log
from shared.registers.bodies import body_token

Process = Literal["gateway", "identity", "referrals", "outcomes", "notifier", "reports"]
PROCESSES: tuple[Process, ...] = ("gateway", "identity", "referrals", "outcomes", "notifier", "reports")
SERVICES: tuple[Process, ...] = ("identity", "referrals", "outcomes", "notifier", "reports")


class Message(BaseModel):
    """A frozen message. Validation errors hide its content, which is about people."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Nothing(Message):
    """A reply without content: the work is done. Also the details of a refusal that has none."""


class Refusal(Message):
    """A refusal with details: ids, counts or codes that pages read, never data about people. A subclass is its type."""

    code: ClassVar[str]


Refusals = tuple[str | type[Refusal], ...]


Found = TypeVar("Found")
Reply_co = TypeVar("Reply_co", bound=Message, covariant=True)


class Request(Message, Generic[Reply_co]):
    """
    A request to one service. A subclass names its subject, its reply (`LogIn(Request[Attempt])`) and who may ask.

    `refusals` is what the service may refuse it as: a code, or a type where details come with the code. The docstring
    says when.
    """

    subject: ClassVar[str]
    asked_by: ClassVar[tuple[Process, ...]] = ("gateway",)
    refusals: ClassVar[Refusals] = ()

    @classmethod
    def reply_type(cls) -> type[Reply_co]:
        for ancestor in cls.__mro__:
            metadata = ancestor.__dict__.get("__pydantic_generic_metadata__")
            if metadata and metadata["origin"] and not isinstance(metadata["args"][0], TypeVar):
                return cast(type[Reply_co], metadata["args"][0])
        raise TypeError(f"{cls.__name__} names no reply")

    @classmethod
    def read_reply(cls, body: str | bytes) -> Reply_co:
        """Read a reply as it was sent. Raise `NotAnswered(broken)` if it does not fit the contract."""
        try:
            return cls.reply_type().model_validate_json(body)
        except ValidationError:
            log.warn("bus.reply_unreadable", subject=cls.subject)
            raise NotAnswered(Fault.BROKEN) from None

    @classmethod
    def service(cls) -> str:
        """Return the service that answers: the second word of `ask.<service>.<verb>`."""
        return cls.subject.split(".")[1]

    @classmethod
    def refused_as(cls) -> frozenset[str]:
        """Return every code that the service may refuse the request as: its own, and those of all its base classes."""
        return frozenset(cls.refusal_details())

    @classmethod
    def refusal_details(cls) -> dict[str, type[Message]]:
        """Return the type of the details for each code of `refused_as`: `Nothing` for a code without details."""
        named = (each for kind in reversed(cls.__mro__) for each in vars(kind).get("refusals", ()))
        return dict((each, Nothing) if isinstance(each, str) else (each.code, each) for each in named)

    @classmethod
    def names(cls, refusal: "Refused") -> bool:
        """Return whether the contract names this refusal, with details of this type."""
        return cls.refusal_details().get(refusal.code) is type(refusal.details)

    @classmethod
    def read_refusal(cls, code: str, details: str | bytes) -> "Refused":
        """Read a refusal as it was sent. Raise `NotAnswered(broken)` if its details do not fit the contract."""
        try:
            read = cls.refusal_details().get(code, Nothing).model_validate_json(details)
        except ValidationError:
            log.warn("bus.reply_unreadable", subject=cls.subject)
            raise NotAnswered(Fault.BROKEN) from None
        return Refused(read if isinstance(read, Refusal) else code)


class Command(Request[Reply_co]):
    """
    A request that changes something. The asker makes its id, one for each intended change.

    Refused as `command_reused` when the id was used with other content, or by another user.
    """

    refusals: ClassVar[Refusals] = ("command_reused",)

    command_id: UUID


class Letter(Request[Nothing]):
    """A request that waits in the outbox until it is answered. Idempotent by `letter_id`."""

    letter_id: UUID


class Event(BaseModel):
    """
    A fact about a record, published after commit. It holds ids, never data about people.

    Readers ignore unknown fields, so adding a field breaks no reader. A field is never removed or given another
    meaning. Such a change needs a new `edition`, which changes the event's type; both are published for a time.
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
    bodies: tuple[str, ...] = Field(min_length=1)
    record_id: UUID
    version: int
    noun: str = Field(default="", description="The register's word for a record, where it is part of the type.")

    def subjects(self) -> tuple[str, ...]:
        """
        Return `event.<register>.<body>.<kind>` for the first body and `copy.…` for each other one.

        Permissions can separate registers and bodies. A service that follows `event.>` takes each event once. A notice
        has only the first subject, because it is for the notifier alone.
        """
        first, *others = (f"{self.register_code}.{body_token(each)}.{self.kind}" for each in self.bodies)
        copies = others if "copy" in self.first_words() else ()
        return (f"{self.family}.{first}", *(f"copy.{each}" for each in copies))

    @classmethod
    def first_words(cls) -> tuple[str, ...]:
        """Return the first word of each subject of this kind."""
        return (cls.family, "copy") if cls.family == "event" else (cls.family,)

    def event_type(self) -> str:
        """Return the CloudEvents type, for example `dsr-referral-created-1`."""
        words = (self.register_code, self.noun, self.kind, str(self.edition))
        return "-".join(word for word in words if word)


class Broadcast(Message):
    """A message sent once on core NATS to every process that listens. Delivery is not guaranteed."""

    subject: ClassVar[str]
    told_by: ClassVar[tuple[Process, ...]]
    heard_by: ClassVar[tuple[Process, ...]]


class Fault(StrEnum):
    """Why a request got no answer. A refusal is an answer, and is not among these."""

    UNREADABLE = "unreadable"
    NOT_ALLOWED = "not_allowed"
    NOT_SIGNED_IN = "not_signed_in"
    BUSY = "busy"
    TOO_LATE = "too_late"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


class Refused(Exception):
    """A refusal: a code that the page has words for, with typed details if its contract names a type."""

    def __init__(self, reason: str | Refusal) -> None:
        self.code = reason if isinstance(reason, str) else reason.code
        self.details: Message = Nothing() if isinstance(reason, str) else reason
        super().__init__(self.code)


def must_find(found: Found | None) -> Found:
    """Return `found`. Refused as `not_found` when it is None: missing, or outside the asker's scope."""
    if found is None:
        raise Refused("not_found")
    return found


class NotAnswered(Exception):
    """Raised when a service gave no answer. The outcome is unknown, unless the fault says that the work never began."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault
