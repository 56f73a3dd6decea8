"""A register whose records two bodies share: who sees what, by requests and by the policies alone."""

import random
import secrets
from dataclasses import dataclass
from uuid import UUID

import pytest

from shared.contracts.referrals.events import RecordMoved
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.reading import ReadHistory, ReadRecord
from shared.contracts.referrals.saving import SubmitRecord, UpdateRecord
from shared.database import DatabasePool, transaction
from shared.ids import new_id
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role, Visitor
from shared.registers.bodies import compartment_of
from tests.services.referrals.rig import Owner, Referrals
from tests.services.watch import ALMSHOUSES, EDITION, PARISHES, a_watch, a_watcher, bodies_of, own_register
from tests.support.connections import ServicePools

PEOPLE, VISITORS = 14, 7
SYLLABLES = ("bun", "dar", "gel", "hol", "jam", "kes", "lor", "mip")
ROLES = (Role.STANDARD, Role.REPORTING, Role.ADMINISTRATOR)
BODIES = tuple([f"parish:{each}" for each in PARISHES] + [f"almshouse:{each}" for each in ALMSHOUSES])
ALL_ROWS = {
    "record": "SELECT id FROM record WHERE is_open",
    "record_version": "SELECT DISTINCT record_id FROM record_version",
    "record_word": "SELECT DISTINCT record_id FROM record_word",
}


@dataclass(frozen=True)
class Entry:
    """A record of the test, with the bodies that share it."""

    record_id: UUID
    bodies: frozenset[str]


@dataclass(frozen=True)
class Parish:
    """A register of its own with random records, and the service for it."""

    code: str
    referrals: Referrals
    everything: Visitor
    entries: tuple[Entry, ...]


def submission(rng: random.Random, parish: str, almshouse: str) -> SubmitRecord:
    name = "".join(rng.choice(SYLLABLES) for _ in range(3))
    answers = a_watch(parish, almshouse, called=name, family_called=f"{name}son")
    return SubmitRecord(command_id=new_id(), edition=EDITION, answers=answers)


@pytest.fixture
async def parish(pools: ServicePools) -> Parish:
    code, rng = f"w{secrets.token_hex(5)}", random.Random(20261130)
    referrals = await Referrals.open(pools, own_register(code))
    everything = a_watcher(Role.ADMINISTRATOR, code=code, everything=True)
    entries = []
    for _ in range(PEOPLE):
        one, other = rng.choice(PARISHES), rng.choice(ALMSHOUSES)
        receipt = await referrals.ask(everything, submission(rng, one, other))
        entries.append(Entry(receipt.record_id, bodies_of(one, other)))
    return Parish(code, referrals, everything, tuple(entries))


def visitors(code: str) -> list[Visitor]:
    """Return visitors of every role with no body, one, several, and all of them."""
    rng = random.Random(20261201)
    some = [a_watcher(rng.choice(ROLES), *rng.sample(BODIES, rng.randrange(4)), code=code) for _ in range(VISITORS)]
    return [*some, a_watcher(Role.REPORTING, *BODIES, code=code), a_watcher(Role.STANDARD, code=code, everything=True)]


async def listed(parish: Parish, visitor: Visitor, **by: object) -> tuple[set[UUID], int]:
    page = await parish.referrals.ask(visitor, ListRecords.model_validate({"length": 100} | by))
    return {row.record_id for row in page.rows}, page.total


@pytest.mark.slow
@pytest.mark.requirement("R-S117-014")
async def test_a_list_a_search_a_count_and_a_record_show_what_a_body_shares_and_nothing_else(
    parish: Parish, pool: DatabasePool
) -> None:
    for visitor in visitors(parish.code):
        reached = await parish.referrals.context.reach(visitor)
        theirs = {
            each.record_id for each in parish.entries if visitor.all_organisations or each.bodies & set(visitor.bodies)
        }

        assert (theirs, len(theirs)) == await listed(parish, visitor)
        assert (theirs, len(theirs)) == await listed(parish, visitor, sort="name")
        assert theirs == (await listed(parish, visitor, search="son"))[0]
        assert theirs == {each.record_id for each in parish.entries if await reads(parish, visitor, each.record_id)}
        for query in ALL_ROWS.values():
            async with transaction(pool, reached) as db:
                assert theirs == {row[0] for row in await db.fetch(query)}


async def reads(parish: Parish, visitor: Visitor, record_id: UUID) -> bool:
    """Return whether the visitor can open the record and its history."""
    codes = [
        (await parish.referrals.refusal(visitor, kind(record_id=record_id)))[0] for kind in (ReadRecord, ReadHistory)
    ]
    assert codes in (["", ""], ["not_found", "not_found"])
    return codes == ["", ""]


async def test_pages_forward_and_back_show_each_record_once(parish: Parish) -> None:
    for visitor in visitors(parish.code):
        whole = (await parish.referrals.ask(visitor, ListRecords(length=100))).rows
        paged = [row for page in (1, 2) for row in (await parish.referrals.ask(visitor, ListRecords(page=page))).rows]
        assert [row.record_id for row in whole] == [row.record_id for row in paged]


