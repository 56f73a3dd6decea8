"""The flow of a meeting, walked with the canary: from its series to final minutes and a meeting that is cancelled."""

import re
from datetime import timedelta
from uuid import uuid4

from shared.clock import london_today
from tests.failure.canary import word
from tests.walking import Walker


async def meet(walker: Walker, record: str) -> None:
    """Plan a meeting with mistakes, take the minutes of this record, close it, correct them, and cancel the next."""
    page = walker.at("meetings/")
    await walker.see(page)
    form = (await walker.see(f"{page}series/new/")).fields("name")
    await walker.post(f"{page}series/new/", form)
    listed = await walker.see(
        await walker.go_on(f"{page}series/new/", form | {"name": "Whole", "chair": word("chair")})
    )
    series = re.search(rf'href="({page}series/[0-9a-f]{{32}}/)"', listed.html)
    assert series is not None
    await walker.go_on(series[1], (await walker.see(series[1])).fields("name"))
    here = await _plan(walker, page, days=0)
    item = f"{here}people/{record}/"
    await walker.download(f"{here}invitation/")
    await walker.see(f"{here}add/")
    await walker.post(f"{here}add/", {"search": word("account last name")})
    await walker.post(f"{here}remove/", {"remove": f"{record}-{uuid4().hex}"})
    await walker.see(item)
    await walker.go_on(f"{here}start/", {"command": uuid4().hex})
    sheet = (await walker.see(f"{here}attendance/")).fields("version")
    attended = sheet | {"service_0": "Social care", "name_0": word("attendee")}
    await walker.go_on(f"{here}attendance/", attended)
    await _take_minutes(walker, item)
    await walker.see(f"{here}close/")
    await walker.go_on(f"{here}close/", {"command": uuid4().hex})
    await walker.see(f"{here}pack/")
    correction = (await walker.see(item)).fields("addendum") | {"addendum": word("correction")}
    await walker.see(await walker.go_on(f"{item}addendum/", correction))
    await _cancel(walker, await _plan(walker, page, days=7))


async def _plan(walker: Walker, page: str, *, days: int) -> str:
    """Plan a meeting so many days from today, after a mistake, and return its address."""
    day = london_today() + timedelta(days=days)
    form = (await walker.see(f"{page}plan/")).fields("series")
    await walker.post(f"{page}plan/", form)
    on = {"day-day": str(day.day), "day-month": str(day.month), "day-year": str(day.year), "time": "23:59"}
    return (await walker.go_on(f"{page}plan/", form | on)).partition("?")[0]


async def _take_minutes(walker: Walker, item: str) -> None:
    """Save a draft, show it on a screen, save without a decision and with one, and declare an interest at last."""
    form = (await walker.see(item)).fields("draft_version") | {"discussion": word("minutes")}
    await walker.see(await walker.go_on(f"{item}draft/", form))
    await walker.see(f"{item}present/")
    form = (await walker.see(item)).fields("draft_version")
    await walker.post(item, form | {"act": "save"})
    await walker.see(await walker.go_on(item, form | {"decision": "no_change", "act": "save"}))
    await walker.post(item, form | {"decision": "cetr", "act": "save", "command": uuid4().hex})
    await walker.see(f"{item}interest/")
    await walker.post(f"{item}interest/", {"command": word("no command")})


async def _cancel(walker: Walker, here: str) -> None:
    await walker.go_on(f"{here}change/", (await walker.see(f"{here}change/")).fields("place"))
    form = (await walker.see(f"{here}cancel/")).fields("reason")
    await walker.see(await walker.go_on(f"{here}cancel/", form | {"reason": word("reason")}))
    await walker.see(here)
