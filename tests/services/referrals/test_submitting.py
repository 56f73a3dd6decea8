"""Adding a person to a register."""

import asyncio
import secrets
from dataclasses import replace

import pytest

from services.referrals.handlers.saving import Saving
from shared.contracts.referrals.events import RecordCreated, RoutineNotice, UrgentNotice
from shared.contracts.referrals.saving import SubmitRecord
from shared.database import DatabasePool
from shared.messages import Fault, NotAnswered
from shared.permissions import Role
from shared.registers import references
from shared.registers.bodies import organisation_compartment
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.services.referrals.builders import a_referral, a_visitor, new_id
from tests.services.referrals.people import a_person, unasked
from tests.services.referrals.rig import Owner, Referrals, a_submission
from tests.support.connections import ServicePools

CANARY = "Canarina"


@pytest.mark.requirement("R-DSR-006")
async def test_a_standard_user_adds_a_record_and_finds_it_in_the_list_at_once(referrals: Referrals) -> None:
    visitor = a_visitor()

    receipt = await referrals.submit(visitor)

    page = await referrals.listed(visitor)
    assert [receipt.record_id] == [row.record_id for row in page.rows]
    assert (1, 1, 1) == (page.first, page.matches, page.total)


@pytest.mark.requirement("R-DSR-079", "R-DSR-080", "R-DSR-111")
async def test_the_record_holds_birthday_postcode_organisation_locality_and_rating(referrals: Referrals) -> None:
    visitor = a_visitor(full_name="Jayne Billings")
    receipt = await referrals.submit(visitor, postcode="ST16 3SR", risk_level="amber")

    shown = await referrals.read(visitor, receipt.record_id)
    (row,) = (await referrals.listed(visitor)).rows

    assert ("2001-02-07", "ST16 3SR") == (shown.answers["date_of_birth"], shown.answers["postcode"])
    assert visitor.home_organisation_id == shown.organisation_id == row.organisation_id
    assert ("south_staffordshire", "amber", "Jayne Billings") == (row.locality, row.rating, row.created_by)


async def test_the_reference_is_for_people_and_the_id_says_nothing(referrals: Referrals) -> None:
    receipt = await referrals.submit(a_visitor())

    assert references.read_reference(("DSR",), receipt.reference) == receipt.reference
    assert 0 == receipt.version


async def test_a_reference_begins_with_the_prefix_that_the_register_chose(
    pools: ServicePools, registers: Registers
) -> None:
    written = next(each for each in registers.written() if each.definition.code == "dsr")
    identity = written.definition.identity.model_copy(update={"reference_prefix": "FH"})
    chosen = replace(written, definition=written.definition.model_copy(update={"identity": identity}))
    referrals, visitor = await Referrals.open(pools, Registers([chosen])), a_visitor()

    receipt = await referrals.submit(visitor)
    found = [
        (await referrals.listed(visitor, search=typed)).matches for typed in (receipt.reference, receipt.reference[3:])
    ]

    assert receipt.reference.startswith("FH-")
    assert [1, 1] == found


async def test_a_reference_that_is_taken_is_drawn_again(
    referrals: Referrals, pool: DatabasePool, registers: Registers
) -> None:
    visitor, number = a_visitor(), secrets.randbelow(references.REFERENCES - 1)
    numbers = iter([number, number, number + 1])
    saving = Saving(referrals.context, draw=lambda _: next(numbers))

    receipts = [await saving.submit(visitor, unasked(**a_person())) for _ in range(2)]

    assert [references.write_reference("DSR", each) for each in (number, number + 1)] == [r.reference for r in receipts]
    assert 2 == (await referrals.listed(visitor)).total


