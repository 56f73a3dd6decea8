"""Archived records: who may open them, and that the team learns of one when its person is referred again."""

from dataclasses import dataclass

import pytest
from asyncpg.connection import LoggedQuery

from shared.contracts.referrals.duplicates import DecideDuplicate, ListDuplicates, ListLinked
from shared.contracts.referrals.ended import EndedRecord, ListEndedBefore
from shared.contracts.referrals.reading import ReadHistory
from shared.contracts.referrals.reversing import AskReversal, CountReversals, ListReversals
from shared.contracts.referrals.saving import RecordReceipt
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person
from tests.services.referrals.rig import Owner, Referrals, an_update

LINKED = "SELECT subjects FROM audit WHERE actor = $1 AND action = 'record.same_person_read'"
BEFORE = "SELECT subjects FROM audit WHERE actor = $1 AND action = 'record.ended_before_read'"


@dataclass(frozen=True)
class Relapse:
    """A person whose record was archived, and who was referred again in the same organisation."""

    archived: RecordReceipt
    again: RecordReceipt
    referrer: Visitor
    administrator: Visitor


@pytest.fixture
async def relapse(referrals: Referrals) -> Relapse:
    administrator = a_visitor(Role.ADMINISTRATOR)
    referrer, person = colleague_of(administrator), a_person()
    archived = await referrals.submit(administrator, **person)
    await referrals.archive(administrator, archived)
    return Relapse(archived, await referrals.submit(referrer, **person), referrer, administrator)


async def before(referrals: Referrals, visitor: Visitor, *receipts: RecordReceipt) -> list[EndedRecord]:
    asked = ListEndedBefore(record_ids=tuple(each.record_id for each in receipts))
    return list((await referrals.ask(visitor, asked)).records)


async def test_the_team_learns_of_the_archived_record_of_a_person_who_is_referred_again(
    referrals: Referrals, owner: Owner, relapse: Relapse
) -> None:
    (found,) = await before(referrals, relapse.administrator, relapse.again)

    assert (relapse.again.record_id, relapse.archived.record_id, relapse.archived.reference) == (
        found.record_id,
        found.ended_id,
        found.reference,
    )
    assert [relapse.archived.record_id] == await owner.value(BEFORE, relapse.administrator.user_id)


async def test_it_is_found_by_name_and_date_of_birth_too(referrals: Referrals, relapse: Relapse) -> None:
    shown = await referrals.read(relapse.administrator, relapse.archived.record_id)
    named = {name: shown.answers[name] for name in ("first_name", "last_name", "date_of_birth")}

    third = await referrals.submit(relapse.referrer, **a_person(**named, nhs_number=""))

    assert [relapse.archived.record_id] == [
        each.ended_id for each in await before(referrals, relapse.administrator, third)
    ]


@pytest.mark.parametrize("role", [Role.STANDARD, Role.REPORTING])
async def test_nobody_else_learns_of_it(referrals: Referrals, relapse: Relapse, role: Role) -> None:
    visitor = colleague_of(relapse.administrator, role)

    with pytest.raises(NotAnswered) as unanswered:
        await before(referrals, visitor, relapse.again)

    assert Fault.NOT_ALLOWED is unanswered.value.fault


async def test_an_administrator_of_another_organisation_learns_nothing(referrals: Referrals, relapse: Relapse) -> None:
    elsewhere = a_visitor(Role.ADMINISTRATOR)
    person = (await referrals.read(relapse.administrator, relapse.again.record_id)).answers
    theirs = await referrals.submit(elsewhere, **person)

    assert [] == await before(referrals, elsewhere, theirs, relapse.again)
    assert [] == await before(referrals, relapse.administrator, theirs)


async def test_who_refers_again_is_not_asked_and_told_nothing(referrals: Referrals, relapse: Relapse) -> None:
    shown = await referrals.read(relapse.referrer, relapse.again.record_id)

    assert () == shown.same_person
    assert (
        "not_found" == (await referrals.refusal(relapse.referrer, ReadHistory(record_id=relapse.archived.record_id)))[0]
    )


async def test_an_administrator_reads_the_archived_record_and_cannot_change_it(
    referrals: Referrals, relapse: Relapse
) -> None:
    shown = await referrals.read(relapse.administrator, relapse.archived.record_id)
    update = an_update(relapse.archived.model_copy(update={"version": shown.version}), latest_update="No more")

    assert (False, False) == (shown.is_open, shown.may_update)
    assert "archived" == (await referrals.refusal(relapse.administrator, update))[0]


async def linked_pair(referrals: Referrals, administrator: Visitor) -> tuple[RecordReceipt, RecordReceipt]:
    """Return two records of one person that are linked, rated amber and red."""
    person = a_person()
    one = await referrals.submit(administrator, **person, risk_level="amber")
    other = await referrals.submit(administrator, **person, risk_level="red")
    decision = DecideDuplicate(command_id=new_id(), one=one.record_id, other=other.record_id, verdict="linked")
    await referrals.ask(administrator, decision)
    return one, other


