"""Names of records for another service's list of ids, and the status of records, without personal data."""

import pytest
from pydantic import ValidationError

from shared.contracts.referrals.naming import LONGEST_UPDATE, MOST_NAMED, NamedRecord, NameRecords
from shared.contracts.referrals.saving import RecordReceipt
from shared.contracts.referrals.standing import ListStandings, ReadStandings
from shared.messages import Fault, NotAnswered
from shared.permissions import Caller, Role, Visitor
from shared.registers.bodies import organisation_compartment
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.people import a_person, unasked
from tests.services.referrals.rig import Owner, Referrals
from tests.services.referrals.test_linking import a_decision

OUTCOMES = Caller(service="outcomes", job="tasks")


@pytest.fixture
def administrator() -> Visitor:
    return a_visitor(Role.ADMINISTRATOR)


async def named(referrals: Referrals, visitor: Visitor, *records: RecordReceipt) -> list[NamedRecord]:
    asked = NameRecords(record_ids=tuple(each.record_id for each in records))
    return list((await referrals.ask(visitor, asked)).records)


@pytest.mark.requirement("R-FLOW-018")
async def test_a_record_is_named_with_its_rating_and_lead_professional(
    referrals: Referrals, administrator: Visitor
) -> None:
    record = await referrals.submit(administrator, risk_level="red", lead_professional="Lee Lead")

    (found,) = await named(referrals, administrator, record)

    assert (record.record_id, "Percy Plum", record.reference, "red", "Lee Lead") == (
        found.record_id,
        found.name,
        found.reference,
        found.rating,
        found.lead_professional,
    )


async def test_a_record_is_named_with_what_one_rings_with(referrals: Referrals, administrator: Visitor) -> None:
    answers = {"lead_professional_contact": "01632 960 001", "latest_update": "x" * 5_000}
    record = await referrals.submit(administrator, **answers)

    (found,) = await named(referrals, administrator, record)

    assert ("01632 960 001", "x" * LONGEST_UPDATE) == (found.lead_professional_contact, found.latest_update)


@pytest.mark.requirement("R-USE-002")
async def test_of_linked_records_the_most_urgent_that_the_asker_sees_stands_for_the_person(
    referrals: Referrals, administrator: Visitor
) -> None:
    there = a_visitor(Role.ADMINISTRATOR)
    both = a_visitor(Role.ADMINISTRATOR, *administrator.organisation_ids, *there.organisation_ids)
    person = a_person()
    amber = await referrals.ask(administrator, unasked(**person, risk_level="amber"))
    red = await referrals.ask(there, unasked(**person | {"postcode": "ST16 3SR"}, risk_level="red"))
    await referrals.ask(both, a_decision(amber, red))

    of_both = {each.rating: each.stands for each in await named(referrals, both, amber, red)}
    (of_one,) = await named(referrals, administrator, amber, red)

    assert {"amber": False, "red": True} == of_both
    assert of_one.stands


@pytest.mark.requirement("R-USE-002")
@pytest.mark.parametrize("other", ["red", "amber", None])
async def test_a_level_that_the_register_no_longer_has_stands_for_no_person_beside_another_record(
    referrals: Referrals, owner: Owner, administrator: Visitor, other: str | None
) -> None:
    there = a_visitor(Role.ADMINISTRATOR)
    both = a_visitor(Role.ADMINISTRATOR, *administrator.organisation_ids, *there.organisation_ids)
    person = a_person()
    one = await referrals.ask(administrator, unasked(**person))
    records = (one, await referrals.ask(there, unasked(**person | {"postcode": "ST16 3SR"})))
    await referrals.ask(both, a_decision(*records))
    for record, level in zip(records, ("black", other), strict=True):
        await owner.rows("UPDATE record SET rating = $2 WHERE id = $1", record.record_id, level)

    standing = [each.rating for each in await named(referrals, both, *records) if each.stands]

    assert standing in ([[other]] if other else [["black"], [None]])