@pytest.mark.requirement("R-DSR-093", "R-FLOW-019", "R-DSR-071", "R-DSR-075")
@pytest.mark.parametrize(
    "gate",
    [
        {"consent_given": "no"},
        {"capacity_to_consent": "no", "consent_given": "", "best_interest_decision": "no"},
    ],
)
async def test_without_consent_or_best_interest_decision_nothing_is_kept(
    referrals: Referrals, owner: Owner, gate: dict[str, str]
) -> None:
    visitor = a_visitor()
    asked = a_submission(first_name="Nemokept", **gate)

    refusal = await referrals.refusal(visitor, asked)

    assert ("no_consent", {}) == refusal
    everything = await owner.all_text()
    assert "nemokept" not in everything.lower()
    assert str(visitor.user_id) not in everything
    assert str(asked.command_id) not in everything


@pytest.mark.requirement("R-DSR-093")
async def test_with_the_gate_off_a_record_without_consent_is_taken(pools: ServicePools, registers: Registers) -> None:
    dsr = registers.find("dsr")
    assert dsr.consent is not None
    open_gate = dsr.model_copy(update={"consent": dsr.consent.model_copy(update={"gate": "off"})})
    referrals = await Referrals.open(pools, Registers([LoadedRegister(open_gate, "")]))
    visitor = a_visitor()

    receipt = await referrals.submit(visitor, consent_given="no")

    assert "no" == (await referrals.read(visitor, receipt.record_id)).answers["consent_given"]


@pytest.mark.requirement("R-DSR-071", "R-DSR-075")
async def test_a_best_interest_decision_stands_for_consent_where_capacity_is_lacking(referrals: Referrals) -> None:
    decided = {"capacity_to_consent": "no", "consent_given": "", "best_interest_decision": "yes"}
    undecided = {**decided, "best_interest_decision": ""}

    receipt = await referrals.submit(a_visitor(), **decided)
    refusal = await referrals.refusal(a_visitor(), a_submission(**undecided))

    assert 0 == receipt.version
    assert ("invalid_answers", {"faults": 1}) == refusal


@pytest.mark.requirement("R-DSR-076", "R-DSR-077", "R-DSR-078")
@pytest.mark.parametrize(
    "left_out",
    ["first_name", "last_name", "learning_disability_or_autism", "ethnicity", "date_of_birth", "risk_level"],
)
async def test_the_service_refuses_a_record_without_what_is_mandatory(referrals: Referrals, left_out: str) -> None:
    visitor = a_visitor()

    refusal = await referrals.refusal(visitor, a_submission(**{left_out: ""}))

    assert ("invalid_answers", {"faults": 1}) == refusal
    assert 0 == (await referrals.listed(visitor)).total


async def test_answers_that_the_form_does_not_ask_for_are_refused(referrals: Referrals) -> None:
    refusal = await referrals.refusal(a_visitor(), a_submission(shoe_size="9"))

    assert ("invalid_answers", {"faults": 1}) == refusal


async def test_an_edition_that_is_not_there_is_refused(referrals: Referrals) -> None:
    asked = SubmitRecord(command_id=new_id(), edition="1999", answers=a_referral())

    assert ("unknown_edition", {}) == await referrals.refusal(a_visitor(), asked)


async def test_somebody_without_an_organisation_in_reach_adds_nothing(referrals: Referrals) -> None:
    visitor = a_visitor()
    nowhere = visitor.model_copy(update={"home_organisation_id": None})
    elsewhere = visitor.model_copy(update={"home_organisation_id": new_id()})

    refusals = [await referrals.refusal(each, a_submission()) for each in (nowhere, elsewhere)]

    assert [("no_organisation", {})] * 2 == refusals


@pytest.mark.requirement("R-DSR-010")
@pytest.mark.parametrize("role", [Role.REPORTING, Role.MASTER_ADMIN, None])
async def test_only_who_may_submit_gets_past_the_front_door(referrals: Referrals, role: Role | None) -> None:
    with pytest.raises(NotAnswered) as unanswered:
        await referrals.submit(a_visitor(role))

    assert Fault.NOT_ALLOWED == unanswered.value.fault


