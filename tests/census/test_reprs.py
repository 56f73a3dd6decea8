"""No class shows personal data or secrets in its repr, which exception texts, logs and test output repeat."""

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from datetime import date
from types import ModuleType

from markupsafe import Markup
from pydantic import BaseModel

import deploy
import gateway
import services
import shared

PERSONAL = frozenset(
    {
        # about a person on a register
        *("born", "family_name", "given_name", "lead_professional", "nhs_number", "phone", "postcode"),
        # what somebody typed
        *("after", "answer", "answers", "before", "note", "notes", "raw", "reason", "search"),
        *("text", "theirs", "typed", "value", "values", "yours"),
        # about a user
        *("address", "addresses", "by", "email", "first_name", "full_name", "last_name", "recipient", "to", "user"),
        *("asked_by", "changed_by", "created_by", "decided_by", "ended_by", "named_by", "proposed_by", "published_by"),
        *("recorded_by", "seen_by", "written_by"),
        # what gives access
        *("assertion", "attempt_token", "device_token", "key", "password", "pin", "secret", "session_token", "token"),
        *("who",),
        # parts of a page or a mail that hold any of these
        *("body", "cells", "facts", "lines", "rows"),
    }
)

A_BODY = "the code of an authority or a commissioner"
CONFIGURED = "a text of the product or of a register's definition"
COUNTS = "labels and counts of records"
SHOWN = {
    "ActionCard.note": CONFIGURED,
    "ActionCard.text": CONFIGURED,
    "At.text": CONFIGURED,
    "Births.after": "the bound of an age band",
    "BodyChoice.body": A_BODY,
    "ChartOf.rows": COUNTS,
    "Contact.phone": "the register team's, from the definition",
    "DecideEnding.body": A_BODY,
    "EndingDecision.body": A_BODY,
    "Entry.lines": CONFIGURED,
    "FakeWire.answers": "the handlers of services, by subject",
    "GuidanceTopic.lines": CONFIGURED,
    "Link.address": CONFIGURED,
    "Link.text": CONFIGURED,
    "MailShown.answer": "the mail server's code",
    "MailTemplate.body": CONFIGURED,
    "Manifest.rows": "the number of rows of each table",
    "MatchKey.key": "a hash",
    "Notification.addresses": "mailboxes of teams, from the definition",
    "Panel.notes": CONFIGURED,
    "Plan.notes": CONFIGURED,
    "PostgresUser.before": "the first words of a command",
    "RatingLine.notes": CONFIGURED,
    "ReadDashboard.body": A_BODY,
    "ReceiptText.reason": "a key of a definition",
    "ReceiptText.text": CONFIGURED,
    "RecordList.search": "names of questions",
    "RecordScope.by": "names of questions",
    "SpreadsheetLoad.values": "spellings of options, from the definition",
    "Tallies.answers": COUNTS,
    "UntoldRecords.reason": CONFIGURED,
    "Weeks.rows": COUNTS,
}
"""Fields that have such a name and are shown all the same, each with the reason."""


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def _classes() -> Iterator[type]:
    for package in (shared, services, gateway, deploy):
        for module in _modules(package):
            for _, each in inspect.getmembers(module, inspect.isclass):
                if each.__module__ == module.__name__:
                    yield each


def _shown(kind: type) -> Iterator[str]:
    """Yield the fields that the repr of a dataclass, a model or a named tuple shows, if it shows any."""
    if issubclass(kind, BaseModel):
        yield from (name for name, field in kind.model_fields.items() if field.repr)
    elif dataclasses.is_dataclass(kind) and "__repr__" in vars(kind):
        yield from (field.name for field in dataclasses.fields(kind) if field.repr)
    elif issubclass(kind, tuple):
        yield from getattr(kind, "_fields", ())


def _holds_text(hint: object) -> bool:
    """Return whether a field of this type shows a text or a day itself. A class of ours is judged by its own fields."""
    if typing.get_origin(hint) is typing.Literal:
        return False
    parts = typing.get_args(hint)
    return any(map(_holds_text, parts)) if parts else hint in (str, bytes, date, object, Markup)


def _personal(kinds: typing.Iterable[type]) -> set[str]:
    """Return the personal fields that these classes show, as `Class.field`."""
    return {
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name in PERSONAL.intersection(_shown(kind))
        if _holds_text(typing.get_type_hints(kind)[name])
    }


def test_no_repr_shows_personal_data() -> None:
    assert set(SHOWN) == _personal(_classes())


@dataclasses.dataclass
class _Telling:
    """A class that shows a name, hides a reason, and holds an id under a personal name."""

    full_name: str
    answers: dict[str, str | tuple[str, ...]]
    created_by: int
    reason: str = dataclasses.field(repr=False)


class _TellingModel(BaseModel):
    born: date | None


class _TellingTuple(typing.NamedTuple):
    text: str


@dataclasses.dataclass(repr=False)
class _Silent:
    full_name: str


def test_the_check_finds_what_is_shown() -> None:
    found = _personal([_Telling, _TellingModel, _TellingTuple, _Silent])

    assert {"_Telling.full_name", "_Telling.answers", "_TellingModel.born", "_TellingTuple.text"} == found
