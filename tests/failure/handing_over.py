"""Flows of the canary: who looked at a record, and all records of a user to another."""

from uuid import uuid4

from tests.failure.canary import word
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
