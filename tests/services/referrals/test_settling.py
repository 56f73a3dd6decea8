"""Settling records: pairs for the register's team, and what is stored otherwise than the service would write it now."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.referrals.service import jobs_of
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.duplicates import DecideDuplicate, ListDuplicates
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.saving import RecordReceipt
from shared.permissions import Role, Visitor
from shared.registers.load import Registers
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person, an_nhs_number, unasked
from tests.services.referrals.rig import Owner, Referrals, an_update
from tests.services.two_bodies import a_code, an_organisation_register
from tests.support.connections import ServicePools

LAN: dict[str, Answer] = {"first_name": "Lan", "last_name": "Nguyen", "date_of_birth": "1998-11-05"}


@pytest.fixture(autouse=True)
async def nothing_to_settle(owner: Owner) -> None:
    """Leave out the records of other tests: they are many, and born on one day."""
    await owner.db.execute("DELETE FROM record_unsettled")


async def settled(referrals: Referrals) -> None:
    """Run the service's own job until there is nothing left to settle."""
    (job,) = [each for each in jobs_of(referrals.context) if each.name == "records.settle"]
    while await job.work():
        pass


async def listed(referrals: Referrals, visitor: Visitor) -> set[frozenset[UUID]]:
    """Return the pairs on the list of the visitor's team."""
    await settled(referrals)
    team = colleague_of(visitor, Role.ADMINISTRATOR)
    found = await referrals.ask(team, ListDuplicates())
    return {frozenset((each.one.record_id, each.other.record_id)) for each in found.pairs}


def both(one: RecordReceipt, other: RecordReceipt) -> frozenset[UUID]:
    return frozenset((one.record_id, other.record_id))


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Nguyen", "last_name": "Lan"},
        {"first_name": "Lan Thi"},
        {"last_name": "Thi Nguyen"},
        {"last_name": "Nguyne"},
        {"date_of_birth": "1998-05-11"},
        {"date_of_birth": "1998-11-06"},
    ],
)
async def test_one_person_entered_otherwise_comes_to_the_teams_list_and_stops_nobody(
    referrals: Referrals, changes: dict[str, Answer]
) -> None:
    visitor = a_visitor()
    first = await referrals.ask(visitor, unasked(**LAN))

    second = await referrals.ask(visitor, unasked(**LAN | changes))

    assert {both(first, second)} == await listed(referrals, visitor)


async def test_twins_are_neither_asked_about_nor_listed(referrals: Referrals) -> None:
    visitor, twin = a_visitor(), {"last_name": "Bell", "date_of_birth": "2010-02-01", "postcode": "ST5 1DS"}
    await referrals.ask(visitor, unasked(**twin, first_name="Ava"))

    await referrals.ask(visitor, unasked(**twin, first_name="Ada"))

    assert set() == await listed(referrals, visitor)


async def test_a_record_that_is_renamed_is_compared_again(referrals: Referrals) -> None:
    visitor = a_visitor()
    first = await referrals.ask(visitor, unasked(**LAN))
    second = await referrals.ask(visitor, unasked(**LAN | {"first_name": "Mai"}))
    before = await listed(referrals, visitor)

    await referrals.update(visitor, second, **LAN | {"first_name": "Lan Mai"})

    assert (set(), {both(first, second)}) == (before, await listed(referrals, visitor))


async def test_a_pair_is_seen_by_who_sees_both_records_alone(referrals: Referrals) -> None:
    here, there = a_visitor(), a_visitor()
    first = await referrals.ask(here, unasked(**LAN | {"date_of_birth": "1948-11-05"}))
    second = await referrals.ask(there, unasked(**LAN | {"date_of_birth": "1948-05-11"}))
    whole = a_visitor(Role.ADMINISTRATOR, *here.organisation_ids, *there.organisation_ids)

    assert (set(), set()) == (await listed(referrals, here), await listed(referrals, there))
    assert {both(first, second)} == await listed(referrals, whole)


