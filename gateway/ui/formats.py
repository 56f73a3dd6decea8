"""How pages show times, ratings, email addresses and links."""

from dataclasses import dataclass
from datetime import datetime, time

from markupsafe import Markup, escape

from gateway.ui.table import Cell, escaped, risk_mark
from shared.registers.definition.register import Definition
from shared.values import LONDON, london_day, show_date


@dataclass(frozen=True, slots=True)
class ActionCard:
    """One thing to do, in its own words (the navigation bar has the place's name), with its address."""

    text: str
    href: str
    note: str = ""


def day(moment: datetime) -> str:
    """Return the calendar day in London, as 17/06/2022 (R-DSR-103)."""
    return show_date(london_day(moment))


def day_and_time(moment: datetime) -> str:
    """
    Return the time in London, as "17/06/2022 at 14:05".

    The very beginning of a day stands for the day alone, whose time nobody knows: a spreadsheet has only days.
    """
    if moment.astimezone(LONDON).time() == time():
        return day(moment)
    return f"{day(moment)} at {time_of_day(moment)}"


def time_of_day(moment: datetime) -> str:
    """Return the time of day in London, as 14:05."""
    return f"{moment.astimezone(LONDON):%H:%M}"


def rating_mark(register: Definition, code: str | None) -> Cell:
    """Return a rating as word, shape and colour; empty in a register without ratings."""
    level = register.rating.level(code) if register.rating and code else None
    if level is None:
        return ""
    return risk_mark(level.colour, level.label)


def link(text: str, href: str, about: str) -> Markup:
    """Return a link with hidden text for screen readers that says what it is about."""
    return Markup(  # noqa: S704  all of it is escaped; twenty times faster than Markup.format
        f'<a class="nhsuk-link" href="{escape(href)}">{escape(text)}'
        f'<span class="nhsuk-u-visually-hidden"> {escape(about)}</span></a>'
    )


def plain_link(shown: Cell, href: str) -> Markup:
    """Return a link whose content says what it is about."""
    return Markup(f'<a class="nhsuk-link" href="{escape(href)}">{escaped(shown)}</a>')  # noqa: S704  escaped


def light(text: str) -> Cell:
    """Return a text in normal weight, for a further line of a bold cell; empty without a text."""
    if not text:
        return ""
    return Markup(f'<span class="nhsuk-u-font-weight-normal">{escape(text)}</span>')  # noqa: S704  escaped


def lines(*parts: Cell) -> Markup:
    """Return cells one below the other, without empty ones."""
    shown = "<br>".join([escaped(part) for part in parts if part])
    return Markup(f'<span class="ics-lines">{shown}</span>')  # noqa: S704  every part is escaped


def breakable(email: str) -> Markup:
    """Return an address that may break before its @, so that the page fits a phone."""
    local, _, host = email.partition("@")
    return Markup("{}<wbr>@{}").format(local, host)
