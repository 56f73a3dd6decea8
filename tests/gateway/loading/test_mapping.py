"""Tests of the page on which a user says what columns and values mean."""

import pytest

from shared.contracts.referrals.loading import (
    ColumnFound,
    MapUpload,
)
from shared.messages import Refused
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.loading.reading import HERE, chosen, filled, main, value_fields
from tests.gateway.stand_in_uploads import READING, StandInUploads, is_checked, waits_for_mapping
from tests.gateway.visit import words


@pytest.mark.requirement("R-LOAD-001")
async def test_each_column_can_be_mapped_to_a_question_or_left_out(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)

    page = await browser.see(HERE)

    labels = ["Column A: Surname", "Column B: RAG", "Column C: Kept by", "Column AB, without a heading"]
    assert labels == page.texts("#columns ~ .nhsuk-form-group > label")
    assert {"column-0": "last_name", "column-1": "risk_level", "column-2": "", "column-27": "leave_out"} == chosen(page)
    assert "For example: Plum; Lark" in main(page)
    groups = [str(each["label"]) for each in page.tree.select("#column-2 optgroup")]
    dsr = load_registers().find("dsr")
    assert ["About the row", *(section.title for section in dsr.form.sections)] == groups
    assert "“Date of Birth”" in main(page)


@pytest.mark.requirement("R-LOAD-001")
async def test_what_was_chosen_is_sent(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE))
    red, purple = value_fields(await browser.see(HERE))

    fields |= {"column-2": "organisation", red: "code-red", purple: "no_answer"}
    assert HERE == await browser.go_on(f"{HERE}mapping/", fields)

    [mapped] = uploads.heard(MapUpload)
    assert {0: "last_name", 1: "risk_level", 2: "organisation", 27: ""} == mapped.columns
    assert {"risk_level": {"R": "red", "Purple": "", "amber": "amber"}} == mapped.values
    assert ("day_first", "") == (mapped.day_order, mapped.sheet)


async def test_a_value_for_which_nothing_is_chosen_is_left_to_its_rows(
    browser: Browser, uploads: StandInUploads
) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-2": "leave_out"}

    await browser.go_on(f"{HERE}mapping/", fields)

    assert {"risk_level": {"amber": "amber"}} == uploads.heard(MapUpload)[0].values


@pytest.mark.requirement("R-LOAD-001")
async def test_a_column_is_ignored_by_choice_alone(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE))

    page = await browser.send(f"{HERE}mapping/", fields)
    at_its_field = [str(each["href"]) for each in page.tree.select(".nhsuk-error-summary a")]
    await browser.go_on(f"{HERE}mapping/", fields | {"rest": "yes"})

    assert ["Choose what this column holds, or leave it out: Column C: Kept by"] == page.problems
    assert ["#column-2"] == at_its_field
    assert [""] == [each.columns[2] for each in uploads.heard(MapUpload)]


async def test_no_answer_is_chosen_for_two_columns(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-2": "last_name"}

    page = await browser.send(f"{HERE}mapping/", fields)

    assert 2 == len(page.problems)
    assert "is chosen for more than one column" in page.problems[0]
    assert ("last_name", []) == (chosen(page)["column-2"], uploads.commands)


@pytest.mark.requirement("R-LOAD-002")
async def test_dates_with_two_meanings_are_asked_about(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads, reading=READING.model_copy(update={"day_order": "mixed"}))
    fields = filled(await browser.see(HERE)) | {"column-2": "leave_out"}

    page = await browser.send(f"{HERE}mapping/", fields)
    await browser.go_on(f"{HERE}mapping/", fields | {"day_order": "month_first"})

    assert ["Choose how dates are written"] == page.problems
    assert "Month first: 03/04/2020 is 4 March 2020" in main(page)
    assert ["month_first"] == [each.day_order for each in uploads.heard(MapUpload)]


@pytest.mark.requirement("R-LOAD-002")
async def test_dates_are_asked_about_when_the_service_cannot_tell(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-2": "leave_out"}
    uploads.failing[MapUpload] = Refused("day_order")

    page = await browser.send(f"{HERE}mapping/", fields, status=409)
    uploads.failing.clear()
    await browser.go_on(f"{HERE}mapping/", filled(page) | {"day_order": "month_first"})

    assert ["Choose how dates are written"] == page.problems
    assert "month_first" == uploads.heard(MapUpload)[-1].day_order


async def test_another_sheet_can_be_read(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"act": "read_sheet", "sheet": "1"}

    await browser.go_on(f"{HERE}mapping/", fields)

    [mapped] = uploads.heard(MapUpload)
    assert ("Old", {}) == (mapped.sheet, mapped.columns)


async def test_the_return_key_checks_the_rows_and_reads_no_other_sheet(
    browser: Browser, uploads: StandInUploads
) -> None:
    waits_for_mapping(uploads)

    page = await browser.see(HERE)

    form = page.tree.select_one("form:has(#column-0)")
    assert form is not None
    assert ["Check the rows"] == [words(each) for each in form.select("button")]


async def test_a_mapping_of_another_sheet_is_not_taken_for_this_one(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"of_sheet": "Old", "column-2": "leave_out"}

    page = await browser.send(f"{HERE}mapping/", fields, status=409)

    assert "has changed since you opened this page" in page.problems[0]
    assert [] == uploads.commands


@pytest.mark.parametrize("refusal", sorted(set(MapUpload.refused_as()) - {"not_found", "day_order", "command_reused"}))
async def test_a_mapping_that_is_refused_stays_on_the_page(
    browser: Browser, uploads: StandInUploads, refusal: str
) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-2": "added_on"}
    uploads.failing[MapUpload] = Refused(refusal)

    page = await browser.send(f"{HERE}mapping/", fields, status=409)

    assert (1, "added_on") == (len(page.problems), chosen(page)["column-2"])


async def test_the_mapping_can_be_changed_after_the_check(browser: Browser, uploads: StandInUploads) -> None:
    is_checked(uploads)
    page = await browser.see(f"{HERE}mapping/")
    fields = filled(page) | {"day_order": "month_first"}

    await browser.go_on(f"{HERE}mapping/", fields)

    assert ["day_first"] == [str(each["value"]) for each in page.tree.select("[name=day_order][checked]")]
    assert ["month_first"] == [each.day_order for each in uploads.heard(MapUpload)]
    uploads.put("done")
    assert HERE == await browser.sent_to(f"{HERE}mapping/")
    assert HERE == await browser.go_on(f"{HERE}mapping/", fields)
    assert 1 == len(uploads.heard(MapUpload))


async def test_values_of_a_column_that_is_left_out_are_not_sent(browser: Browser, uploads: StandInUploads) -> None:
    waits_for_mapping(uploads)
    fields = filled(await browser.see(HERE)) | {"column-1": "leave_out", "column-2": "leave_out"}

    await browser.go_on(f"{HERE}mapping/", fields)

    assert {} == uploads.heard(MapUpload)[0].values


@pytest.mark.requirement("R-LOAD-001")
async def test_dates_of_a_workbook_are_shown_as_everywhere_else(browser: Browser, uploads: StandInUploads) -> None:
    column = ColumnFound(place=0, heading="DOB", examples=("2001-02-17", "17.2.2001", "unknown"))
    waits_for_mapping(uploads, columns=(column,))

    assert "For example: 17/02/2001; 17.2.2001; unknown" in main(await browser.see(HERE))
