"""The actions of a record, walked with the canary: added, changed, followed up, returned and confirmed."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from shared.values import london_day
from tests.failure.canary import word
from tests.walking import Fields, Sheet, Walker

WRITTEN_ABOUT_ACTIONS = (
    "action",
    "outsider",
    "service of an outsider",
    "result",
    "comment",
    "return",
    "told by",
    "why not",
)


def due(days: int, name: str = "due") -> dict[str, str]:
    day = london_day(datetime.now(UTC)) + timedelta(days=days)
    return {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}


async def follow_up(walker: Walker, record: str) -> None:
    """Add an action with mistakes, do all that can become of it, and say who was told of the plan."""
    page = walker.at(f"records/{record}/actions/")
    form = (await walker.see(page)).fields("command") | {"text": word("action"), **due(9)}
    owner = {
        "outsider": word("outsider"),
        "service": word("service of an outsider"),
        "colleague": _first(await walker.see(page)),
    }
    assert 422 == (await walker.post(page, form | {"act": "add"})).status
    await walker.post(page, form | {"act": "find", "colleague-search": word("outsider")})
    await walker.post(page, form | owner | due(-9) | {"act": "add"})
    await walker.see(await walker.go_on(page, form | owner | {"act": "add", "command": uuid4().hex}))
    await _tell(walker, page)
    await walker.see(walker.at("home/"))
    here = _address(walker, await walker.see(walker.at("actions/")))
    await _change(walker, here)
    await _to_the_end(walker, here)
    for part in ("mine", "open", "overdue", "to_confirm", "closed"):
        await walker.see(walker.at(f"actions/?show={part}"))
    await walker.post(walker.at("actions/"), {"ticked": word("no action")})


def _first(sheet: Sheet) -> str:
    option = sheet.tree.select_one('#colleague option:not([value=""])')
    assert option is not None
    return str(option["value"])


def _address(walker: Walker, sheet: Sheet) -> str:
    found = re.search(rf'href="({walker.at("actions/")}[0-9a-f]{{32}}/)"', sheet.html)
    assert found is not None
    return found[1]


async def _tell(walker: Walker, page: str) -> None:
    form = (await walker.see(f"{page}told/")).fields("command") | {"party": "family"}
    yes = due(-1, "on") | {"were-told": "yes", "by": word("told by")}
    assert 422 == (await walker.post(f"{page}told/", form)).status
    await walker.see(await walker.go_on(f"{page}told/", form | yes))
    no = {"were-told": "no", "why-not": word("why not"), "command": uuid4().hex, "party": "mdt"}
    await walker.see(await walker.go_on(f"{page}told/", form | no))


async def _change(walker: Walker, here: str) -> None:
    form: Fields = (await walker.see(f"{here}change/")).fields("command")
    await walker.post(f"{here}change/", form | due(-9) | {"act": "save"})
    await walker.see(await walker.go_on(f"{here}change/", form | due(12) | {"act": "save", "command": uuid4().hex}))
    assert 409 == (await walker.post(f"{here}change/", form | due(13) | {"act": "save", "command": uuid4().hex})).status


async def _to_the_end(walker: Walker, here: str) -> None:
    """Log a contact, report it as done, return it, report it again, and confirm it."""
    said = {"comment": word("comment"), "way": "phone", "act": "comment"}
    form = (await walker.see(here)).fields("command")
    assert 200 == (await walker.post(here, form | said | {"result": word("result")})).status
    assert 422 == (await walker.post(here, form | {"act": "report"})).status
    for act in ({"act": "return", "returned": word("return")}, {"act": "close"}):
        form = (await walker.see(here)).fields("command")
        await walker.go_on(here, form | {"act": "report", "result": word("result")})
        form = (await walker.see(here)).fields("command")
        await walker.go_on(here, form | act)
    await walker.post(here, form | {"act": "cancel", "cancelled": word("return"), "command": uuid4().hex})