async def test_foreign_unknown_and_archived_records_are_not_named(referrals: Referrals, administrator: Visitor) -> None:
    own, ended = [await referrals.submit(administrator) for _ in range(2)]
    foreign = await referrals.submit(a_visitor())
    unknown = RecordReceipt(record_id=new_id(), reference="none", version=0)
    await referrals.archive(administrator, ended)

    found = await named(referrals, administrator, own, foreign, unknown, ended)

    assert [own.record_id] == [each.record_id for each in found]


async def test_a_standard_user_has_their_own_named_alone(referrals: Referrals, administrator: Visitor) -> None:
    standard = colleague_of(administrator)
    own, other = await referrals.submit(standard), await referrals.submit(administrator)

    assert [own.record_id] == [each.record_id for each in await named(referrals, standard, own, other)]


async def test_naming_is_audited_with_the_ids_named(referrals: Referrals, owner: Owner, administrator: Visitor) -> None:
    own, foreign = await referrals.submit(administrator), await referrals.submit(a_visitor())

    await named(referrals, administrator, own, foreign)

    audited = "SELECT subjects FROM audit WHERE action = 'record.named' AND actor = $1"
    assert [own.record_id] == await owner.value(audited, administrator.user_id)


async def test_a_hundred_are_named_at_once_and_no_more() -> None:
    NameRecords(record_ids=tuple(new_id() for _ in range(MOST_NAMED)))

    with pytest.raises(ValidationError):
        NameRecords(record_ids=tuple(new_id() for _ in range(MOST_NAMED + 1)))


async def test_a_master_admin_has_nobody_named(referrals: Referrals, administrator: Visitor) -> None:
    record = await referrals.submit(administrator)

    with pytest.raises(NotAnswered) as unanswered:
        await named(referrals, colleague_of(administrator, Role.MASTER_ADMIN), record)

    assert Fault.NOT_ALLOWED == unanswered.value.fault


# -------------------------------------------------------------------------------------------------------------- status
@pytest.mark.parametrize(("rating", "urgency"), [("red", "urgent"), ("amber", "alert"), ("green", "routine")])
async def test_how_a_record_stands_is_told_without_naming_anybody(
    referrals: Referrals, administrator: Visitor, rating: str, urgency: str
) -> None:
    record = await referrals.submit(administrator, risk_level=rating)
    shown = await referrals.read(administrator, record.record_id)

    (standing,) = (await referrals.ask_as(OUTCOMES, ReadStandings(record_ids=(record.record_id,)))).standings

    assert (urgency, shown.rated_at, "south_staffordshire", 0, True) == (
        standing.urgency,
        standing.rated_at,
        standing.locality,
        standing.version,
        standing.is_open,
    )
    assert not {"Percy", "Plum", "2001-02-07"} & set(str(standing.model_dump()).split("'"))


async def test_an_archived_record_stands_archived(referrals: Referrals, administrator: Visitor) -> None:
    record = await referrals.submit(administrator, risk_level="red")
    await referrals.archive(administrator, record)

    (standing,) = (await referrals.ask_as(OUTCOMES, ReadStandings(record_ids=(record.record_id,)))).standings

    assert (False, 1) == (standing.is_open, standing.version)


async def test_only_active_records_that_call_for_somebody_are_listed_page_by_page(
    referrals: Referrals, administrator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.referrals.handlers.standing.MOST_ROWS", 2)
    red, amber, green, ended = [
        await referrals.submit(administrator, risk_level=rating) for rating in ("red", "amber", "green", "red")
    ]
    await referrals.archive(administrator, ended)

    pages = [await referrals.ask_as(OUTCOMES, ListStandings())]
    while (last := pages[-1].last) is not None:
        pages.append(await referrals.ask_as(OUTCOMES, ListStandings(after=last)))

    standings = [each for page in pages for each in page.standings]
    bodies = organisation_compartment(administrator.organisation_ids[0]).bodies
    own = [each.record_id for each in standings if each.bodies == bodies]
    assert sorted([red.record_id, amber.record_id]) == own
    assert green.record_id not in own
