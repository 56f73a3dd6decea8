"""The list of reviews that are due, with a button on each row that records a review without a change."""

from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.security.ids import sent_id
from gateway.ui.actions import ask, notice, see_other
from gateway.ui.ages import days_since
from gateway.ui.form import number_of
from gateway.ui.formats import light, lines, plain_link, rating_mark
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.clock import utc_now
from shared.contracts.referrals.reviews import DUE_AT_ONCE, MOST_DUE, Due, DueReview, DueReviews, ListDueReviews
from shared.contracts.referrals.saving import ReviewRecord
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import show_date

PATH = "reviews/"
FORM = "review-form"
SOON = "soon"
DUE: tuple[Due, ...] = ("overdue", "soon")
MOST_DIGITS = 10
MOST_PAGES = MOST_DUE // DUE_AT_ONCE
REFUSALS = {"conflict": "changed", "archived": "ended", "not_found": "ended", "not_yours": "not_yours"}
"""What the list says of a review that was refused, by the code of the refusal."""


async def show_due(request: web.Request) -> web.Response:
    register, due = _reviewing(request), _due_in(request)
    page = min(max(number_of(request.query.get("page"), 3) or 1, 1), MOST_PAGES)
    found = await ask(request, ListDueReviews(due=due, page=page))
    words = register.words
    tabs = words.group("records.reviews")
    return await show(
        request,
        "reviews/list.html",
        said=_said(request, found),
        done=request.query.get("notice") == "reviewed",
        due=due,
        tabs=[(tabs[each], due_address(register, each), each == due) for each in DUE],
        lead=words.group("reviews.leads")[due],
        empty=words.group("reviews.none")[due],
        unset=unset_of(register),
        form_id=FORM,
        columns=_columns(words),
        rows=[_row(register, each) for each in found.rows],
        counted=_counted(words, found),
        steps=_steps(register, due, page, found),
        listed=f"{register.address(PATHS['records'])}?review={due}&sort=review",
    )


async def confirm(request: web.Request) -> web.Response:
    """Record that a review changed nothing, and return to the list, which says why if it could not be recorded."""
    register, due = _reviewing(request), _due_in(request)
    record, version, command = _review_in(str((await request.post()).get("review", "")))
    here = due_address(register, due)
    try:
        await ask(request, ReviewRecord(command_id=command, record_id=record, version=version))
    except Refused as refusal:
        if refusal.code not in REFUSALS:
            raise
        return see_other(f"{here}{'&' if '?' in here else '?'}record={record.hex}&notice={REFUSALS[refusal.code]}")
    return see_other(f"{here}{'&' if '?' in here else '?'}notice=reviewed")


def due_address(register: Definition, due: Due = "overdue") -> str:
    """Return the address of the list of reviews that are due so."""
    return register.address(PATH) + (f"?due={due}" if due == SOON else "")


def unset_of(register: Definition) -> str:
    """Return which levels have no interval, so that their reviews are never due; empty if every level has one."""
    reviews = register.reviews
    unset = [name for name in reviews.names if reviews.days(name) is None] if reviews else []
    if not unset or reviews is None:
        return ""
    if len(unset) == len(reviews.names):
        return register.words("reviews.none_set")
    return register.words("reviews.some_unset", levels=", ".join(level_label(register, name) for name in unset))


def level_label(register: Definition, name: str) -> str:
    """Return the words of a level with an interval of its own, or of the one interval of a register without ratings."""
    level = register.rating.level(name) if register.rating else None
    return level.label if level else register.words("reviews.every")


def _reviewing(request: web.Request) -> Definition:
    """Return the register. Raise 404 for one that does not review its records."""
    register = request[REGISTER]
    if register.reviews is None:
        raise web.HTTPNotFound
    return register


def _due_in(request: web.Request) -> Due:
    return "soon" if request.query.get("due") == SOON else "overdue"


def _review_in(sent: str) -> tuple[UUID, int, UUID]:
    """Return the record, the version that the list showed, and the command id of a button. Raise 400 if malformed."""
    record, version, command = (*sent.split("-"), "", "")[:3]
    if not (version.isascii() and version.isdigit() and len(version) < MOST_DIGITS):
        raise web.HTTPBadRequest
    return sent_id(record), int(version), sent_id(command)


def _said(request: web.Request, found: DueReviews) -> str:
    """Return what the last pressed button did. A review that was refused names the record, if it is still listed."""
    words = request[REGISTER].words
    about = next((each.reference for each in found.rows if each.record_id.hex == request.query.get("record")), "")
    texts = {
        "reviewed": words("record.reviewed_done"),
        "changed": words("reviews.changed"),
        "ended": words("reviews.ended"),
        "not_yours": words("reviews.not_yours"),
    }
    said = notice(request, texts)
    return f"{about}: {said}" if said and about else said


def _columns(words: Words) -> list[Column]:
    return [
        Column(words("reviews.columns.name")),
        Column(words("reviews.columns.due")),
        Column(words("reviews.columns.holder")),
        Column(words("reviews.columns.review")),
    ]


def _row(register: Definition, found: DueReview) -> list[Cell]:
    words = register.words
    name = plain_link(found.name, register.record_address(found.record_id))
    born = light(show_date(found.born)) if found.born else ""
    reference = Markup('<span class="ics-work__reference">{}</span>').format(found.reference)
    age = words("records.rated", when=days_since(found.rated_at, utc_now(), words)) if found.rating else ""
    whom = lines(name, born, rating_mark(register, found.rating), light(age), reference)
    return [whom, show_date(found.due_on), found.holder, _button(words, found) if found.may_review else ""]


def _button(words: Words, found: DueReview) -> Markup:
    """Return the button of the page's only form. It sends the version shown, and a command id of its own."""
    return Markup(
        '<button class="nhsuk-button nhsuk-button--small nhsuk-button--secondary ics-work__button"'
        ' data-module="nhsuk-button" data-prevent-double-click="true" type="submit" form="{}" name="review"'
        ' value="{}-{}-{}">{}<span class="nhsuk-u-visually-hidden"> {}</span></button>'
    ).format(FORM, found.record_id.hex, found.version, new_id().hex, words("record.reviewed"), found.name)


def _counted(words: Words, found: DueReviews) -> str:
    count = f"{found.matches:,}"
    return words("reviews.counted_more", count=count) if found.capped else words("reviews.counted", count=count)


def _steps(register: Definition, due: Due, page: int, found: DueReviews) -> list[Markup]:
    """Return the links to the page before and the page after."""
    words, here = register.words, due_address(register, due)
    joined = f"{here}{'&' if '?' in here else '?'}page="
    before = [plain_link(words("table.previous"), f"{joined}{page - 1}")] if page > 1 else []
    after = [plain_link(words("table.next"), f"{joined}{page + 1}")] if found.matches > page * DUE_AT_ONCE else []
    return before + after