async def test_a_dismissed_pair_is_not_listed_again(referrals: Referrals) -> None:
    visitor = a_visitor()
    first = await referrals.ask(visitor, unasked(**LAN))
    second = await referrals.ask(visitor, unasked(**LAN | {"first_name": "Lan Thi"}))
    assert {both(first, second)} == await listed(referrals, visitor)
    decision = DecideDuplicate(command_id=new_id(), one=first.record_id, other=second.record_id, verdict="dismissed")
    await referrals.ask(colleague_of(visitor, Role.ADMINISTRATOR), decision)

    await referrals.update(visitor, second, **LAN | {"first_name": "Lan Thi Mai"})

    assert set() == await listed(referrals, visitor)


async def test_a_dismissed_pair_stays_dismissed_when_a_release_writes_its_keys_otherwise(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    first = await referrals.ask(visitor, unasked(**LAN))
    second = await referrals.anyway(visitor, unasked(**LAN))
    assert {both(first, second)} == await listed(referrals, visitor)
    decision = DecideDuplicate(command_id=new_id(), one=first.record_id, other=second.record_id, verdict="dismissed")
    await referrals.ask(visitor, decision)
    await owner.db.execute("UPDATE record_key SET key = 'old' || key WHERE record_id = $1", second.record_id)
    await owner.db.execute(UNSETTLED, second.record_id)

    assert set() == await listed(referrals, visitor)


async def test_an_archived_record_is_not_compared(referrals: Referrals) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    first = await referrals.ask(visitor, unasked(**LAN))
    await referrals.archive(visitor, first)

    await referrals.ask(visitor, unasked(**LAN | {"first_name": "Lan Thi"}))

    assert set() == await listed(referrals, visitor)


# ------------------------------------------------------------------------------------------------ after an upgrade
OLD = """
    UPDATE record SET search = ' ' || lower(given_name || ' ' || family_name), sort_name = NULL WHERE id = $1
"""
STALE = """SELECT refold_records('dsr', $1, $2, '{" stale"}', '{stale}', '{}', '{}', '{}')"""
UNSETTLED = "INSERT INTO record_unsettled (record_id) SELECT $1"
SORTED = "SELECT sort_name FROM record WHERE id = $1"
ENTRIES = "SELECT id FROM record_unsettled WHERE record_id = $1"
STATE = "SELECT version, updated_at, updates FROM record WHERE id = $1"


async def test_records_of_an_older_release_are_written_as_they_would_be_now(referrals: Referrals, owner: Owner) -> None:
    visitor, number = a_visitor(), an_nhs_number()
    receipt = await referrals.submit(visitor, first_name="Keanu", last_name="Ka\u02bban\u0101", nhs_number=number)
    await settled(referrals)
    await owner.db.execute(OLD, receipt.record_id)
    await owner.db.execute("DELETE FROM record_key WHERE record_id = $1", receipt.record_id)
    await owner.db.execute(UNSETTLED, receipt.record_id)
    before, state = await referrals.names(visitor, "kaana"), await owner.rows(STATE, receipt.record_id)

    await settled(referrals)

    assert ([], ["Keanu Ka\u02bban\u0101"]) == (before, await referrals.names(visitor, "kaana"))
    assert ["Keanu Ka\u02bban\u0101"] == await referrals.names(visitor, number)
    assert state == await owner.rows(STATE, receipt.record_id)
    again = await referrals.refusal(visitor, unasked(**a_person(nhs_number=number)))
    assert ("likely_duplicate", {"records": (receipt.record_id,)}) == again


async def test_a_record_without_a_folded_name_is_sorted_by_its_name_as_it_is_written(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor()
    for family in ("Ball", "Able", "Cole"):
        receipt = await referrals.submit(visitor, last_name=family)
        await owner.db.execute(OLD, receipt.record_id)

    shown = await referrals.ask(visitor, ListRecords(sort="name"))

    assert ["Percy Able", "Percy Ball", "Percy Cole"] == [row.name for row in shown.rows]


async def test_a_record_that_is_saved_while_it_is_settled_keeps_what_was_saved(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, last_name="Before")
    await owner.db.execute(STALE, [receipt.record_id], [receipt.version + 1])

    assert ["Percy Before"] == await referrals.names(visitor, "before")


async def test_records_of_a_register_that_is_not_served_wait_and_stay_as_they_are(
    pools: ServicePools, owner: Owner
) -> None:
    code = a_code()
    visitor, register = a_visitor(register_code=code), an_organisation_register(code)
    served = await Referrals.open(pools, Registers([register]))
    receipt = await served.submit(visitor, last_name="Waiting")
    await owner.db.execute(OLD, receipt.record_id)
    named = {**register.definition.person, "family_name": "latest_update"}  # such a file does not fit the records
    unfit = replace(register, definition=register.definition.model_copy(update={"person": named}))
    withheld, absent = Registers([unfit]), Registers([])
    withheld.withhold_always([code])

    for registers in (withheld, absent):
        await settled(replace(served, context=replace(served.context, registers=registers)))
    waiting = await owner.rows(SORTED, receipt.record_id), await owner.rows(ENTRIES, receipt.record_id)
    await settled(served)

    assert ([None], 1) == ([row["sort_name"] for row in waiting[0]], len(waiting[1]))
    assert ["waiting percy"] == [row["sort_name"] for row in await owner.rows(SORTED, receipt.record_id)]
    assert [] == await owner.rows(ENTRIES, receipt.record_id)


# -------------------------------------------------------------------------------------------------------------- updates
async def test_an_update_that_gives_a_record_another_persons_number_is_asked_about(referrals: Referrals) -> None:
    visitor, person, other = a_visitor(), a_person(), a_person(nhs_number="")
    first = await referrals.ask(visitor, unasked(**person))
    second = await referrals.ask(visitor, unasked(**other))
    update = an_update(second, **other | {"nhs_number": person["nhs_number"]})

    refusal = await referrals.refusal(visitor, update)
    unchanged = (await referrals.read(visitor, second.record_id)).version
    saved = await referrals.ask(visitor, update.model_copy(update={"duplicates_seen": (first.record_id,)}))

    assert ("likely_duplicate", {"records": (first.record_id,)}) == refusal
    assert (0, 1) == (unchanged, saved.version)
    assert {both(first, second)} == await listed(referrals, visitor)


async def test_an_update_of_anything_else_asks_nothing_about_a_match_that_is_known(referrals: Referrals) -> None:
    visitor, person = a_visitor(), a_person()
    await referrals.ask(visitor, unasked(**person | {"nhs_number": ""}))
    second = await referrals.anyway(visitor, unasked(**person | {"nhs_number": ""}))

    saved = await referrals.ask(visitor, an_update(second, **person, postcode="ST16 3SR"))

    assert 1 == saved.version


async def test_an_update_asks_nothing_about_a_record_of_the_same_person(referrals: Referrals) -> None:
    visitor, person = a_visitor(), a_person()
    first = await referrals.ask(visitor, unasked(**person))
    second = await referrals.anyway(visitor, unasked(**person | {"nhs_number": ""}))
    team = colleague_of(visitor, Role.ADMINISTRATOR)
    pair = {"one": first.record_id, "other": second.record_id}
    await referrals.ask(team, DecideDuplicate(command_id=new_id(), **pair, verdict="linked"))

    saved = await referrals.ask(visitor, an_update(second, **person))

    assert 1 == saved.version


async def test_an_update_says_nothing_of_a_record_out_of_sight(referrals: Referrals) -> None:
    person, other = a_person(), a_person(nhs_number="")
    await referrals.ask(a_visitor(), unasked(**person))
    visitor = a_visitor()
    second = await referrals.ask(visitor, unasked(**other))

    saved = await referrals.ask(visitor, an_update(second, **other | {"nhs_number": person["nhs_number"]}))

    assert 1 == saved.version