async def test_a_record_is_added_for_a_body_of_ones_own_alone(parish: Parish) -> None:
    visitor = a_watcher(Role.STANDARD, "almshouse:hiram", code=parish.code)
    rng = random.Random(1)

    receipt = await parish.referrals.ask(visitor, submission(rng, "crabtree", "hiram"))
    code, _ = await parish.referrals.refusal(visitor, submission(rng, "crabtree", "ewold"))

    assert await reads(parish, visitor, receipt.record_id)
    assert "out_of_reach" == code


@pytest.mark.slow
async def test_the_other_body_takes_over_sight_when_responsibility_moves(parish: Parish, owner: Owner) -> None:
    rng = random.Random(2)
    hiram = a_watcher(Role.STANDARD, "almshouse:hiram", code=parish.code)
    old, new = (a_watcher(Role.STANDARD, f"parish:{each}", code=parish.code) for each in ("plumstead", "hogglestock"))
    asked = submission(rng, "plumstead", "hiram")
    receipt = await parish.referrals.ask(hiram, asked)
    before = {each.user_id: (await listed(parish, each))[1] for each in (hiram, old, new)}

    moved = asked.answers | {"parish": "hogglestock"}
    update = UpdateRecord(command_id=new_id(), record_id=receipt.record_id, version=0, answers=moved)
    await parish.referrals.ask(hiram, update)

    after = {each.user_id: (await listed(parish, each))[1] for each in (hiram, old, new)}
    assert {hiram.user_id: 0, old.user_id: -1, new.user_id: 1} == {who: after[who] - before[who] for who in before}
    assert [False, True, True] == [await reads(parish, each, receipt.record_id) for each in (old, new, hiram)]
    told = [event for event in await parish.referrals.told(receipt.record_id) if event.version == 1]
    public = [set(event.bodies) for event in told if event.family == "event"]
    assert [{"parish:plumstead", "parish:hogglestock", "almshouse:hiram"}] == public
    (noticed,) = [set(event.bodies) for event in told if isinstance(event, RecordMoved)]
    assert bodies_of("hogglestock", "hiram") == noticed
    assert [0] == [row[0] for row in await owner.rows("SELECT prove_counters()")]


async def test_an_update_that_leaves_the_bodies_as_they_are_moves_nothing(parish: Parish) -> None:
    hiram = a_watcher(Role.STANDARD, "almshouse:hiram", code=parish.code)
    asked = submission(random.Random(4), "plumstead", "hiram")
    receipt = await parish.referrals.ask(hiram, asked)

    later = asked.answers | {"lamp": "yes"}
    update = UpdateRecord(command_id=new_id(), record_id=receipt.record_id, version=0, answers=later)
    await parish.referrals.ask(hiram, update)

    told = [event for event in await parish.referrals.told(receipt.record_id) if event.version == 1]
    assert ["updated"] == [event.kind for event in told]


async def test_nobody_moves_a_record_out_of_their_own_sight(parish: Parish) -> None:
    rng = random.Random(3)
    plumstead = a_watcher(Role.STANDARD, "parish:plumstead", code=parish.code)
    asked = submission(rng, "plumstead", "hiram")
    receipt = await parish.referrals.ask(plumstead, asked)

    moved = asked.answers | {"parish": "hogglestock"}
    update = UpdateRecord(command_id=new_id(), record_id=receipt.record_id, version=0, answers=moved)

    assert ("out_of_reach", {}) == await parish.referrals.refusal(plumstead, update)
    assert await reads(parish, plumstead, receipt.record_id)


async def test_a_compartment_that_is_new_is_reached_at_once_and_by_no_stranger(parish: Parish) -> None:
    hiram = a_watcher(Role.STANDARD, "almshouse:hiram", code=parish.code)
    stranger = a_watcher(Role.ADMINISTRATOR, code=parish.code)
    reached = await parish.referrals.context.reach(stranger)

    assert () == reached.compartment_ids
    assert not stranger.may_reach(compartment_of(parish.code, ("parish:plumstead", "almshouse:hiram")))
    assert (set(), 0) == await listed(parish, stranger)
    assert (await listed(parish, hiram))[1] == len(
        [each for each in parish.entries if "almshouse:hiram" in each.bodies]
    )


async def test_ended_records_are_listed_for_the_roles_that_the_register_names(parish: Parish) -> None:
    standard = a_watcher(Role.STANDARD, *BODIES, code=parish.code)

    assert (set(), 0) == await listed(parish, a_watcher(Role.REPORTING, *BODIES, code=parish.code), ended=True)
    with pytest.raises(NotAnswered) as unanswered:
        await listed(parish, standard, ended=True)
    assert Fault.NOT_ALLOWED is unanswered.value.fault


async def test_a_record_of_another_register_stays_there(parish: Parish, pool: DatabasePool) -> None:
    other = a_watcher(Role.ADMINISTRATOR, *BODIES, code="watch", everything=True)

    with pytest.raises(Refused, match="not_found"):
        await parish.referrals.ask(other, ReadRecord(record_id=parish.entries[0].record_id))
    async with transaction(pool, other) as db:
        seen = {row[0] for row in await db.fetch(ALL_ROWS["record"])}
    assert seen.isdisjoint(each.record_id for each in parish.entries)
