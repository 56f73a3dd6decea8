"""Races of two users on one record over real HTTP: no change is lost, and no page is incomplete or inconsistent."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.journeys.browsing import JOURNEY
from tests.journeys.coming_in import logged_in
from tests.journeys.product import Product
from tests.journeys.referring import a_new_name
from tests.services.referrals.builders import new_id
from tests.walking import Sheet, Walker, a_referral, record_in

pytestmark = JOURNEY

ROUNDS, FULL_ROUNDS = 10, 50
LEAVING = {"leaving_reason": "other", "leaving_text": "Lives elsewhere now"}
ENDED = "This referral is archived. It can no longer be updated."
AT_ONCE = 5
ADMINISTRATORS = ("admin@mpft.nhs.uk", "admin@combined.nhs.uk")  # the first also sees what the second adds


@dataclass(frozen=True)
class Pair:
    """Two administrators with separate browsers. Both see what `other` adds."""

    one: Walker
    other: Walker

    async def refer(self) -> tuple[str, dict[str, str]]:
        """Add a referral, and return the record's id and the unchanged fields of its form."""
        form = a_referral(last_name=a_new_name())
        record = record_in(await self.other.go_on(self.other.at("records/new"), form | {"command": new_id().hex}))
        return record, form | {"version": "0"}


@pytest_asyncio.fixture
async def pair(stack: Product) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as opened:
        one, other = [await opened.enter_async_context(logged_in(stack, email)) for email in ADMINISTRATORS]
        for each in (one, other):
            await each.see(each.at("home/"))
        yield Pair(one, other)


@pytest.fixture
def rounds(full_rounds: bool) -> int:
    return FULL_ROUNDS if full_rounds else ROUNDS


async def test_of_two_who_edit_one_record_neither_loses_a_change(pair: Pair, rounds: int) -> None:
    first_tries: Counter[tuple[int, ...]] = Counter()

    async def race() -> None:
        record, form = await pair.refer()
        mine = form | {"command": new_id().hex, "latest_update": "Seen at home."}
        theirs = form | {"command": new_id().hex, "lead_professional_contact": "01782 000000"}
        tries = await asyncio.gather(pair.one.update(record, mine), pair.other.update(record, theirs))
        first_tries[tuple(sorted(each.status for each in tries))] += 1
        for walker_of, sheet in zip((pair.one, pair.other), tries, strict=True):
            if sheet.status == 409:
                assert "Someone else updated this referral while you were editing" == sheet.heading
                assert 303 == (await walker_of.update(record, sheet.fields("version"))).status
        kept = (await pair.one.open_form(record)).html
        assert [True] * 3 == [each in kept for each in ("History (2)", ">\nSeen at home.<", 'value="01782 000000"')]

    await repeat(race, rounds)

    assert {(303, 409): rounds} == first_tries


async def test_of_an_archive_and_an_update_one_happens_and_no_page_shows_a_half(pair: Pair, rounds: int) -> None:
    won: Counter[bool] = Counter()

    async def race() -> None:
        record, form = await pair.refer()
        archive = {"cetr_requested": "no", "laep_requested": "no", "act": "confirm", "version": "0", **LEAVING}
        update = form | {"latest_update": "Seen at home."}
        outcomes = pair.one.at(f"records/{record}/outcomes/")
        archived, updated, *seen = await asyncio.gather(
            pair.one.post(outcomes, archive | {"command": new_id().hex}),
            pair.other.update(record, update | {"command": new_id().hex}),
            pair.one.get(pair.one.at(f"records/{record}/")),
            pair.other.get(outcomes),
        )
        won[archived.status == 303] += 1
        assert (303 == archived.status) != (303 == updated.status)
        assert archived.status in (303, 409)
        assert updated.status in (303, 404)
        after = await asyncio.gather(pair.one.get(pair.one.at(f"records/{record}/")), pair.other.get(outcomes))
        assert [archived.status == 303] * 2 == [ENDED in sheet.html for sheet in after]
        if archived.status != 303:
            assert ("History (1)" in after[0].html, "Outcomes (0)" in after[1].html) == (True, True)
        if updated.status == 404:
            assert "Seen at home." in updated.html, "what was typed can be copied"
        assert [] == [half for sheet in (*seen, *after, archived, updated) for half in halves(sheet)]

    await repeat(race, rounds)

    assert rounds == won.total()


async def repeat(race: Callable[[], Awaitable[None]], rounds: int) -> None:
    """Run the races a few at a time, so that they compete without slowing each other down."""
    for _ in range(rounds // AT_ONCE):
        await asyncio.gather(*(race() for _ in range(AT_ONCE)))


def halves(sheet: Sheet) -> list[str]:
    """Return path and status of a page that is incomplete, has an unexpected status, or shows an archive by half."""
    if sheet.leads_to:
        return []
    whole = sheet.html.rstrip().endswith("</html>") and "<h1" in sheet.html
    known = sheet.status in (200, 404, 409)
    is_half = "Archived the referral" in sheet.html and ENDED not in sheet.html
    return [f"{sheet.path} {sheet.status}"] if not whole or not known or is_half else []
