"""Tests of the pages of reporting: the dashboard, the choice of a report, the wait for it, and its file."""

import json
from uuid import UUID

import pytest
from aiohttp import ClientPayloadError

from gateway.ui.charts.panels import panel_of
from shared.contracts.reports import (
    BodyChoice,
    Count,
    JobState,
    ReadDashboard,
    ReadReportChunk,
    StartReport,
    StopReport,
)
from shared.messages import Fault, NotAnswered, Refused
from shared.permissions import Role
from shared.registers.load import Registers, load_registers
from tests.gateway.account.browser import Browser
from tests.gateway.conftest import OpenGateway
from tests.gateway.stand_in_identity import StandInIdentity
from tests.gateway.stand_in_reports import CHUNKS, JOB_ID, ONE, TWO, StandInReports
from tests.gateway.visit import Page, words
from tests.services.two_bodies import a_two_body_register

HERE = "/dsr/reporting/"
JOB = f"{HERE}jobs/{JOB_ID.hex}/"
COMMAND = "0123456789abcdef0123456789abcdef"
CHOSEN = {
    "command": COMMAND,
    "report": "referrals",
    "filter-organisation": ONE.organisation_id.hex,
    "filter-age": "0-17",
    "filter-risk_level": "red",
    "filter-locality": "",
}


PRINTED = ("TOTALS BY RISK TYPE", "TOTALS BY AGE", "ORGANISATION BREAKDOWN")


@pytest.fixture
def reports() -> StandInReports:
    return StandInReports()


@pytest.fixture
def identity() -> StandInIdentity:
    return StandInIdentity(role=Role.REPORTING)


@pytest.fixture
async def browser(open_gateway: OpenGateway, identity: StandInIdentity, reports: StandInReports) -> Browser:
    """A browser of a logged-in user: a reporting user unless the test changes the role first."""
    return await open_gateway(identity, reports)


@pytest.mark.requirement("R-DSR-148", "R-DSR-150", "R-DSR-151", "R-DSR-152", "R-DSR-153")
async def test_the_dashboard_shows_its_panels_in_the_source_s_words(browser: Browser) -> None:
    page = await browser.see(HERE)

    assert "Reporting Dashboard" == page.heading
    assert [*PRINTED, "RISK TYPE BY WEEK"] == page.texts("caption")
    assert (["Green", "Amber", "Red"], ["3", "3", "6"]) == panel(page, 0)
    assert (["Under 18s", "18s and over"], ["2", "10"]) == panel(page, 1)
    assert "TOTAL RECORDS: 12" in page.texts("h2")
    assert ["12", "0"] == page.texts(".ics-bar__count")
    said = words(page.tree.select_one("main"))
    assert "As at 17/06/2022 at 14:05" in said
    assert "Each person is counted once in each panel" in said
    assert "Linked referrals that you can see count as one person, at the highest rating." in said


async def test_the_weeks_are_a_picture_and_a_table_of_all_its_numbers(browser: Browser) -> None:
    page = await browser.see(HERE)

    assert ["Week ending", "Green", "Amber", "Red"] == page.texts(".ics-weeks thead th")
    assert ["05/06/2022", "12/06/2022", "Today"] == page.texts(".ics-weeks tbody th")
    assert [*"000", *"102", *"336"] == page.texts(".ics-weeks td")
    picture = page.tree.select_one(".ics-weeks__picture")
    assert picture is not None
    assert ("img", "RISK TYPE BY WEEK") == (picture["role"], words(picture.select_one("title")))
    blocks = [[each[name] for name in ("fill", "y", "height")] for each in picture.select("rect[x='45']")]
    assert [["url(#ics-weeks-red)", "133.3", "26.7"], ["url(#ics-weeks-green)", "120.0", "13.3"]] == blocks
    assert ["Green", "Amber", "Red"] == page.texts(".ics-weeks__legend li")


