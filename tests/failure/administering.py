"""Flows of administrators: the work list, who looked at a record, a hand-over, and an archive that is reversed."""

import re
from uuid import uuid4

from tests.failure.canary import NHS_NUMBER, word
from tests.walking import Walker


async def who_looked(walker: Walker, record: str) -> None:
    page = walker.at(f"records/{record}/looked/")
    await walker.see(page)
    await walker.see(f"{page}?all=1")
    await walker.post(page, {"user": uuid4().hex, "first-day": word("no day")})


async def hand_over(walker: Walker, name: str) -> None:
    """Open the page of all records of a user, search for a colleague, and check a hand-over to nobody."""
    page = walker.at("hand-over/")
    await walker.see(page)
    await walker.post(page, {"act": "find", "whose-search": name, "whose": ""})
    of = {"of": uuid4().hex, "command": uuid4().hex, "to-search": name, "to": ""}
    await walker.post(page, of | {"act": "check"})
    await walker.post(page, of | {"act": "confirm", "to": uuid4().hex, "seen": "0"})


async def see_what_waits(walker: Walker) -> None:
    page = walker.at("work/")
    task = re.search(r'value="([0-9a-f]{32}-[0-9a-f]{32})"', (await walker.see(page)).html)
    assert task is not None
    await walker.see(await walker.go_on(page, {"task": task[1]}))
    await walker.post(page, {"task": word("no task")})
    await walker.post(walker.at("discussed/"), {"task": word("no task")})


async def reverse(walker: Walker, reference: str, reason: str) -> None:
    """
    Look for the ended record, ask for a reversal with a reason, try to confirm it as the same user, then withdraw it.
    """
    listed = walker.at("ended/")
    await walker.see(listed)
    await walker.post(listed, {"search": NHS_NUMBER})
    await walker.post(listed, {"search": word("nobody"), "skip": "25"})
    page = walker.at("administration/reversals/")
    await walker.post(f"{page}find", {"nhs_number": NHS_NUMBER})
    form = (await walker.see(page)).fields("reason") | {"reason": reason}
    await walker.post(page, form | {"reference": word("no reference")})
    await walker.see(await walker.go_on(page, form | {"reference": reference}))
    decision = re.search(rf'action="({page}[0-9a-f]+/)"', (await walker.see(page)).html)
    assert decision is not None
    await walker.post(decision[1], {"command": uuid4().hex, "act": "confirm"})
    await walker.see(await walker.go_on(decision[1], {"command": uuid4().hex, "act": "decline"}))
