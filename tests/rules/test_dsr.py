"""Tests of the DSR's definition against the printed guide, word for word."""

import pytest

from shared.registers.definition.dashboards import (
    AgeFilter,
    AgeTile,
    OptionTile,
    OrganisationTile,
    ReviewTile,
    TotalTile,
    WeekTile,
)
from shared.registers.form.person import rating_of
from tests.rules.typed import a_referral, dsr, read


def test_the_home_page_says_what_the_guide_prints() -> None:
    public = dsr().public

    assert "Dynamic Support Register" == public.heading
    assert 4 == len(public.paragraphs)
    assert public.paragraphs[0].startswith(
        "The Dynamic Support Register is a digital register and processes that work together to ensure that anybody "
        "with a Learning Disability and/or Autism who is at risk"
    )
    assert public.paragraphs[0].endswith("in a forum that is attended by key supporting agencies.")
    assert (
        "Early Identification of this cohort and effective communication will enable proactive and preventative work "
        "to reduce the risks of admission."
    ) == public.paragraphs[1]
    assert (
        "On entry to the register the referrer will be expected to keep the information for their case up to date, "
        "indicate any changes to the status of the individual and provide further information where this is requested."
    ) == public.paragraphs[2]
    assert (
        "Before entering an individual onto the register please ensure you have gained their consent or undertaken a "
        "best interest decision if they do not have the capacity. You are accountable for gaining informed consent and "
        "recording such decisions in your own record keeping systems."
    ) == public.paragraphs[3]


def test_the_home_page_leads_to_the_web_page_of_the_system() -> None:
    link = dsr().public.link

    assert link is not None
    assert (
        "Please visit our Web Page on the Integrated Care System web site for up to date forms and information "
        "including Easy Read formats:",
        "Dynamic support register - Staffordshire and Stoke-on-Trent, ICS",
    ) == (link.lead, link.text)


def test_the_navigation_bar_is_in_the_guides_order() -> None:
    assert [
        "Home",
        "Submit New Referral",
        "Referrals",
        "Reporting",
        "Help",
        "Change Password",
        "Administration",
        "Logout",
    ] == [link.label for link in dsr().navigation]


def test_the_pages_about_accounts_are_labelled_as_printed() -> None:
    words = dsr().words

    assert ("Register »", "Login »") == (words("public.register_button"), words("public.login_button"))
    assert ("Register Account", "First Name", "Last Name", "Email Address", "Register") == (
        words("registration.heading"),
        words("registration.first_name"),
        words("registration.last_name"),
        words("registration.email_address"),
        words("registration.button"),
    )
    assert ("Authentication", "Email Address", "Password", "Log In", "Forgot your password") == (
        words("login.heading"),
        words("login.email_address"),
        words("login.password"),
        words("login.button"),
        words("login.forgot"),
    )
    assert 'The login details are incorrect. Please try again or use the "Forgot your password" feature' == words(
        "login.incorrect"
    )
    assert ("Password Reminder", "Send New Password", "Back to login") == (
        words("reminder.heading"),
        words("reminder.button"),
        words("reminder.back"),
    )


def test_the_pages_about_passwords_and_codes_are_labelled_as_printed() -> None:
    words = dsr().words

    assert ("Change Password", "Current Password", "New Password", "Confirm New Password", "Submit") == (
        words("password.heading"),
        words("password.current"),
        words("password.new"),
        words("password.confirm"),
        words("password.button"),
    )
    assert ("Your current password", "Enter new password", "Re-type your new password") == (
        words("password.current_hint"),
        words("password.new_hint"),
        words("password.confirm_hint"),
    )
    assert "Successfully updated password. Use this when logging in next." == words("password.changed")
    assert (
        "Two Factor Authentication",
        "A verification code has been sent to your email. This code will be valid for 30 minutes.",
        "Please enter the code in the box below",
    ) == (words("pin.heading"), words("pin.sent"), words("pin.enter"))
    assert ("XXXXXX", "Verify", "Cancel") == (words("pin.placeholder"), words("pin.verify"), words("pin.cancel"))