async def test_linked_records_say_the_ratings_of_the_others(referrals: Referrals) -> None:
    administrator, alike = a_visitor(Role.ADMINISTRATOR), a_person()
    unlinked = await referrals.submit(administrator, **alike), await referrals.submit(administrator, **alike)
    alone = await referrals.ask(administrator, ListLinked(record_ids=tuple(each.record_id for each in unlinked)))
    one, other = await linked_pair(referrals, administrator)
    asked = ListLinked(record_ids=(one.record_id, other.record_id))

    linked = await referrals.ask(administrator, asked)

    assert ((), {one.record_id: ("red",), other.record_id: ("amber",)}) == (
        alone.records,
        {each.record_id: each.ratings for each in linked.records},
    )
    assert (await referrals.ask(a_visitor(Role.ADMINISTRATOR), asked)).records == ()


async def test_a_linked_record_out_of_scope_is_neither_counted_nor_audited(referrals: Referrals, owner: Owner) -> None:
    here, there, person = a_visitor(Role.ADMINISTRATOR), a_visitor(Role.ADMINISTRATOR), a_person()
    whole = a_visitor(Role.ADMINISTRATOR, *here.organisation_ids, *there.organisation_ids)
    one, other = await referrals.submit(here, **person), await referrals.submit(there, **person)
    decision = DecideDuplicate(command_id=new_id(), one=one.record_id, other=other.record_id, verdict="linked")
    await referrals.ask(whole, decision)
    asked = ListLinked(record_ids=(one.record_id, other.record_id))

    assert () == (await referrals.ask(here, asked)).records == (await referrals.ask(there, asked)).records
    assert {one.record_id, other.record_id} == {each.record_id for each in (await referrals.ask(whole, asked)).records}
    assert [None, None] == [await owner.value(LINKED, each.user_id) for each in (here, there)]


async def test_a_record_that_the_team_holds_to_be_another_persons_is_not_named(referrals: Referrals) -> None:
    administrator, person = a_visitor(Role.ADMINISTRATOR), a_person()
    one, other = await referrals.submit(administrator, **person), await referrals.submit(administrator, **person)
    (pair,) = (await referrals.ask(administrator, ListDuplicates())).pairs
    decision = DecideDuplicate(
        command_id=new_id(), one=pair.one.record_id, other=pair.other.record_id, verdict="dismissed"
    )
    await referrals.ask(administrator, decision)

    await referrals.archive(administrator, one)

    assert [] == await before(referrals, administrator, other)


async def test_what_is_said_beside_a_record_takes_one_statement_and_is_audited(
    referrals: Referrals, owner: Owner, relapse: Relapse
) -> None:
    linked = await linked_pair(referrals, relapse.administrator)
    made: list[str] = []

    def heard(logged: LoggedQuery) -> None:
        made.append(logged.query)

    async with referrals.pool.acquire() as db:
        db.add_query_logger(heard)
    await before(referrals, relapse.administrator, relapse.again)
    await referrals.ask(relapse.administrator, ListLinked(record_ids=(linked[0].record_id,)))
    async with referrals.pool.acquire() as db:
        db.remove_query_logger(heard)

    assert 2 == len(made)
    shown = await owner.value(LINKED, relapse.administrator.user_id)
    assert [linked[1].record_id] == shown


# ------------------------------------------------------------------------------------------------------------ reversals
async def test_the_records_that_were_archived_lately_are_offered_until_one_asks(
    referrals: Referrals, relapse: Relapse
) -> None:
    lately = (await referrals.ask(relapse.administrator, ListReversals())).lately
    asked = AskReversal(command_id=new_id(), reference=relapse.archived.reference, reason="Wrong person")
    await referrals.ask(relapse.administrator, asked)

    assert [relapse.archived.reference] == [each.reference for each in lately]
    assert () == (await referrals.ask(relapse.administrator, ListReversals())).lately
    assert () == (await referrals.ask(a_visitor(Role.ADMINISTRATOR), ListReversals())).lately


async def test_what_waits_for_a_second_administrator_is_counted_for_the_second_alone(
    referrals: Referrals, relapse: Relapse
) -> None:
    second = colleague_of(relapse.administrator, Role.ADMINISTRATOR)
    asked = AskReversal(command_id=new_id(), reference=relapse.archived.reference, reason="Wrong person")
    await referrals.ask(relapse.administrator, asked)

    counted = [
        (await referrals.ask(each, CountReversals())).waiting
        for each in (relapse.administrator, second, a_visitor(Role.ADMINISTRATOR))
    ]

    assert [0, 1, 0] == counted
