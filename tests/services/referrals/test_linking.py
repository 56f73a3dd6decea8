"""How administrators decide about likely duplicates, and which visitors see a linked record."""

from dataclasses import dataclass

import asyncpg
import pytest

from shared.contracts.referrals.duplicates import (
    CountDuplicates,
    DecideDuplicate,
    DuplicateDecision,
    DuplicateVerdict,
    ListDuplicates,
    PossibleDuplicates,
)
from shared.contracts.referrals.saving import RecordReceipt
from shared.database import DatabasePool, transaction
from shared.messages import Fault, Message, NotAnswered, Request
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person, unasked
from tests.services.referrals.rig import Owner, Referrals, a_note


@dataclass(frozen=True)
class Two:
    """One person, referred in two organisations: the two creators, and visitors who administer one or both."""

    referrals: Referrals
    here: Visitor
    there: Visitor
    one: RecordReceipt
    other: RecordReceipt

    @property
    def of_here(self) -> Visitor:
        return colleague_of(self.here, Role.ADMINISTRATOR)

    @property
    def of_both(self) -> Visitor:
        return a_visitor(
            Role.ADMINISTRATOR, *self.here.organisation_ids, *self.there.organisation_ids, full_name="Gail Thomas"
        )

    async def listed(self, visitor: Visitor) -> PossibleDuplicates:
        return await self.referrals.ask(visitor, ListDuplicates())

    async def decide(self, visitor: Visitor, verdict: DuplicateVerdict = "linked") -> DuplicateDecision:
        return await self.referrals.ask(visitor, self.decision(verdict))

    def decision(self, verdict: DuplicateVerdict = "linked") -> DecideDuplicate:
        return a_decision(self.one, self.other, verdict)

    async def shown(self, visitor: Visitor) -> list[tuple[str, str | None]]:
        """Return what the page of the first record says about the other."""
        record = await self.referrals.read(visitor, self.one.record_id)
        return [(each.reference, each.rating) for each in record.same_person]


def a_decision(one: RecordReceipt, other: RecordReceipt, verdict: DuplicateVerdict = "linked") -> DecideDuplicate:
    return DecideDuplicate(command_id=new_id(), one=one.record_id, other=other.record_id, verdict=verdict)


@pytest.fixture
async def two(referrals: Referrals) -> Two:
    here, there, person = a_visitor(), a_visitor(), a_person()
    one = await referrals.ask(here, unasked(**person, risk_level="green"))
    other = await referrals.ask(there, unasked(**person | {"postcode": "ST16 3SR"}, risk_level="red"))
    return Two(referrals, here, there, one, other)


async def actions(owner: Owner, visitor: Visitor) -> list[tuple[str, list[object]]]:
    rows = await owner.rows("SELECT action, subjects FROM audit WHERE actor = $1 ORDER BY id", visitor.user_id)
    return [(row["action"], row["subjects"]) for row in rows]


# ------------------------------------------------------------------------------------------------------------ the list
async def test_an_administrator_of_both_organisations_sees_the_two_beside_each_other(two: Two, owner: Owner) -> None:
    visitor = two.of_both

    found = await two.listed(visitor)

    (pair,) = found.pairs
    assert 1 == found.total
    sides = {each.record_id: each for each in (pair.one, pair.other)}
    assert {two.one.record_id, two.other.record_id} == set(sides)
    there = sides[two.other.record_id]
    assert ("ST16 3SR", "red", two.other.reference) == (there.postcode, there.rating, there.reference)
    assert sides[two.one.record_id].nhs_number == there.nhs_number
    assert [("duplicates.listed", sorted(sides))] == await actions(owner, visitor)


async def test_whoever_sees_one_of_the_two_learns_nothing(two: Two) -> None:
    of_there = colleague_of(two.there, Role.ADMINISTRATOR)

    for visitor in (two.of_here, of_there):
        assert PossibleDuplicates(pairs=(), total=0) == await two.listed(visitor)
        assert 0 == (await two.referrals.ask(visitor, CountDuplicates())).total
        assert ("not_found", {}) == await two.referrals.refusal(visitor, two.decision())
    assert ("not_found", {}) == await two.referrals.refusal(two.of_both, a_decision(two.one, two.one))


async def test_counting_tells_how_many_wait_and_is_no_reading(two: Two, owner: Owner) -> None:
    visitor = two.of_both

    count = await two.referrals.ask(visitor, CountDuplicates())

    assert (1, []) == (count.total, await actions(owner, visitor))


async def test_a_pair_with_an_archived_record_waits_for_nobody(two: Two) -> None:
    await two.referrals.archive(two.of_here, two.one)

    assert (0, 0) == (
        (await two.listed(two.of_both)).total,
        (await two.referrals.ask(two.of_both, CountDuplicates())).total,
    )


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING, Role.MASTER_ADMIN])
@pytest.mark.parametrize("asked", [ListDuplicates(), CountDuplicates()])
async def test_only_administrators_get_past_the_front_door(two: Two, role: Role, asked: Request[Message]) -> None:
    visitor = two.of_both.model_copy(update={"role": role})

    for each in (asked, two.decision()):
        with pytest.raises(NotAnswered) as unanswered:
            await two.referrals.ask(visitor, each)
        assert Fault.NOT_ALLOWED == unanswered.value.fault


