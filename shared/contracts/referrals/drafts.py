"""Drafts: what a user typed into a form and has not sent. Kept for that user alone until sent, discarded or expired."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.messages import Message, Nothing, Refusal, Refusals, Request
from shared.typed import TypedText

MOST_DRAFTS = 20
DRAFT_DAYS = 7

FieldName = Annotated[str, Field(max_length=100)]
Typing = Annotated[TypedText, Field(max_length=200_000)]
Typed = dict[FieldName, Annotated[tuple[Typing, ...], Field(max_length=200)]]
"""Field name → its values as the form would send them, unchecked."""


class DraftSeen(Message):
    """
    What a page knows of its draft: the version that it shows or saved last, 0 before the first save.

    `save_id` names the page's next save. The page keeps it until that save is answered.
    """

    version: int = Field(ge=0)
    save_id: UUID


class DraftSaved(Message):
    saved_at: datetime
    version: int


class DraftChanged(Refusal):
    """Another page, or another computer, has saved the draft since: at `saved_at`, as `version`."""

    code: ClassVar[str] = "draft_changed"

    version: int
    saved_at: datetime


class DraftSent(Refusal):
    """The form was carried out. `record_id` is what it added, for the user who sent it."""

    code: ClassVar[str] = "sent"

    record_id: UUID | None = None


class TooManyDrafts(Refusal):
    """The user has as many drafts as a user may have: `most`."""

    code: ClassVar[str] = "too_many"

    most: int


class SaveDraft(Request[DraftSaved]):
    """
    Save the content of a form that adds a record. `draft_id` is the id of the command that the form will be sent as.

    Refused as `draft_changed` (with `version` and `saved_at`) when it was saved since `seen`: nothing is changed then.

    Refused as `no_consent` (nothing is kept), `sent` (with the `record_id` that the form added), `discarded`,
    `too_big`, `too_many` (with `most`) or `unknown_edition`.
    """

    subject: ClassVar[str] = "ask.referrals.save_draft"
    refusals: ClassVar[Refusals] = (
        "no_consent",
        DraftSent,
        DraftChanged,
        "discarded",
        "too_big",
        TooManyDrafts,
        "unknown_edition",
    )

    draft_id: UUID
    seen: DraftSeen
    edition: str
    typed: Typed = Field(repr=False, max_length=500)


class DraftNamed(Message):
    """A draft in a list. `name` is the person's name as typed so far, or empty."""

    draft_id: UUID
    name: str = Field(repr=False)
    started_at: datetime
    saved_at: datetime


class Drafts(Message):
    drafts: tuple[DraftNamed, ...]


class ListDrafts(Request[Drafts]):
    """List the asker's own drafts, the last saved first. Audited."""

    subject: ClassVar[str] = "ask.referrals.list_drafts"


class DraftShown(Message):
    """A draft to continue. `edition` is the one whose form it was typed into."""

    draft: DraftNamed
    version: int
    edition: str
    typed: Typed = Field(repr=False)


class ReadDraft(Request[DraftShown]):
    """
    Read one draft of the asker. Audited.

    Refused as `sent` (with `record_id`) when the asker has sent it, and as `not_found` for an unknown draft or another
    user's.
    """

    subject: ClassVar[str] = "ask.referrals.read_draft"
    refusals: ClassVar[Refusals] = (DraftSent, "not_found")

    draft_id: UUID


class DiscardDraft(Request[Nothing]):
    """Delete the draft with this id, and refuse later saves under it. Succeeds even when there is no draft."""

    subject: ClassVar[str] = "ask.referrals.discard_draft"

    draft_id: UUID
