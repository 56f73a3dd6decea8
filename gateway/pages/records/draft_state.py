"""What a page of the new form knows of its draft, in hidden fields, and what it says when another page was faster."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.security.ids import id_or_none
from gateway.ui.form import Posted, number_of
from gateway.ui.formats import day_and_time
from gateway.ui.navigation import PATHS
from gateway.ui.render import show_part
from shared.contracts.referrals.drafts import DraftChanged, DraftSeen
from shared.ids import new_id

VERSION, SAVE, OVER = "draft_version", "draft_save", "over"
SAVE_DRAFT = "records/new/draft"
OVERTAKEN = "draft-overtaken"  # the id of the warning's place on the page
DIGITS = 9


@dataclass(frozen=True)
class OverButton:
    """The button with which a user decides that their page replaces the newer draft."""

    label: str
    at: str
    version: int


def first_seen(version: int = 0) -> DraftSeen:
    """Return what a newly opened page knows of its draft."""
    return DraftSeen(version=version, save_id=new_id())


def draft_seen(posted: Posted) -> DraftSeen:
    """
    Return what the page knew that sent the form. A page that says nothing counts as one that has seen no draft.

    A user who was shown that there is a newer draft, and decides for their own page, has seen the newer one.
    """
    version = number_of(str(posted.get(OVER) or posted.get(VERSION, "")), DIGITS) or 0
    return DraftSeen(version=version, save_id=id_or_none(posted.get(SAVE)) or new_id())


def draft_fields(seen: DraftSeen) -> list[tuple[str, str]]:
    return [(VERSION, str(seen.version)), (SAVE, seen.save_id.hex)]


def save_address(request: web.Request) -> str:
    return request[REGISTER].address(SAVE_DRAFT)


def newer_panel(request: web.Request, command: UUID, changed: DraftChanged, *, is_sent: bool = False) -> Markup:
    """
    Return the warning that another page saved the draft, with links to both ways on.

    `is_sent`: the user wants to add the record, and not to save the draft.
    """
    register = request[REGISTER]
    words, new = register.words, register.address(PATHS["submit"])
    if is_sent:
        choice, over = words("draft.changed_add"), OverButton(words("draft.add_over"), new, changed.version)
    else:
        choice = words("draft.changed_save")
        over = OverButton(words("draft.save_over"), save_address(request), changed.version)
    return _panel(
        request,
        words("draft.changed_heading"),
        [words("draft.changed", when=day_and_time(changed.saved_at)), choice],
        (words("draft.open_newer"), f"{new}?draft={command.hex}"),
        over,
    )


def added_panel(request: web.Request, record_id: UUID | None) -> Markup:
    """Return the warning that the form was sent before, with a link to what it added if that is the user's own."""
    register = request[REGISTER]
    words = register.words
    link = (words("draft.open_added"), register.record_address(record_id)) if record_id else None
    return _panel(request, words("draft.added_heading"), [words("draft.added")], link)


def discarded_panel(request: web.Request) -> Markup:
    words = request[REGISTER].words
    return _panel(request, words("draft.gone_heading"), [words("draft.gone")])


def _panel(
    request: web.Request,
    heading: str,
    texts: list[str],
    link: tuple[str, str] | None = None,
    over: OverButton | None = None,
) -> Markup:
    return show_part(request, "records/overtaken.html", heading=heading, texts=texts, link=link, over=over, field=OVER)
