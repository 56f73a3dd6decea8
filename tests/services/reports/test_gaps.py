"""The report of records that lack answers which their form demands, as loaded ones may."""

import pytest

from services.reports.rules.counting import counted_by
from shared.permissions import Role
from shared.registers.form.gaps import gaps_in
from shared.registers.load import Registers
from tests.services.referrals.builders import a_referral, a_visitor
from tests.services.referrals.loading import a_changed_row, a_new_row, load
from tests.services.reports.rig import Rig, column

REPORT = "data_quality"
MISSING = "Missing Answers"


@pytest.mark.requirement("R-LOAD-004")
async def test_a_loaded_record_that_lacks_answers_is_in_the_report_until_they_are_given(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    visitor, reader = a_visitor(Role.ADMINISTRATOR, organisation), rig.somebody(Role.REPORTING, organisation)
    gone = {"ethnicity": "", "locality": ""}
    (lacking,) = await load(rig.referrals, visitor, a_new_row(rig.referrals, visitor, first_name="Lacking", **gone))
    await load(rig.referrals, visitor, a_new_row(rig.referrals, visitor, first_name="Whole"))
    await rig.submit(organisation, first_name="Typed")
    await rig.copy()

    book = await rig.report(reader, REPORT)
    given = {"ethnicity": "A", "locality": "south_staffordshire"}
    await load(rig.referrals, visitor, await a_changed_row(rig.referrals, visitor, lacking.record_id, **given))
    await rig.copy()
    after = await rig.report(reader, REPORT)

    assert [(lacking.reference, "Ethnicity, Locality")] == list(
        zip(column(book, "Reference"), column(book, MISSING), strict=True)
    )
    assert [] == column(after, "Reference")


@pytest.mark.requirement("R-LOAD-004")
async def test_the_report_counts_the_records_by_the_answer_that_they_lack(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    visitor, reader = a_visitor(Role.ADMINISTRATOR, organisation), rig.somebody(Role.REPORTING, organisation)
    for gone in (
        {"ethnicity": ""},
        {"ethnicity": "", "locality": ""},
        {"capacity_to_consent": "", "consent_given": ""},
    ):
        await load(rig.referrals, visitor, a_new_row(rig.referrals, visitor, **gone))
    await rig.copy()

    book = await rig.report(reader, REPORT)

    summary = [[cell for cell in row if cell is not None] for row in book["Summary"].iter_rows(values_only=True)]
    asked = rig.referrals.registers.find("dsr").form.by_name
    counts = {str(row[0]): row[1] for row in summary if len(row) == 2}
    assert (2, 1, 1) == tuple(counts[asked[name].label] for name in ("ethnicity", "locality", "capacity_to_consent"))
    assert 3 == len(column(book, "Reference"))


@pytest.mark.requirement("R-LOAD-004")
async def test_the_report_holds_the_records_of_its_reader_and_their_filters(rig: Rig) -> None:
    alpha, beta = rig.organisation("Alpha"), rig.organisation("Beta")
    both = rig.somebody(Role.REPORTING, alpha, beta)
    for organisation, name, level in ((alpha, "One", "red"), (alpha, "Two", "green"), (beta, "Three", "red")):
        visitor = a_visitor(Role.ADMINISTRATOR, organisation)
        row = a_new_row(rig.referrals, visitor, first_name=name, risk_level=level, ethnicity="")
        await load(rig.referrals, visitor, row)
    await rig.copy()

    books = [
        await rig.report(both, REPORT, risk_level="red"),
        await rig.report(both, REPORT, organisation_id=beta),
        await rig.report(rig.somebody(Role.REPORTING, beta), REPORT),
    ]

    assert [{"One", "Three"}, {"Three"}, {"Three"}] == [set(column(each, "First Name")) for each in books]


@pytest.mark.requirement("R-LOAD-004")
def test_a_gap_is_a_mandatory_question_that_is_asked_and_has_no_answer(registers: Registers) -> None:
    register = registers.find("dsr")
    unsaid = a_referral(capacity_to_consent="", consent_given="", postcode="", ethnicity="")

    assert () == gaps_in(register, a_referral())
    assert ("capacity_to_consent", "ethnicity") == gaps_in(register, unsaid)
    assert ("consent_given",) == gaps_in(register, a_referral(consent_given=""))


@pytest.mark.requirement("R-LOAD-004")
def test_all_records_are_counted_anew_once_another_answer_is_demanded(registers: Registers) -> None:
    assert "#gap ethnicity" in counted_by(registers)