async def test_panels_and_weeks_are_drawn_again_when_a_number_changes(
    browser: Browser, reports: StandInReports
) -> None:
    before = await browser.see(HERE)
    ratings, weeks = reports.tiles[0], reports.tiles[-1]
    counts = tuple(each.model_copy(update={"count": each.count + 1}) for each in ratings.counts)
    changed = weeks.weeks[-1].model_copy(update={"counts": counts})
    reports.tiles = (
        ratings.model_copy(update={"counts": counts}),
        *reports.tiles[1:-1],
        weeks.model_copy(update={"weeks": (*weeks.weeks[:-1], changed)}),
    )

    after = await browser.see(HERE)

    assert (["3", "3", "6"], ["4", "4", "7"]) == (panel(before, 0)[1], panel(after, 0)[1])
    assert ([*"336"], [*"447"]) == (before.texts(".ics-weeks td")[-3:], after.texts(".ics-weeks td")[-3:])


def test_a_panel_is_kept_for_one_definition() -> None:
    dsr = load_registers().find("dsr")
    assert dsr.rating is not None
    level, *others = dsr.rating.levels
    levels = (level.model_copy(update={"label": "Calm"}), *others)
    adapted = dsr.model_copy(update={"rating": dsr.rating.model_copy(update={"levels": levels})})
    tile = StandInReports().tiles[0].model_copy(update={"counts": (Count(label="Green", code=level.code, count=1),)})

    drawn = [panel_of(each, tile) for each in (dsr, dsr, adapted)]

    assert drawn[0] is drawn[1]
    assert [True, False] == ["Calm" in drawn[2].heads[0], "Calm" in drawn[0].heads[0]]


@pytest.mark.requirement("R-DSR-168")
async def test_help_opens_the_help_of_the_register(browser: Browser) -> None:
    page = await browser.see(HERE)
    (link,) = [each for each in page.tree.select(".nhsuk-header__navigation a") if "Help" == words(each)]

    there = await browser.see(str(link["href"]))

    assert "Help" == there.heading
    assert "Training" in there.texts("main h2")


async def test_colour_is_never_alone_in_the_picture(browser: Browser) -> None:
    page = await browser.see(HERE)

    inside = {str(each["id"]): len(each.select("rect, path, circle")) for each in page.tree.select("pattern")}
    assert {"ics-weeks-green": 2, "ics-weeks-amber": 2, "ics-weeks-red": 1} == inside
    assert all(each.select_one(".ics-risk__shape") for each in page.tree.select(".ics-weeks__legend li"))


async def test_a_register_that_counts_no_weeks_has_no_picture(browser: Browser, reports: StandInReports) -> None:
    reports.tiles = reports.tiles[:-1]

    assert [] == (await browser.see(HERE)).texts(".ics-weeks")


@pytest.mark.requirement("R-DSR-149")
async def test_one_organisation_is_chosen_and_named_by_its_id_alone(browser: Browser, reports: StandInReports) -> None:
    await browser.see(HERE)
    reports.asked.clear()

    next_page = await browser.go_on(f"{HERE}organisation", {"organisation": ONE.organisation_id.hex})
    page = await browser.see(next_page)

    assert f"{HERE}?organisation={ONE.organisation_id.hex}" == next_page
    assert HERE == await browser.go_on(f"{HERE}organisation", {"organisation": ""})
    assert [ONE.organisation_id] == [each.organisation_id for each in reports.heard(ReadDashboard)]
    assert ["All Organisations", "Midlands (@mpft.nhs.uk)", "Stoke (@stoke.gov.uk)"] == options(page, "organisation")
    assert "Midlands (@mpft.nhs.uk)" == chosen(page, "organisation") == chosen(page, "filter-organisation")
    assert ["Showing: Midlands (@mpft.nhs.uk)"] == showing(page)


