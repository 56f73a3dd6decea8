"""The content of reports: records, filters and scope."""

from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import Workbook

from services.reports.rules.ages import born_by
from shared.permissions import Role
from shared.values import london_day
from tests.services.referrals.rig import Owner
from tests.services.reports.rig import Rig, a_request, column

pytestmark = pytest.mark.programs  # each makes workbooks in the process that does so

NOT_KNOWN = "Date of birth not known"


@pytest.mark.requirement("R-DSR-158")
async def test_referral_data_holds_every_active_record_as_it_was_typed(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    typed = {"first_name": "Ürsula", "last_name": "O'Neil", "postcode": "ST5 0RG", "nhs_number": "9990000018"}
    receipt = await rig.submit(organisation, **typed, latest_update="=1+1\nsecond line", risk_level="red")
    await rig.copy()

    book = await rig.report(reader)

    said = {heading: column(book, heading)[0] for heading in headings(book)}
    assert (receipt.reference, "Alpha (@alpha.nhs.uk)") == (said["Reference"], said["Referring Organisation"])
    assert ("Ürsula", "O'Neil", "ST5 0RG", "999 000 0018") == (
        said["First Name"],
        said["Last Name"],
        said["Postcode"],
        said["NHS Number"],
    )
    assert "=1+1\nsecond line" == said["Latest Update for DSR Meeting"]
    assert "Red" == said["Level of risk as identified by the DSD Clinical Support Tool"]
    assert datetime(2001, 2, 7) == said["Date of Birth"]  # noqa: DTZ001  a cell has no zone


@pytest.mark.requirement("R-DSR-162")
async def test_filters_narrow_and_combine(rig: Rig) -> None:
    one, two = rig.organisation("Alpha"), rig.organisation("Beta")
    reader = rig.somebody(Role.REPORTING, one, two)
    south, north = "south_staffordshire", "north_staffordshire_stoke"
    for organisation in (one, two):
        for rating in ("green", "red"):
            for locality in (south, north):
                for born in ("2015-01-01", "1980-01-01"):
                    await rig.submit(organisation, risk_level=rating, locality=locality, date_of_birth=born)
    await rig.copy()

    async def rows(**filters: str) -> int:
        organisation = one if filters.pop("organisation", "") else None
        age = filters.pop("age", None)
        return len(column(await rig.report(reader, organisation_id=organisation, age=age, **filters), "Reference"))

    assert 16 == await rows()
    assert [8, 8, 8, 8] == [
        await rows(organisation="one"),
        await rows(age="0-17"),
        await rows(risk_level="red"),
        await rows(locality=south),
    ]
    assert 4 == await rows(risk_level="red", locality=north)
    assert 1 == await rows(organisation="one", age="18-", risk_level="green", locality=south)


@pytest.mark.requirement("R-DSR-160")
async def test_key_working_team_data_holds_ages_from_0_to_25(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    today = london_day(datetime.now(UTC))
    turns_26 = born_by(today, 26)
    for name, born in (
        ("New", today),
        ("25", born_by(today, 25)),
        ("26 tomorrow", turns_26 + timedelta(days=1)),
        ("26 today", turns_26),
        ("26", born_by(today, 27) + timedelta(days=1)),
    ):
        await rig.submit(organisation, first_name=name, last_name="Same", date_of_birth=born.isoformat())
    await rig.copy()

    book = await rig.report(rig.somebody(Role.REPORTING, organisation), "key_working")

    assert ["25", "26 tomorrow", "New"] == column(book, "First Name")


async def test_whose_date_of_birth_is_not_known_is_listed_apart_in_a_report_of_ages(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    await rig.submit(organisation, first_name="Young", date_of_birth="2020-01-01")
    await rig.submit(organisation, first_name="Hidden", date_of_birth="not_known")
    await rig.copy()

    for book in (await rig.report(reader, "key_working"), await rig.report(reader, age="0-17")):
        assert ["Young"] == column(book, "First Name")
        assert ["Hidden"] == column(book, "First Name", NOT_KNOWN)
        assert ["Date of birth is not known"] == column(book, "Date of Birth", NOT_KNOWN)
    assert NOT_KNOWN not in (await rig.report(reader)).sheetnames


@pytest.mark.requirement("R-DSR-163")
async def test_an_age_filter_is_ignored_by_a_report_that_is_bound_to_ages(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    await rig.submit(organisation, date_of_birth="2006-01-01")
    await rig.copy()

    book = await rig.report(rig.somebody(Role.REPORTING, organisation), "key_working", age="0-17")

    assert 1 == len(column(book, "Reference"))


@pytest.mark.requirement("R-DSR-145", "R-DSR-146", "R-DSR-161")
async def test_an_archived_record_is_in_the_archived_report_alone(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    await rig.submit(organisation, first_name="Active")
    await rig.archive(organisation, await rig.submit(organisation, first_name="Archived"))
    await rig.copy()

    books = {code: await rig.report(reader, code) for code in ("referrals", "referrals_outcomes", "key_working")}
    archived = await rig.report(reader, "archived")

    assert {code: ["Active"] for code in books} == {code: column(book, "First Name") for code, book in books.items()}
    assert ["Archived"] == column(archived, "First Name")
    assert all(column(archived, "Date Archived"))
    assert ["No"] == column(archived, "Has a C(E)TR been requested?")


@pytest.mark.requirement("R-DSR-159")
async def test_referral_and_outcome_data_has_a_row_for_each_outcome(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    reader = rig.somebody(Role.REPORTING, organisation)
    with_two, with_none = [await rig.submit(organisation, last_name=name) for name in ("One", "Two")]
    await rig.record_outcome(organisation, with_two, notes="First")
    await rig.record_outcome(organisation, with_two, notes="Second")
    await rig.copy()

    book = await rig.report(reader, "referrals_outcomes")

    assert [with_two.reference, with_two.reference, with_none.reference] == column(book, "Reference")
    assert ["First", "Second", None] == column(book, "Notes")
    assert ["Ada Minister", "Ada Minister", None] == column(book, "Outcome Recorded By")
    assert 2 == next(row[1] for row in book["Definitions"].iter_rows(values_only=True) if row[0] == "Records")


@pytest.mark.requirement("R-DSR-009", "R-DSR-014")
async def test_a_report_holds_records_of_the_asker_s_organisations_alone(rig: Rig) -> None:
    theirs, other = rig.organisation("Alpha"), rig.organisation("Beta")
    await rig.submit(theirs, first_name="Mine")
    await rig.submit(other, first_name="Foreign")
    await rig.archive(other, await rig.submit(other, first_name="Foreign"))
    await rig.copy()
    reader = rig.somebody(Role.REPORTING, theirs)

    for report in ("referrals", "referrals_outcomes", "key_working", "archived"):
        book = await rig.report(reader, report)
        assert "Foreign" not in column(book, "First Name")


async def test_a_report_with_outcomes_is_offered_once_outcomes_are_copied(rig: Rig, owner: Owner) -> None:
    reader = rig.somebody(Role.REPORTING, rig.organisation("Alpha"))
    await rig.copy()
    all_there = (await rig.dashboard(reader)).reports
    await owner.db.execute("UPDATE feed SET complete_at = NULL WHERE source = 'outcomes'")

    assert ("referrals", "referrals_outcomes", "key_working", "archived", "data_quality") == all_there
    assert ("referrals", "key_working", "data_quality") == (await rig.dashboard(reader)).reports
    assert "unknown_report" == await rig.refusal(reader, a_request("archived"))


async def test_the_file_says_what_was_asked_for_and_as_at_when(rig: Rig) -> None:
    organisation = rig.organisation("Alpha")
    await rig.submit(organisation, risk_level="red")
    await rig.copy()

    book = await rig.report(rig.somebody(Role.REPORTING, organisation), organisation_id=organisation, risk_level="red")

    facts = {str(row[0]): row[1] for row in book["Definitions"].iter_rows(values_only=True) if row[0]}
    assert "Alpha (@alpha.nhs.uk)" == facts["Filter chosen: Referring Organisation"]
    assert ("All Ages", "Red", "All") == tuple(
        facts[f"Filter chosen: {name}"] for name in ("Age", "Risk Type", "Locality")
    )
    assert 1 == facts["Records"]
    assert f"{datetime.now(UTC):%d/%m/%Y}" == str(facts["As at"])[:10]


def headings(book: Workbook) -> list[str]:
    return [str(heading) for heading in next(book.worksheets[0].iter_rows(max_row=1, values_only=True))]


@pytest.mark.requirement("R-USE-005")
async def test_a_downloaded_list_holds_its_records_in_scope_alone_and_says_so(rig: Rig, owner: Owner) -> None:
    here, elsewhere = rig.organisation("Alpha"), rig.organisation("Beta")
    reader = rig.somebody(Role.REPORTING, here)
    listed, left_out, unseen = [
        await rig.submit(organisation, first_name=name)
        for organisation, name in ((here, "Listed"), (here, "Left out"), (elsewhere, "Unseen"))
    ]
    await rig.copy()
    asked = a_request().model_copy(update={"record_ids": (listed.record_id, unseen.record_id)})

    job = await rig.ask(reader, asked)
    assert await rig.make()
    book = await rig.workbook(reader, job)

    assert ["Listed"] == column(book, "First Name")
    facts = {str(row[0]): row[1] for row in book["Definitions"].iter_rows(values_only=True) if row[0]}
    said = "Only the entries of a list that was filtered or searched on its page: 2"
    assert (1, said) == (facts["Records"], facts["List downloaded"])
    rows = await owner.rows("SELECT subjects FROM audit WHERE $1 = ANY (subjects)", job.job_id)
    named = {each for row in rows for each in row["subjects"]}
    assert {job.job_id, listed.record_id} == named
    assert left_out.record_id not in named