# --------------------------------------------------------------------------------------------------------- deciding
async def test_the_first_decision_stands_and_the_second_learns_who_made_it(two: Two, owner: Owner) -> None:
    first, second = two.of_both, two.of_both.model_copy(update={"user_id": new_id(), "full_name": "Sam Second"})

    decisions = [await two.decide(first, "dismissed"), await two.decide(second, "linked")]

    assert [("dismissed", "Gail Thomas", False), ("dismissed", "Gail Thomas", True)] == [
        (each.verdict, each.decided_by, each.before) for each in decisions
    ]
    ids = sorted((two.one.record_id, two.other.record_id))
    assert [("duplicate.dismissed", ids)] == await actions(owner, first)
    assert [] == await actions(owner, second)
    assert (0, []) == ((await two.listed(first)).total, await two.shown(first))


async def test_a_decision_that_is_sent_again_is_answered_as_the_first_time(two: Two, owner: Owner) -> None:
    visitor, decision = two.of_both, two.decision()

    answers = [await two.referrals.ask(visitor, decision) for _ in range(3)]

    assert 1 == len(set(answers))
    assert 1 == len(await actions(owner, visitor))


# ------------------------------------------------------------------------------------------------------ what is shown
async def test_a_linked_record_shows_the_other_to_who_sees_both(two: Two, owner: Owner) -> None:
    visitor = two.of_both
    await two.decide(visitor)

    assert [(two.other.reference, "red")] == await two.shown(visitor)
    assert ("record.same_person_read", [two.other.record_id]) in await actions(owner, visitor)


async def test_and_nothing_to_who_sees_one(two: Two, owner: Owner) -> None:
    await two.decide(two.of_both)
    visitor = two.of_here

    for each in (visitor, two.here):
        assert [] == await two.shown(each)
    assert [("record.read", [two.one.record_id])] == await actions(owner, visitor)


async def test_archiving_one_leaves_the_other_and_shows_it_no_more(two: Two) -> None:
    await two.decide(two.of_both)

    await two.referrals.archive(colleague_of(two.there, Role.ADMINISTRATOR), two.other)

    assert [] == await two.shown(two.of_both)


async def test_records_are_linked_through_a_third_that_one_does_not_see(referrals: Referrals) -> None:
    here, between, person, middle = a_visitor(), a_visitor(), a_person(), a_person()
    one = await referrals.ask(here, unasked(**person))
    third = await referrals.ask(between, unasked(**middle | {"nhs_number": person["nhs_number"]}))
    names = {"first_name": middle["first_name"], "last_name": middle["last_name"]}
    other = await referrals.ask(here, unasked(**a_person(**names)))
    everywhere = a_visitor(Role.ADMINISTRATOR, *here.organisation_ids, *between.organisation_ids)

    for pair in ((one, third), (third, other)):
        await referrals.ask(everywhere, a_decision(*pair))

    shown = await referrals.read(here, one.record_id)
    assert [other.record_id] == [each.record_id for each in shown.same_person]
    assert 2 == len((await referrals.read(everywhere, one.record_id)).same_person)


async def test_a_pair_that_has_become_one_person_through_a_third_waits_no_more(referrals: Referrals) -> None:
    visitor, person = a_visitor(Role.ADMINISTRATOR), a_person()
    one, third, other = [await referrals.anyway(visitor, unasked(**person)) for _ in range(3)]
    waiting = await referrals.ask(visitor, CountDuplicates())

    for pair in ((one, third), (third, other)):
        await referrals.ask(visitor, a_decision(*pair))

    assert (3, 0) == (waiting.total, (await referrals.ask(visitor, CountDuplicates())).total)
    assert () == (await referrals.ask(visitor, ListDuplicates())).pairs


# ------------------------------------------------------------------------------------------- row-level security alone
async def test_pairs_and_persons_are_for_who_sees_both_records_whatever_the_query_asks(
    two: Two, pool: DatabasePool
) -> None:
    await two.decide(two.of_both)
    await two.referrals.ask(two.here, a_note(two.one.record_id))
    standard = two.of_both.model_copy(update={"role": Role.STANDARD})
    other_register = two.of_both.model_copy(update={"register_code": "s117"})
    both = {two.one.record_id, two.other.record_id}

    async def seen(visitor: Visitor | None, query: str) -> set[object]:
        async with transaction(pool, visitor) as db:
            return {value for row in await db.fetch(query) for value in row} & both

    pairs, persons = "SELECT one, other FROM possible_duplicate", "SELECT record_id FROM person_link"
    assert [both, set(), set(), set(), set()] == [
        await seen(each, pairs) for each in (two.of_both, two.of_here, standard, other_register, None)
    ]
    assert [both, {two.one.record_id}, set(), set()] == [
        await seen(each, persons) for each in (two.of_both, two.of_here, other_register, None)
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT key FROM record_key",
        "INSERT INTO record_key SELECT id, 'dsr', 'key', 'rule' FROM record",
        "INSERT INTO possible_duplicate (one, other, register_code, rule) SELECT id, id, 'dsr', '' FROM record",
        "DELETE FROM possible_duplicate",
        "UPDATE possible_duplicate SET rule = ''",
        "INSERT INTO person_link SELECT id, id FROM record",
        "UPDATE person_link SET person_id = record_id",
        "SELECT lock_keys('dsr', '{}')",
    ],
)
async def test_the_service_writes_pairs_and_persons_by_its_functions_alone(
    two: Two, pool: DatabasePool, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(pool, two.of_both) as db:
            await db.execute(statement)
