"""The list of actions: one's own, and for the team all that are open, overdue, to be confirmed or closed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import get_args
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, VISITOR
from gateway.pages.actions.action_cells import became_of_it, due_cell, owner_text, person_cell, text_cell
from gateway.pages.actions.addresses import actions_address, has_actions
from gateway.security.ids import sent_id
from gateway.ui.actions import ask, ask_if_there, notice, see_other
from gateway.ui.form import number_of
from gateway.ui.formats import plain_link
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.clock import london_today
from shared.contracts.actions import (
    MOST_ACTIONS,
    ActionCounts,
    ActionFilter,
    ActionPage,
    ActionShown,
    CountActions,
    DecideAction,
    ListActions,
)
from shared.contracts.referrals.naming import NamedRecord, NameRecords
from shared.ids import new_id
from shared.messages import Refused
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

FORM = "confirm-form"
TICKED = "ticked"
OF_A_TEAM: tuple[ActionFilter, ...] = ("open", "overdue", "to_confirm", "mine", "closed")
OF_OTHERS: tuple[ActionFilter, ...] = ("mine", "closed")
DIGITS = 6

Names = Mapping[UUID, NamedRecord]


@dataclass(frozen=True)
class Place:
    """Which part of the list is shown, and how many of its actions come before the page."""

    wanted: ActionFilter
    skip: int

    def href(self, register: Definition) -> str:
        return actions_address(register, self.wanted) + (f"&skip={self.skip}" if self.skip else "")


def register_with_actions(request: web.Request) -> Definition:
    """Return the register. Raise 404 for one that does not meet, which has no actions."""
    register = request[REGISTER]
    if not has_actions(register):
        raise web.HTTPNotFound
    return register


async def show_actions(request: web.Request) -> web.Response:
    register = register_with_actions(request)
    place, is_team = _place(request), request[VISITOR].may(Permission.RECORD_OUTCOME)
    found, counts = await asyncio.gather(
        ask(request, ListActions(wanted=place.wanted, skip=place.skip)), ask_if_there(request, CountActions())
    )
    names = await names_of(request, found.actions)
    words, confirms = register.words, is_team and place.wanted == "to_confirm"
    return await show(
        request,
        "actions/list.html",
        said=_said(request),
        done=request.query.get("notice") == "confirmed",
        no_names=bool(found.actions) and names is None,
        parts=_parts(register, OF_A_TEAM if is_team else OF_OTHERS, place.wanted, counts),
        columns=_columns(words, confirms=confirms),
        rows=[_row(register, each, names or {}, london_today(), confirms=confirms) for each in found.actions],
        empty=_empty(words, place.wanted),
        confirms=confirms and bool(found.actions),
        form_id=FORM,
        caption=_labels(words)[place.wanted],
        areas=_areas(register, counts) if is_team and place.wanted in ("open", "overdue") and not place.skip else [],
        area_columns=[
            Column(words("actions.area")),
            Column(words("actions.open"), numeric=True),
            Column(words("actions.overdue"), numeric=True),
        ],
        steps=_steps(register, place, found),
    )


def _place(request: web.Request) -> Place:
    """Return the part of the list that the address asks for; the visitor's usual one if it names none."""
    is_team = request[VISITOR].may(Permission.RECORD_OUTCOME)
    asked = request.query.get("show", "")
    known = next((each for each in get_args(ActionFilter) if each == asked), None)
    return Place(known or ("open" if is_team else "mine"), number_of(request.query.get("skip", ""), DIGITS - 1) or 0)


async def names_of(request: web.Request, actions: tuple[ActionShown, ...]) -> Names | None:
    """Return whom the visitor may see of these actions' records; None if referrals does not answer."""
    record_ids = tuple(dict.fromkeys(each.record_id for each in actions))
    if not record_ids:
        return {}
    named = await ask_if_there(request, NameRecords(record_ids=record_ids))
    return {each.record_id: each for each in named.records} if named else None


def _labels(words: Words) -> dict[ActionFilter, str]:
    return {
        "open": words("actions.show_open"),
        "overdue": words("actions.show_overdue"),
        "to_confirm": words("actions.show_to_confirm"),
        "mine": words("actions.show_mine"),
        "closed": words("actions.show_closed"),
    }


