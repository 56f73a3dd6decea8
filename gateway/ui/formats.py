"""How pages show times, organisations, ratings, email addresses, and ways on."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from gateway.ui.table import Cell, risk_mark
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import LONDON, london_day, show_date


@dataclass(frozen=True, slots=True)
class ActionCard:
    """One thing to do, in words of its own (the navigation bar has the place's name), and where it is done."""

    text: str
    href: str
    note: str = ""


def day(moment: datetime) -> str:
    """17/06/2022: the calendar day in London (R-DSR-103)."""
    return show_date(london_day(moment))


def day_and_time(moment: datetime) -> str:
    """17/06/2022 at 14:05, in London."""
    return f"{day(moment)} at {time_of_day(moment)}"


def time_of_day(moment: datetime) -> str:
    """14:05, in London."""
    return f"{moment.astimezone(LONDON):%H:%M}"


def days_since(moment: datetime, now: datetime, words: Words) -> str:
    """ "today", "yesterday", "12 days ago", by London's calendar."""
    days = (london_day(now) - london_day(moment)).days
    if days <= 0:
        return words("page.today")
    return words("page.yesterday") if days == 1 else words("page.days_ago", count=days)


def rating_mark(register: Definition, code: str | None) -> Cell:
    """A rating as word, shape and colour; nothing in a register without one."""
    level = register.rating.level(code) if register.rating and code else None
    if level is None:
        return ""
    return risk_mark(level.colour, level.label)


def link(text: str, href: str, about: str) -> Markup:
    """A link whose name says, for those who hear it alone, what it is about."""
    return Markup('<a class="nhsuk-link" href="{}">{}<span class="nhsuk-u-visually-hidden"> {}</span></a>').format(
        href, text, about
    )


def lines(*parts: Cell) -> Markup:
    """Cells of one column beneath each other."""
    return Markup('<span class="ics-lines">{}</span>').format(
        Markup("<br>").join(escape(part) for part in parts if part)
    )


def breakable(email: str) -> Markup:
    """A long address may be broken before its @, so that the page fits a phone."""
    local, _, host = email.partition("@")
    return Markup("{}<wbr>@{}").format(local, host)