@pytest.mark.requirement("R-DSR-149", "R-DSR-155")
async def test_who_sees_one_organisation_alone_reads_its_name(browser: Browser, reports: StandInReports) -> None:
    every = await browser.see(HERE)
    reports.organisations = (TWO,)
    one = await browser.see(HERE)

    assert "All Organisations" == options(every, "organisation")[0] == chosen(every, "filter-organisation")
    assert [] == every.tree.select("[name='organisation'] [selected]")
    assert [] == one.tree.select("select[name='organisation'], select[name='filter-organisation']")
    assert TWO.organisation_id.hex == one.tree.select("input[name='filter-organisation']")[0]["value"]
    assert 1 == len([each for each in one.texts("section p") if each.endswith("Stoke (@stoke.gov.uk)")])
    assert (["Showing: All Organisations"], ["Showing: Stoke (@stoke.gov.uk)"]) == (showing(every), showing(one))


async def test_in_a_register_of_bodies_a_body_is_chosen_instead(
    open_gateway: OpenGateway, identity: StandInIdentity, reports: StandInReports
) -> None:
    labels = {"authority:north": "North Council", "authority:east": "East Council", "commissioner:first": "First Board"}
    reports.organisations = ()
    reports.bodies = tuple(BodyChoice(body=body, label=label) for body, label in labels.items())
    browser = await open_gateway(identity, reports, registers=Registers([a_two_body_register("dsr")]))

    next_page = await browser.go_on(f"{HERE}organisation", {"body": "authority:east"})
    page = await browser.see(next_page)
    await browser.go_on(HERE, {**CHOSEN, "filter-body-authority": "authority:north", "filter-body-commissioner": ""})

    assert f"{HERE}?body=authority%3Aeast" == next_page
    assert ["All Authorities", "North Council", "East Council"] == options(page, "body")
    assert "East Council" == chosen(page, "body") == chosen(page, "filter-body-authority")
    assert ["All Commissioners", "First Board"] == options(page, "filter-body-commissioner")
    assert ("authority:east", None) == [(each.body, each.organisation_id) for each in reports.heard(ReadDashboard)][-2]
    assert [("authority:north",)] == [each.bodies for each in reports.heard(StartReport)]


@pytest.mark.requirement("R-DSR-156", "R-DSR-157", "R-DSR-165", "R-DSR-167")
async def test_the_download_panel_offers_reports_and_filters(browser: Browser) -> None:
    page = await browser.see(HERE)

    assert "REPORT / DATA DOWNLOAD" in page.texts("h2")
    assert "Report Filters" in page.texts("h3")
    assert ["Select Report", "Referring Organisation", "Age", "Risk Type", "Locality"] == page.texts("section label")
    assert ["Referral Data", "Key Working Team Data"] == options(page, "report")
    assert ["All Ages", "Under 18s", "18s and over", "0 – 25"] == options(page, "filter-age")
    assert "Select Option" == options(page, "filter-risk_level")[0] == options(page, "filter-locality")[0]
    assert "All Organisations" == options(page, "filter-organisation")[0]
    assert ["Generate Report"] == page.texts("section button")
    assert "contain patient identifiable data" in words(page.tree.select_one("section .nhsuk-card--warning"))
    assert "DynamicSupportRegister@mpft.nhs.uk" in words(page.tree.select_one("section a[href^=mailto]"))


async def test_a_report_that_cannot_be_made_is_not_offered(browser: Browser, reports: StandInReports) -> None:
    reports.reports = ("referrals",)

    assert ["Referral Data"] == options(await browser.see(HERE), "report")


@pytest.mark.requirement("R-DSR-163")
async def test_the_age_filter_is_for_reports_that_take_it(browser: Browser) -> None:
    page = await browser.see(HERE)

    block = page.tree.select_one("[data-show-if]")
    assert block is not None
    assert [{"report": ["referrals"]}] == json.loads(str(block["data-show-if"]))
    assert block.select_one("select[name=filter-age]") is not None


@pytest.mark.requirement("R-DSR-162")
async def test_a_report_is_asked_for_as_it_was_chosen(browser: Browser, reports: StandInReports) -> None:
    await browser.see(HERE)

    next_page = await browser.go_on(HERE, {**CHOSEN, "filter-locality": "south_staffordshire"})

    (asked,) = reports.heard(StartReport)
    assert f"{JOB}?notice=started" == next_page
    options = {"risk_level": "red", "locality": "south_staffordshire"}
    assert (UUID(COMMAND), "referrals", ONE.organisation_id, "0-17", options) == (
        asked.command_id,
        asked.report,
        asked.organisation_id,
        asked.age,
        asked.options,
    )