def _parts(
    register: Definition, wanted: tuple[ActionFilter, ...], present: ActionFilter, counts: ActionCounts | None
) -> list[tuple[str, str, bool]]:
    """Return the label with its number, the address, and whether it is shown, of each part of the list."""
    numbers: dict[ActionFilter, int] = {}
    if counts:
        numbers = {"open": counts.open, "overdue": counts.overdue, "to_confirm": counts.to_confirm, "mine": counts.mine}
    labels = _labels(register.words)
    return [
        (
            f"{labels[each]} ({numbers[each]})" if each in numbers else labels[each],
            actions_address(register, each),
            each == present,
        )
        for each in wanted
    ]


def _columns(words: Words, *, confirms: bool) -> list[Column]:
    tick = [Column(words("actions.tick"))] if confirms else []
    return [
        Column(words("actions.what")),
        Column(words("actions.who")),
        Column(words("actions.due")),
        Column(words("actions.about")),
        Column(words("actions.state")),
        *tick,
    ]


def _row(register: Definition, action: ActionShown, names: Names, today: date, *, confirms: bool) -> list[Cell]:
    words = register.words
    return [
        text_cell(register, action),
        owner_text(words, action),
        due_cell(words, action, today),
        person_cell(action, names.get(action.record_id)),
        became_of_it(words, action),
        *([_tick(words, action)] if confirms else []),
    ]


def _tick(words: Words, action: ActionShown) -> Markup:
    """Return the box that marks an action to be confirmed. Each sends its own command id, and the version shown."""
    anchor = f"tick-{action.action_id.hex}"
    return Markup(
        '<div class="nhsuk-checkboxes nhsuk-checkboxes--small" data-module="nhsuk-checkboxes">'
        '<div class="nhsuk-checkboxes__item"><input class="nhsuk-checkboxes__input" type="checkbox" id="{0}" name="{1}"'
        ' value="{2}-{3}-{4}" form="{5}"><label class="nhsuk-label nhsuk-checkboxes__label" for="{0}">'
        '<span class="nhsuk-u-visually-hidden">{6}</span></label></div></div>'
    ).format(
        anchor,
        TICKED,
        action.action_id.hex,
        action.version,
        new_id().hex,
        FORM,
        words("actions.tick_one", reference=action.reference),
    )


def _areas(register: Definition, counts: ActionCounts | None) -> list[list[Cell]]:
    """Return the open and overdue actions of each locality."""
    question = register.form.by_name.get(register.person.get("locality", ""))
    labels = question.labels if question else {}
    none = register.words("tasks.no_place")
    return [
        [labels.get(each.locality or "", each.locality or none), str(each.open), str(each.overdue)]
        for each in (counts.areas if counts else ())
    ]


def _empty(words: Words, wanted: ActionFilter) -> str:
    return words("actions.none_mine") if wanted == "mine" else words("actions.none")


def _steps(register: Definition, place: Place, found: ActionPage) -> list[Markup]:
    words = register.words
    before = Place(place.wanted, max(place.skip - MOST_ACTIONS, 0)) if place.skip else None
    after = Place(place.wanted, place.skip + MOST_ACTIONS) if found.more else None
    steps = ((words("table.previous"), before), (words("table.next"), after))
    return [plain_link(text, step.href(register)) for text, step in steps if step]


# ------------------------------------------------------------------------------------------------------ several at once
async def confirm_ticked(request: web.Request) -> web.Response:
    """Confirm the ticked actions, one after the other, and return to the list. It says if some had changed."""
    register, posted = register_with_actions(request), await request.post()
    commands = [_confirmation(each) for each in posted.getall(TICKED, ())[:MOST_ACTIONS]]
    here = actions_address(register, "to_confirm")
    if not commands:
        return see_other(here, "none_ticked")
    left = 0
    for command in commands:
        try:
            await ask(request, command)
        except Refused as refusal:
            if refusal.code not in ("conflict", "ended", "not_reported", "not_found"):
                raise
            left += 1
    return see_other(here, "some_confirmed" if left else "confirmed")


def _confirmation(sent: object) -> DecideAction:
    """Return the command of a ticked box. Raise 400 if malformed."""
    action, version, command = (*str(sent).split("-"), "", "", "")[:3]
    number = number_of(version, DIGITS)
    if number is None:
        raise web.HTTPBadRequest
    return DecideAction(command_id=sent_id(command), action_id=sent_id(action), version=number, verdict="close")


def _said(request: web.Request) -> str:
    words = request[REGISTER].words
    texts = {
        "confirmed": words("actions.confirmed_ticked"),
        "some_confirmed": words("actions.some_confirmed"),
        "none_ticked": words("actions.none_ticked"),
    }
    return notice(request, texts)
