"""How pages show an action: who does it, when it is due, and what has become of it."""

from datetime import date
from textwrap import shorten

from markupsafe import Markup

from gateway.pages.actions.addresses import action_address
from gateway.ui.formats import day, light, lines, plain_link
from gateway.ui.table import Cell
from shared.contracts.actions import ActionShown, ActionState
from shared.contracts.referrals.naming import NamedRecord
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import show_date

LONGEST_IN_LIST = 160
COLOURS: dict[ActionState, str] = {"open": "blue", "reported": "yellow", "closed": "green", "cancelled": "grey"}


def tag(text: str, colour: str) -> Markup:
    return Markup('<strong class="nhsuk-tag nhsuk-tag--{}">{}</strong>').format(colour, text)


def state_tag(words: Words, action: ActionShown) -> Markup:
    said: dict[ActionState, str] = {
        "open": words("actions.state_open"),
        "reported": words("actions.state_reported"),
        "closed": words("actions.state_closed"),
        "cancelled": words("actions.state_cancelled"),
    }
    return tag(said[action.state], COLOURS[action.state])


def due_cell(words: Words, action: ActionShown, today: date) -> Cell:
    """Return the day when the action is due, and whether it is overdue or due today."""
    mark: Cell = ""
    if action.is_overdue(today):
        mark = tag(words("actions.overdue"), "red")
    elif action.state == "open" and action.due_on == today:
        mark = tag(words("actions.due_today"), "orange")
    return lines(show_date(action.due_on), mark)


def owner_text(words: Words, action: ActionShown) -> str:
    """Return who does the action, in one line; for someone without an account also who chases them."""
    if not action.outsider:
        return action.colleague
    return words("actions.outsider_of", name=action.outsider, service=action.service, chaser=action.colleague)


def text_cell(register: Definition, action: ActionShown) -> Cell:
    """Return the beginning of what is to be done, as a link to the action."""
    return plain_link(
        shorten(action.text, LONGEST_IN_LIST, placeholder=" …"), action_address(register, action.action_id)
    )


def person_cell(action: ActionShown, named: NamedRecord | None) -> Cell:
    """Return the name with the date of birth and reference; the reference alone where the visitor may not see more."""
    reference = Markup('<span class="ics-work__reference">{}</span>').format(action.reference)
    if named is None:
        return reference
    return lines(named.name, light(show_date(named.born)) if named.born else "", reference)


def became_of_it(words: Words, action: ActionShown) -> Cell:
    """Return the state, the result if there is one, and when it ended."""
    ended = words("actions.ended_on", day=day(action.ended_at)) if action.ended_at else ""
    result = words("actions.result_was", result=shorten(action.result, LONGEST_IN_LIST, placeholder=" …"))
    return lines(state_tag(words, action), result if action.result else "", ended)
