"""Tests of the template of a spreadsheet and of the guide to its columns."""

import csv

from shared.registers.form.load_columns import load_columns
from shared.registers.load import load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.loading.reading import LOAD, main
from tests.rules.typed import carers


async def test_the_template_has_a_heading_for_each_question_of_the_form(browser: Browser) -> None:
    answer = await browser.client.get(f"{LOAD}template/")
    content = await answer.read()
    dsr = load_registers().find("dsr")

    [headings] = csv.reader(content.decode("utf-8-sig").splitlines())
    assert b"\xef\xbb\xbf" == content[:3]
    assert 'attachment; filename="dsr-template.csv"' == answer.headers["Content-Disposition"]
    assert ["Reference", "Organisation", "Date added to register"] == headings[:3]
    assert [question.shown_label for question in dsr.form.asked] == headings[3:]


async def test_the_guide_says_what_to_write_in_each_column(browser: Browser) -> None:
    page = await browser.see(f"{LOAD}guide/")

    said = main(page)
    assert "What to write in each column" == page.heading
    assert ["About the row", *(each.title for each in load_registers().find("dsr").form.sections)] == page.texts(
        "caption"
    )
    for words in ("One of: South Staffordshire;", "A date, such as 17/06/2022", "10 digits", "Up to 10,000 characters"):
        assert words in said


def test_every_register_has_a_column_for_each_question_once() -> None:
    for register in (load_registers().find("dsr"), carers()):
        columns = load_columns(register)

        assert len(columns) == len({each.heading for each in columns}) == len({each.name for each in columns})
        assert {each.name for each in register.form.asked} <= {each.name for each in columns}
        assert set(register.minimum) <= {each.name for each in columns if each.needed in ("always", "if_it_applies")}


def test_a_column_says_whether_a_new_person_needs_it() -> None:
    needed = {each.name: each.needed for each in load_columns(load_registers().find("dsr"))}

    names = ("first_name", "capacity_to_consent", "consent_given", "ethnicity", "gp_name", "reference")
    expected = ["always", "always", "if_it_applies", "if_known", "no", "no"]
    assert expected == [needed[name] for name in names]