@pytest.mark.requirement("R-FLOW-011", "R-DSR-097")
@pytest.mark.parametrize("rating", ["green", "amber"])
async def test_every_new_record_is_noticed_whatever_its_rating(referrals: Referrals, rating: str) -> None:
    receipt = await referrals.submit(a_visitor(), risk_level=rating)

    (notice,) = [each for each in await referrals.told(receipt.record_id) if isinstance(each, RoutineNotice)]

    assert (receipt.reference, "record_created", 0) == (notice.reference, notice.occasion, notice.version)
    assert {"green": "routine", "amber": "alert"}[rating] == notice.urgency


@pytest.mark.requirement("R-DSR-098")
async def test_a_notice_says_who_submitted_the_record_by_their_id(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)

    (notice,) = [each for each in await referrals.told(receipt.record_id) if isinstance(each, RoutineNotice)]

    assert visitor.user_id == notice.submitted_by


@pytest.mark.requirement("R-FLOW-013")
async def test_a_red_record_is_noticed_as_urgent_and_not_twice(referrals: Referrals) -> None:
    receipt = await referrals.submit(a_visitor(), risk_level="red")

    notices = [each for each in await referrals.told(receipt.record_id) if each.family == "notice"]

    assert [UrgentNotice] == [type(each) for each in notices]
    assert ["urgent"] == [each.urgency for each in notices if isinstance(each, UrgentNotice)]


async def test_the_public_event_says_who_without_saying_anything_about_them(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, first_name=CANARY, risk_level="red")

    (event,) = [each for each in await referrals.told(receipt.record_id) if isinstance(each, RecordCreated)]

    assert visitor.home_organisation_id is not None
    bodies = organisation_compartment(visitor.home_organisation_id).bodies
    assert ("dsr-referral-created-1", bodies) == (event.event_type(), event.bodies)
    assert set(RecordCreated.model_fields) == {
        "event_id",
        "occurred_at",
        "register_code",
        "bodies",
        "record_id",
        "version",
        "noun",
    }
    assert CANARY not in str(referrals.wire.published)


async def test_the_relay_is_woken_after_the_commit(referrals: Referrals) -> None:
    receipt = await referrals.submit(a_visitor())

    assert 1 == referrals.relay.woken
    assert receipt.version == 0


async def test_a_command_that_is_sent_again_gives_the_same_answer_and_one_record(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_submission()

    answers = [await referrals.ask(visitor, asked) for _ in range(3)]

    assert 1 == len({answer.record_id for answer in answers})
    assert 1 == (await referrals.listed(visitor)).total
    assert 1 == len([each for each in await referrals.told(answers[0].record_id) if each.family == "event"])


async def test_a_retry_whose_user_may_no_longer_add_a_record_gives_the_same_answer(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_submission()
    receipt = await referrals.ask(visitor, asked)
    moved = visitor.model_copy(update={"home_organisation_id": None})

    again = await referrals.ask(moved, asked)

    assert receipt == again
    assert ("no_organisation", {}) == await referrals.refusal(moved, a_submission())


async def test_a_double_click_adds_one_record(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_submission()

    answers = await asyncio.gather(*(referrals.ask(visitor, asked) for _ in range(10)))

    assert 1 == len({answer.record_id for answer in answers})
    assert 1 == (await referrals.listed(visitor)).total


async def test_a_command_id_is_of_no_use_to_others_or_for_other_content(referrals: Referrals) -> None:
    visitor, asked = a_visitor(), a_submission()
    added = await referrals.ask(visitor, asked)
    other_content = a_submission(first_name="Other").model_copy(update={"command_id": asked.command_id})

    refusals = [await referrals.refusal(a_visitor(), asked), await referrals.refusal(visitor, other_content)]

    assert [("command_reused", {}), ("command_reused", {"record_id": added.record_id})] == refusals


async def test_the_audit_says_which_fields_were_filled_and_not_with_what(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, first_name=CANARY)

    (row,) = await owner.rows("SELECT * FROM audit WHERE actor = $1", visitor.user_id)

    assert ("record.created", "dsr", visitor.session_id) == (row["action"], row["register"], row["session"])
    assert [receipt.record_id] == row["subjects"]
    assert "first_name" in row["fields"]
    assert CANARY not in str(row)