def test_the_list_and_the_record_are_labelled_as_printed() -> None:
    words = dsr().words

    assert ["NAME", "ORG", "LOCALITY", "RISK LEVEL", "DATE CREATED", "LAST UPDATED", "CREATED BY", "ACTIONS"] == [
        column.label for column in dsr().records.columns
    ]
    assert ("Referrals", "View", "Outcomes", "Search:") == (
        words("records.heading"),
        words("records.view"),
        words("records.outcomes"),
        words("table.search"),
    )
    assert "Showing 1 to 10 of 12 entries" == words("table.showing", first=1, last=10, total=12)
    assert ("Show", "entries", "Previous", "Next") == (
        words("table.show"),
        words("table.entries"),
        words("table.previous"),
        words("table.next"),
    )
    assert ("New Referral", "Referral", "History (0)", "Notes (0)") == (
        dsr().form.heading,
        words("record.tab"),
        words("record.history_tab", count=0),
        words("record.notes_tab", count=0),
    )
    assert ("Add Referral", "Update Record") == (words("record.create"), words("record.update"))
    assert "Tester Three - 07/02/2001 (ST0 OTR)" == words(
        "record.banner", name="Tester Three", born="07/02/2001", postcode="ST0 OTR"
    )


@pytest.mark.requirement("R-DSR-074")
def test_the_form_begins_with_consent() -> None:
    section = dsr().form.sections[0]
    question = section.questions[0]

    assert "Consent" == section.title
    assert "Does the person have capacity to consent to be added to the DSR Register?" == question.label
    assert ["Yes", "No"] == list(question.labels.values())


def test_the_details_of_the_individual_are_asked_as_printed() -> None:
    section = dsr().form.sections[1]

    assert "Details of the Individual" == section.title
    assert {
        "First Name*",
        "Last Name*",
        "Does the person have a learning disability and/or Autism?*",
        "Ethnicity*",
    } <= {question.shown_label for question in section.questions}


def test_there_are_18_ethnic_categories_in_their_groups() -> None:
    options = dsr().form.by_name["ethnicity"].options

    assert (18, "British", "White") == (len(options), options[0].label, options[0].group)


@pytest.mark.requirement("R-DSR-081")
def test_the_localities_are_those_of_the_reference_deployment() -> None:
    assert ["South Staffordshire", "North Staffordshire & Stoke on Trent"] == list(
        dsr().form.by_name["locality"].labels.values()
    )


def test_criminal_justice_is_asked_as_printed() -> None:
    question = dsr().form.by_name["criminal_justice"]

    assert "is there any history with criminal justice?" == question.shown_label
    assert ["yes", "no", "DON'T KNOW"] == list(question.labels.values())


def test_the_risk_levels_are_explained_beside_the_question() -> None:
    question = dsr().form.by_name["risk_level"]
    guidance = question.guidance

    assert guidance is not None
    assert "Level of risk as identified by the DSD Clinical Support Tool*" == question.shown_label
    assert "Help and guidance about the risk levels" == guidance.title
    assert ["Red rating", "Amber rating", "Green rating"] == [topic.heading for topic in guidance.topics]
    assert (
        "Where the lead professional has assessed the individual as at significant high risk and a crisis is imminent "
        "with a highly likely inpatient admission and/or",
        "Where there is discussions in relation to a planned admission to hospital.",
    ) == guidance.topics[0].lines


def test_each_level_has_its_word_colour_and_urgency() -> None:
    levels = [rating_of(dsr(), read(a_referral(risk_level=code)).answers) for code in ("green", "amber", "red")]

    assert ["Green", "Amber", "Red"] == [level.label for level in levels if level]
    assert ["routine", "alert", "urgent"] == [level.urgency for level in levels if level]
    assert ["green", "amber", "red"] == [level.colour for level in levels if level]


def test_the_outcome_form_asks_what_the_guide_asks() -> None:
    outcome = dsr().outcome

    assert outcome is not None
    labels = [question.shown_label for question in outcome.asked]
    assert [
        "Has a C(E)TR been requested?*",
        "Has a LAEP been requested?*",
        "Did either meeting happen?*",
        "Why did this not happen?",
        "What was the outcome?",
    ] == labels[:5]
    assert ["Notes", "Summary for Next Meeting", "Plan From Meeting"] == labels[-3:]


def test_archiving_warns_of_five_things() -> None:
    words = dsr().words

    assert 5 == len(words.lines("archive.impacts"))
    assert ("Yes – Archive", "No – Cancel") == (words("archive.confirm"), words("archive.cancel"))
    assert ("Save & Update", "Save & Archive", "Home", "Outcomes (0)") == (
        words("outcome.save"),
        words("outcome.save_and_archive"),
        words("outcome.home_tab"),
        words("outcome.tab", count=0),
    )