async def test_a_report_has_to_be_selected(browser: Browser, reports: StandInReports) -> None:
    await browser.see(HERE)

    page = await browser.send(HERE, {**CHOSEN, "report": ""})

    assert ["Select a report"] == page.problems
    assert ("Under 18s", "Red") == (chosen(page, "filter-age"), chosen(page, "filter-risk_level"))
    assert [] == reports.heard(StartReport)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("too_many", "You already have reports being prepared. Wait until one is ready, or stop one."),
        ("unknown_filter", "These filters are no longer offered. Please choose again."),
        ("unknown_report", "These filters are no longer offered. Please choose again."),
    ],
)
async def test_a_refusal_is_said_where_the_choice_was_made(
    browser: Browser, reports: StandInReports, code: str, said: str
) -> None:
    await browser.see(HERE)
    reports.failing[StartReport] = Refused(code)

    page = await browser.send(HERE, CHOSEN, status=409)

    assert [said] == page.problems
    assert "Referral Data" == chosen(page, "report")


@pytest.mark.parametrize(
    ("state", "said", "waits"),
    [
        ("queued", "Your report is in the queue.", True),
        ("running", "Your report is being prepared.", True),
        ("ready", "Your report is ready.", False),
        ("failed", "The report could not be made. Please try again.", False),
        ("stopped", "The report was stopped.", False),
        ("expired", "This report is no longer kept. Generate it again.", False),
    ],
)
async def test_a_job_says_in_words_how_it_stands(
    browser: Browser, reports: StandInReports, state: JobState, said: str, waits: bool
) -> None:
    reports.state = state

    page = await browser.see(JOB)

    assert ("Referral Data", said) == (page.heading, words(page.tree.select_one(".ics-report__said")))
    assert waits == bool(page.tree.select("progress")) == bool(page.tree.select("noscript meta[http-equiv=refresh]"))
    assert waits == bool(page.tree.select("[data-again]")) == ("Stop" in page.texts("main button"))
    assert (state == "ready") == ("Download" in page.texts("main a"))


async def test_the_address_of_a_file_that_is_no_longer_kept_leads_to_the_page_that_says_so(
    browser: Browser, reports: StandInReports
) -> None:
    reports.state = "expired"

    assert JOB == await browser.sent_to(f"{JOB}file")
    assert [] == reports.heard(ReadReportChunk)


async def test_progress_is_told_in_rows(browser: Browser, reports: StandInReports) -> None:
    reports.state, reports.rows_total = "running", 1200

    page = await browser.see(JOB)

    bar = page.tree.select_one("progress")
    assert bar is not None
    assert ("1200", "500", "500 of 1200 rows written") == (
        bar["max"],
        bar["value"],
        words(page.tree.select_one(".ics-report__progress")),
    )


async def test_a_script_gets_the_changing_part_alone(browser: Browser) -> None:
    answer = await browser.client.get(JOB, headers={"X-Fragment": "report"})

    part = await answer.text()
    assert "ics-report__said" in part
    assert "<html" not in part


async def test_a_ready_report_warns_once_more_and_says_how_long_it_is_kept(
    browser: Browser, reports: StandInReports
) -> None:
    reports.state = "ready"

    said = words((await browser.see(JOB)).tree.select_one("main"))

    assert "contain patient identifiable data" in said
    assert "It is kept until 17/06/2022 at 14:05." in said


@pytest.mark.requirement("R-DSR-164")
async def test_the_file_comes_whole_under_its_name(browser: Browser, reports: StandInReports) -> None:
    reports.state = "ready"

    answer = await browser.client.get(f"{JOB}file")

    assert b"".join(CHUNKS) == await answer.read()
    assert 'attachment; filename="dsr-referrals-2022-06-17.xlsx"' == answer.headers["Content-Disposition"]
    assert "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" == answer.content_type
    assert "no-store" in answer.headers["Cache-Control"]
    assert [0, 1] == [each.number for each in reports.heard(ReadReportChunk)]


