"""One person goes through every flow and through failures. Afterwards no fact about them is where it must not be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio

from shared.registers.load import load_registers
from tests.failure import flows, meeting_flows
from tests.failure.administering import reverse, see_what_waits
from tests.failure.breaking import kill, mended, settled
from tests.failure.canary import Place, Sought, hits, sought_word
from tests.failure.flows import ACCOUNT, Canary
from tests.failure.following_up import follow_up
from tests.failure.places import MAIL, all_places
from tests.failure.rounds import Trial
from tests.walking import Fields, Walker, walker

pytestmark = pytest.mark.failure


@dataclass(frozen=True)
class Walked:
    """The places to search after the canary has walked every flow, and what was seen on the way."""

    canary: Canary
    record: UUID
    places: list[Place]
    report: str


@pytest_asyncio.fixture(scope="module")
async def walked(broken: Trial) -> AsyncIterator[Walked]:
    canary = Canary.of(load_registers().find("dsr"))
    async with AsyncExitStack() as opened:
        mine, window, admin, master = canary.walkers = [
            await opened.enter_async_context(walker(broken.product.base_url)) for _ in range(4)
        ]
        await flows.look_around(mine)
        await flows.come_in(mine)
        await admin.log_in("admin@mpft.nhs.uk")
        await admin.see(admin.at("administration/"))
        await flows.draft(mine, canary)
        record = await flows.refer(mine, canary)
        await window.log_in(flows.EMAIL, flows.PASSWORD)
        await flows.find(mine, canary)
        await flows.change(mine, window, record)
        await flows.note(mine, record)
        await flows.record_outcome(admin, canary, record)
        reference = await flows.look_after(admin, record)
        await follow_up(admin, record)
        await flows.end(admin, record)
        await see_what_waits(admin)
        await flows.review(mine, record)
        await meeting_flows.meet(admin, record)
        await flows.load(admin, canary)
        await flows.refer_again(mine, admin, canary)
        await settled(broken.inside, [], patient=False)
        report = await flows.report(admin)
        await go_through_faults(broken, mine, canary)
        await flows.archive(admin, canary, record)
        await reverse(admin, reference, flows.REASON)
        await flows.look_at_mails(admin)
        await master.log_in("master@staffordshire.gov.uk")
        await flows.manage_users(admin, master)
        await flows.reword(admin)
        await mine.log_out()
        await flows.use_app(window)
        await flows.forget_password(window)
        await settled(broken.inside, [], patient=False)
        places = await all_places(broken.product, broken.inside, canary.walkers)
        yield Walked(canary, UUID(record), places, report)


async def go_through_faults(broken: Trial, walker: Walker, canary: Canary) -> None:
    """Submit the same person again and again while referrals and the database are killed."""
    form = await walker.new_form() | canary.referral.fields | {"duplicate": "add"}
    for part in ("referrals", "postgres"):
        sending = [asyncio.create_task(keep_sending(walker, form)) for _ in range(4)]
        await asyncio.sleep(0.2)
        victim = kill(broken.inside, part)
        await asyncio.gather(*sending)
        await mended(broken.inside, [victim] if victim else [])


async def keep_sending(walker: Walker, form: Fields) -> None:
    for _ in range(8):
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            await walker.post(walker.at("records/new"), form | {"command": uuid4().hex})


async def test_nothing_of_a_person_is_anywhere_but_in_the_database(walked: Walked) -> None:
    assert [] == hits(walked.canary.sought, walked.places)


async def test_nothing_of_an_account_is_anywhere_but_in_its_mail(walked: Walked) -> None:
    assert [] == hits(ACCOUNT, [place for place in walked.places if not place.name.startswith(MAIL)])


async def test_what_is_sought_was_there_to_be_found(walked: Walked) -> None:
    standing = walked.canary.standing

    found = hits(standing, [Place("the report", walked.report)])

    assert [f"{each.what} is in the report" for each in standing] == found


async def test_every_place_was_really_looked_into(walked: Walked) -> None:
    """The record's id may be in these places, and the search finds it there."""
    found = hits([Sought("it", (str(walked.record), walked.record.hex))], walked.places)

    there = ("address", "stream EVENTS", "stream NOTICES", "table referrals.audit", "table referrals.outbox")
    assert [] == [place for place in there if f"it is in {place}" not in found]
    assert any(each.startswith("it is in file ") and each.endswith(".blk") for each in found)  # a stream's own file


async def test_the_canary_has_been_on_every_page_that_there_is(walked: Walked) -> None:
    assert [] == flows.pages_not_walked(walked.canary.walkers)


async def test_the_search_finds_what_it_looks_for() -> None:
    places = [Place("the log", "of zYqbolo, they say"), Place("a mail", "nothing")]

    assert ["name is in the log"] == hits([sought_word("name", "Zyqbolo"), sought_word("town", "Zyqbola")], places)