def test_the_dashboard_has_the_printed_panels() -> None:
    reporting = dsr().reporting
    tiles = reporting.tiles

    assert ["TOTALS BY RISK TYPE", "TOTAL RECORDS", "TOTALS BY AGE", "ORGANISATION BREAKDOWN"] == [
        t.title for t in tiles[:4]
    ]
    assert [OptionTile, TotalTile, AgeTile, OrganisationTile, ReviewTile, WeekTile] == [type(tile) for tile in tiles]
    assert ("Reporting Dashboard", "Referring Organisation", "All Organisations") == (
        dsr().words("reporting.heading"),
        reporting.dashboard_filter.label,
        reporting.dashboard_filter.everything,
    )


@pytest.mark.parametrize(
    ("age", "band"), [(0, "Under 18s"), (17, "Under 18s"), (18, "18s and over"), (120, "18s and over")]
)
def test_every_age_is_in_one_band(age: int, band: str) -> None:
    tile = next(tile for tile in dsr().reporting.tiles if isinstance(tile, AgeTile))

    assert [band] == [each.label for each in tile.bands if each.holds(age)]


def test_the_reports_are_those_of_the_guide() -> None:
    reports = dsr().reporting.reports

    assert [
        "Referral Data",
        "Referral and Outcome Data",
        "Key Working Team Data",
        "Archived – Combined (referral & outcome) Data",
        "Data Quality",
    ] == [report.title for report in reports]
    assert ["active", "active", "active", "ended", "incomplete"] == [report.records for report in reports]
    assert [False, True, False, True, False] == [report.outcomes for report in reports]
    assert ("REPORT / DATA DOWNLOAD", "Select Report", "Report Filters", "Generate Report") == (
        dsr().words("reporting.panel"),
        dsr().words("reporting.select_report"),
        dsr().words("reporting.filters"),
        dsr().words("reporting.generate"),
    )


def test_the_filters_are_those_of_the_guide() -> None:
    assert [
        ("Referring Organisation", "All Organisations"),
        ("Age", "All Ages"),
        ("Risk Type", "Select Option"),
        ("Locality", "Select Option"),
    ] == [(choice.label, choice.everything) for choice in dsr().reporting.filters]


def test_key_working_takes_25_year_olds_in_and_the_age_filter_away() -> None:
    report = next(report for report in dsr().reporting.reports if report.ages)
    age_filter = next(choice for choice in dsr().reporting.filters if isinstance(choice, AgeFilter))

    assert report.ages is not None
    assert ([True, True, False], False) == ([report.ages.holds(age) for age in (0, 25, 26)], report.offers(age_filter))


def test_the_organisations_are_those_of_the_reference_deployment() -> None:
    shown = [dsr().words("record.organisation", name=o.name, domain=o.email_domain) for o in dsr().organisations]

    assert [
        "Midlands Partnership Foundation Trust (@mpft.nhs.uk)",
        "North Staffordshire Combined Healthcare Trust (@combined.nhs.uk)",
        "Staffordshire Police Harm Reduction Hub (@staffordshire.police.uk)",
        "Stoke on Trent City Council (@stoke.gov.uk)",
        "Staffordshire County Council (@staffordshire.gov.uk)",
    ] == shown


@pytest.mark.parametrize("urgency", ["routine", "alert", "urgent"])
def test_the_team_is_told_of_every_new_referral_once(urgency: str) -> None:
    told = [rule for rule in dsr().notifications if rule.occasion == "record_created" and urgency in rule.urgency]

    assert [("team",)] == [rule.to for rule in told]
    assert [urgency == "urgent"] == [rule.urgent for rule in told]


def test_a_rating_that_turns_green_alerts_nobody() -> None:
    assert [False, True, True] == [
        any(rule.concerns("rating_changed", urgency) for rule in dsr().notifications)
        for urgency in ("routine", "alert", "urgent")
    ]


def test_the_floor_holds_what_every_minimum_needs() -> None:
    assert {"first_name", "last_name", "date_of_birth", "locality", "risk_level", "lead_professional"} == set(
        dsr().minimum
    )