@pytest.mark.slow
@pytest.mark.parametrize("failure", [Refused("not_found"), NotAnswered(Fault.UNAVAILABLE)])
async def test_a_download_that_breaks_off_is_seen_to_be_broken(
    browser: Browser, reports: StandInReports, failure: Refused | NotAnswered
) -> None:
    reports.state, reports.breaking_off = "ready", failure

    answer = await browser.client.get(f"{JOB}file")

    assert 200 == answer.status
    with pytest.raises(ClientPayloadError):
        await answer.read()


async def test_a_file_that_is_gone_has_a_page_that_says_so(browser: Browser, reports: StandInReports) -> None:
    reports.state = "ready"
    reports.failing[ReadReportChunk] = Refused("not_found")

    assert "Page not found" == (await browser.see(f"{JOB}file", status=404)).heading


async def test_to_ask_about_a_file_is_no_download(browser: Browser, reports: StandInReports) -> None:
    reports.state = "ready"

    answer = await browser.client.head(f"{JOB}file")

    assert (405, []) == (answer.status, reports.heard(ReadReportChunk))


async def test_a_report_is_stopped_by_its_button(browser: Browser, reports: StandInReports) -> None:
    await browser.see(JOB)

    next_page = await browser.go_on(f"{JOB}stop", {"command": COMMAND})

    assert JOB == next_page
    assert [(UUID(COMMAND), JOB_ID)] == [(each.command_id, each.job_id) for each in reports.heard(StopReport)]


@pytest.mark.parametrize("path", [f"{HERE}jobs/{UUID(int=5).hex}/", f"{HERE}jobs/nothing/", f"{HERE}?organisation=x"])
async def test_an_unknown_address_is_not_found(browser: Browser, path: str) -> None:
    assert "Page not found" == (await browser.see(path, status=404)).heading


async def test_the_reports_asked_for_are_listed_with_their_state(browser: Browser, reports: StandInReports) -> None:
    reports.state = "ready"
    reports.jobs = (reports.job(),)

    page = await browser.see(HERE)

    assert "Your reports" in page.texts("caption")
    assert [JOB] == [str(each["href"]) for each in page.tree.select(f"a[href='{JOB}']")]
    assert "Your report is ready." in words(page.tree.select_one("main"))


@pytest.mark.requirement("R-DSR-148")
@pytest.mark.parametrize("role", [Role.STANDARD, Role.MASTER_ADMIN, None])
async def test_nobody_else_has_these_pages(
    identity: StandInIdentity, reports: StandInReports, browser: Browser, role: Role | None
) -> None:
    identity.role = role
    browser.come_in(identity)

    for path in (HERE, JOB, f"{JOB}file"):
        await browser.see(path, status=403)
    for path in (HERE, f"{JOB}stop"):
        assert 403 == (await browser.post(path, CHOSEN)).status
    assert [] == reports.asked


async def test_without_the_form_s_token_nothing_is_asked(browser: Browser, reports: StandInReports) -> None:
    browser.token = "forged"

    for path in (HERE, f"{JOB}stop"):
        assert 403 == (await browser.post(path, CHOSEN)).status
    assert [] == reports.heard(StartReport) + reports.heard(StopReport)


def panel(page: Page, place: int) -> tuple[list[str], list[str]]:
    table = page.tree.select("table.ics-panel__beside")[place]
    return [words(each) for each in table.select("th")], [words(each) for each in table.select("td")]


def options(page: Page, name: str) -> list[str]:
    return page.texts(f"select[name='{name}'] option")


def chosen(page: Page, name: str) -> str:
    return words(page.tree.select_one(f"select[name='{name}'] option[selected]"))


def showing(page: Page) -> list[str]:
    """Return what the page says that its numbers are of."""
    return [each for each in page.texts("main p") if each.startswith("Showing: ")]
