"""Concurrent requests: one wins for each version, and nothing is done twice or incompletely."""

import asyncio
from collections import Counter

import pytest

from shared.contracts.referrals.saving import UpdateRecord
from shared.messages import Refused
from shared.permissions import Caller, Role, Visitor
from tests.services.referrals.builders import a_visitor
from tests.services.referrals.rig import Owner, Referrals, an_archive, an_update
from tests.services.referrals.test_archiving import giving_up

PAIRS = 50
AT_ONCE = 10
VERSIONS = "SELECT version FROM record_version WHERE record_id = $1 ORDER BY version"


async def codes(referrals: Referrals, visitor: Visitor, *updates: UpdateRecord) -> list[str]:
    """Send the updates at once, and return their sorted refusal codes. A code is empty if the update is carried out."""
    outcomes = await asyncio.gather(*(referrals.refusal(visitor, each) for each in updates))
    return sorted(code for code, _ in outcomes)


@pytest.mark.slow
async def test_of_two_who_save_the_same_version_exactly_one_wins(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    receipts, outcomes = [], []
    for _ in range(PAIRS // AT_ONCE):  # any more would wait for connections
        some = await asyncio.gather(*(referrals.submit(visitor) for _ in range(AT_ONCE)))
        receipts += some
        outcomes += await asyncio.gather(
            *(
                codes(referrals, visitor, an_update(each, latest_update="One"), an_update(each, latest_update="Other"))
                for each in some
            )
        )

    assert [["", "conflict"]] * PAIRS == outcomes
    kept = [[row["version"] for row in await owner.rows(VERSIONS, each.record_id)] for each in receipts]
    assert [[0, 1]] * PAIRS == kept


@pytest.mark.slow
async def test_of_fifty_who_save_the_same_version_exactly_one_wins(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    outcomes = await codes(referrals, visitor, *(an_update(receipt, latest_update=f"{n}") for n in range(PAIRS)))

    assert {"": 1, "conflict": PAIRS - 1} == Counter(outcomes)
    assert 1 == (await referrals.read(visitor, receipt.record_id)).updates


async def test_the_same_update_sent_ten_times_at_once_is_carried_out_once(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    asked = an_update(receipt, latest_update="Moved house")

    answers = await asyncio.gather(*(referrals.ask(visitor, asked) for _ in range(10)))

    assert {1} == {answer.version for answer in answers}
    assert 1 == (await referrals.read(visitor, receipt.record_id)).updates


@pytest.mark.slow
async def test_an_archive_and_an_update_at_once_never_both_happen(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    receipts = [await referrals.submit(visitor) for _ in range(20)]

    async def race(number: int) -> frozenset[str]:
        archive, update = an_archive(receipts[number]), an_update(receipts[number], latest_update="Moved house")
        first, second = (archive, update) if number % 2 else (update, archive)
        outcomes = await asyncio.gather(referrals.refusal(visitor, first), referrals.refusal(visitor, second))
        return frozenset(code for code, _ in outcomes)

    outcomes = await asyncio.gather(*(race(number) for number in range(len(receipts))))

    assert {frozenset({"", "conflict"}), frozenset({"", "archived"})} >= set(outcomes)
    kept = [[row["version"] for row in await owner.rows(VERSIONS, each.record_id)] for each in receipts]
    assert [[0, 1]] * len(receipts) == kept


@pytest.mark.slow
async def test_an_archive_and_giving_it_up_at_once_agree_on_what_happened(referrals: Referrals) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    receipts = [await referrals.submit(visitor) for _ in range(20)]
    sweeper = Caller(service="outcomes", job="sweep")

    async def race(number: int) -> tuple[bool, bool]:
        asked = an_archive(receipts[number])
        given_up = referrals.ask_as(sweeper, giving_up(asked))
        try:
            _, fate = await asyncio.gather(referrals.ask(visitor, asked), given_up)
        except Refused as refused:
            return refused.code != "given_up", (await referrals.ask_as(sweeper, giving_up(asked))).archived
        return True, fate.archived

    outcomes = await asyncio.gather(*(race(number) for number in range(len(receipts))))

    assert all(happened == told for happened, told in outcomes)
    assert sum(not happened for happened, _ in outcomes) == (await referrals.listed(visitor)).total
