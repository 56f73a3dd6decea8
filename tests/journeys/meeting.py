"""Steps of running a meeting without a window."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

from deploy.runner.waiting import until
from shared.values import LONDON, london_day
from tests.journeys.referring import typed_referral
from tests.walking import Sheet, Walker

NORTH = "north_staffordshire_stoke"
SERIES = "Northern DSR meeting"
AGENDA_SECONDS = 20


async def add_series(hand: Walker, name: str, locality: str = NORTH, **typed: str) -> Sheet:
    """Add a series and return the page that follows."""
    form = await hand.see(hand.at("meetings/series/new"))
    return await hand.press(form, "Save", {"name": name, "locality": locality, "cut_off_days": "0", **typed})


async def plan_for_today(hand: Walker, series: str, **typed: str) -> str:
    """Plan a meeting of this series that starts today, a minute or two from now, and return its address."""
    soon = datetime.now(UTC) + timedelta(minutes=2)
    if london_day(soon) != london_day(datetime.now(UTC)):  # just before midnight: then after it
        await asyncio.sleep(125)
        soon = datetime.now(UTC) + timedelta(minutes=2)
    return await plan(hand, series, soon, **typed)


async def plan(hand: Walker, series: str, moment: datetime, **typed: str) -> str:
    """Plan a meeting of this series, and return its address."""
    form = await hand.see(hand.at("meetings/new"))
    offered = {each.get_text().strip(): str(each["value"]) for each in form.tree.select("#series option")}
    chosen = next(code for label, code in offered.items() if label.startswith(series))
    planned = await hand.press(form, "Save", {"series": chosen, **when(moment), **typed})
    assert "The meeting has been planned." == planned.notice, planned.problems
    return planned.path.partition("?")[0]


def when(moment: datetime) -> dict[str, str]:
    """Return the fields of a form for this moment."""
    local = moment.astimezone(LONDON)
    day = {"date-day": str(local.day), "date-month": str(local.month), "date-year": str(local.year)}
    return {**day, "time": f"{local:%H:%M}"}


async def refer_in_the_north(hand: Walker, family_name: str, risk: str) -> str:
    """Add a referral of the northern area, and return the record's id."""
    return await hand.submit(await hand.new_form() | typed_referral(family_name, risk) | {"locality": NORTH})


async def agenda_with(hand: Walker, meeting: str, *names: str) -> Sheet:
    """Wait until everybody is on the agenda, because it follows the events of records. Return the meeting's page."""
    seen: list[Sheet] = []

    async def is_whole() -> bool:
        seen.append(await hand.see(meeting))
        return all(row_of(seen[-1], name) for name in names)

    assert await until(is_whole, AGENDA_SECONDS, every=0.2), agenda_of(seen[-1])
    return seen[-1]


def agenda_of(sheet: Sheet) -> list[str]:
    """Return the rows of an agenda as text."""
    rows = sheet.tree.select("section[aria-labelledby=agenda] tbody tr")
    return [re.sub(r"\s+", " ", row.get_text(" ")).strip() for row in rows]


def row_of(sheet: Sheet, name: str) -> str:
    """Return a person's row; empty if they are not on the agenda."""
    return next((row for row in agenda_of(sheet) if name in row), "")


async def take_minutes(hand: Walker, person: str, discussion: str, decision: str) -> Sheet:
    """Save minutes on a person's page, and return the page that follows."""
    sheet = await hand.see(person)
    codes = {each.get_text().strip(): str(each["value"]) for each in sheet.tree.select("#decision option")}
    return await hand.press(sheet, "Save", {"discussion": discussion, "decision": codes[decision]})
