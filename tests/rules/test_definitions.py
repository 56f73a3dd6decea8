"""Tests that a faulty definition is refused, with a sentence that says what to correct and where."""

from pathlib import Path

import pytest

from shared.registers.checks import find_faults
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault, FaultyRegister
from shared.registers.files import SHIPPED, lists_beside, read_file
from tests.rules.typed import INVENTED, carers, dsr

DSR = SHIPPED / "dsr" / "2022.toml"
CARERS = INVENTED / "carers" / "2030.toml"

SLIPS = [
    (
        'grants = ["bulk_load"]\n',
        'grants = ["delete", "unlok"]\n',
        "access, grants 2: must be one of bulk_load, delete, privacy_officer or unlock; did you mean unlock?",
    ),
    (
        'label = "Level of risk as identified by the DSD Clinical Support Tool"\n',
        'label = "Level of risk as identified by the DSD Clinical Support Tool"\neditable = true\n',
        "rating: the options of risk_level are the levels: it cannot be editable",
    ),
    (
        'name = "meeting_outcome"',
        'name = "locality"',
        "outcome: locality is a question of the form too, and can be reworded: give it another name",
    ),
    (
        "show_if = { capacity_to_consent =",
        "show_if = { capcity_to_consent =",
        "form, section Consent, question best_interest_decision, show_if: best_interest_decision depends on "
        "capcity_to_consent, which is not asked before it; did you mean capacity_to_consent?",
    ),
    (
        'show_if = { capacity_to_consent = "no" }',
        'show_if = { capacity_to_consent = "maybe" }',
        "form, section Consent, question best_interest_decision, show_if: maybe is not one of the answers of "
        "capacity_to_consent: yes, no",
    ),
    (
        'show_if = { capacity_to_consent = "yes" }',
        'show_if = { best_interest_decision = "yes" }',
        "form, section Consent, question consent_given, show_if: consent_given depends on best_interest_decision, "
        "which is not asked before it",
    ),
    (
        'show_if = { capacity_to_consent = "no" }',
        "show_if = { capacity_to_consent = [] }",
        "form, section Consent, question best_interest_decision, show_if: best_interest_decision depends on "
        "capacity_to_consent, and names no answer of it, so it never holds",
    ),
    (
        'when = { capacity_to_consent = "yes", consent_given = "yes" }',
        "when = {}",
        'consent, rule 1: has an empty condition, which always holds: write { question = "answer" }',
    ),
    (
        'name = "tool_date"\n',
        'name = "tool_date"\nretired = true\n',
        "form, rule 1: tool_date is retired, and this depends on it",
    ),
    (
        'name = "under_16"\n',
        'name = "under_16"\nretired = true\n',
        "form, rule 4: under_16 is retired, and this depends on it",
    ),
    (
        'unless = { under_16 = "yes" }',
        'unless = { parental_consent = "yes" }',
        "form, section Consent, question best_interest_decision, unless: best_interest_decision depends on "
        "parental_consent, which is not asked before it",
    ),
    (
        'last = 15\non = "consent_date"',
        'last = 15\non = "risk_level"',
        "form, section Details of the Individual, question date_of_birth: takes the age on risk_level, which is no "
        "other date that the form asks",
    ),
    (
        '  "latest_update",\n]',
        '  "latest_updates",\n]',
        "case_text: latest_updates is not a question of the form; did you mean latest_update?",
    ),
    (
        'kind = "nhs_number"\n',
        'kind = "nhs_nubmer"\n',
        "form, section Details of the Individual, question nhs_number, kind: must be one of text, long_text, "
        "yes_no, choice, choices, select, date, nhs_number, postcode, email or phone; did you mean nhs_number?",
    ),
    (
        'label = "Postcode"\n',
        'labell = "Postcode"\n',
        "form, section Details of the Individual, question postcode, labell: is not a word that a definition knows; "
        "did you mean label?",
    ),
    (
        'label = "Postcode"\n',
        "",
        "form, section Details of the Individual, question postcode, label: is missing",
    ),
    (
        'list = "ethnic_category"',
        'list = "ethnic_categories"',
        "question ethnicity, list: there is no list ethnic_categories; did you mean ethnic_category?",
    ),
    (
        'name = "last_name"\n',
        'name = "first_name"\n',
        "form: first_name is the name of more than one question: section Details of the Individual (question 1) and "
        "section Details of the Individual (question 2)",
    ),
    (
        'tab = "Referral"',
        'tabb = "Referral"',
        "words, record, tabb: is not a word that a definition knows; did you mean record.tab?",
    ),
    (
        "crisis = ",
        "no_crisis = ",
        "receipt: no_crisis cannot stand where a record may be urgent: write crisis, which says what to do in a crisis",
    ),
    (
        'verdict = "accepted"\n',
        'youngest = 16\nverdict = "accepted"\n',
        "consent, rule 1: must say on which day the age counts: on is a date of the form, such as the day of the "
        "consent",
    ),
    (
        'verdict = "accepted"\n',
        'on = "consent_date"\nverdict = "accepted"\n',
        "consent, rule 1: says on, which belongs to youngest and oldest",
    ),
    (
        'verdict = "accepted"\n',
        'youngest = 16\noldest = 15\non = "consent_date"\nverdict = "accepted"\n',
        "consent, rule 1: allows no age: youngest is above oldest",
    ),
    ("watched = ", "no_watch = ", "never_without: watched is promised, and no_watch leaves it out"),
    (
        "[receipt]",
        '[notifications]\nof_new_records = "none"\nreason = "No."\n\n[receipt]',
        "never_without: new_records_told is promised, and [notifications] says that nobody is mailed",
    ),
    (
        'by = "outcome", ',
        'by = "outcome", when = { meeting_outcome = "mended" }, ',
        "transition archive, when: mended is not one of the answers of meeting_outcome: support_continues, "
        "plan_changed, admission_agreed, admission_avoided, further_meeting, other",
    ),
    (
        'by = "outcome", ',
        'by = "outcome", when = { locality = "other" }, ',
        "transition archive, when: depends on locality, which is not in the outcome form",
    ),
    ('given_name = "first_name"\n', "", "person: given_name is missing: say which question asks it"),
    (
        'postcode = "postcode"\n',
        'postcode = "post_code"\n',
        "person, postcode: post_code is not a question of the form; did you mean postcode?",
    ),
    (
        'postcode = "postcode"\n',
        'postcode = "ethnicity"\n',
        "person, postcode: ethnicity is select and must be postcode",
    ),
    (
        'floor = ["locality",',
        'floor = ["postcode",',
        "floor: postcode is below the floor of every minimum data set: it must be required",
    ),
    ('[rating]\nquestion = "risk_level"', '[rating]\nquestion = "risk"', "rating: risk is not a question of the form"),
    ('colour = "red"', 'colour = "green"', "rating: has green for more than one level"),
    ('colour = "red"', 'colour = "puce"', "rating, level red, colour: must be one of green, amber, red, blue or grey"),
    ('urgency = "urgent"', 'urgency = "very"', "rating, level red, urgency: must be one of routine, alert or urgent"),
    (
        'when = { capacity_to_consent = "no",',
        'when = { first_name = "no",',
        "consent, rule 2: depends on first_name, which is not in the form's first section",
    ),
    ('verdict = "accepted"', 'verdict = "refused"', "consent: no rule accepts anybody"),
    (
        'to = "archived", by = "outcome"',
        'to = "archived", by = "date"',
        "transition archive: question must name a date of the form that need not be given",
    ),
    (
        'label = "Active", open = true',
        'label = "Active", open = false',
        "lifecycle: the first state is that of a new record: active must be open",
    ),
    (
        'from = "active", to = "archived"',
        'from = "archived", to = "active"',
        "transition archive: must lead from a state that is open to one that is not",
    ),
    ('place = "archive"', 'place = "outcomes"', "help_topic: two topics are about outcomes: a page has a link to one"),
    (
        'shows = "answer", question = "locality"',
        'shows = "answer", question = "shire"',
        "records, column LOCALITY: shire is not a question of the form",
    ),
    (
        'shows = "answer", question = "locality"',
        'shows = "answer", question = "latest_update"',
        "records, column LOCALITY: latest_update is long_text, which is too long for a list",
    ),
    (
        'shows = "created"',
        'shows = "created", question = "locality"',
        "records, column DATE CREATED: names a question when, and only when, it shows an answer",
    ),
    (
        'search = ["first_name"',
        'search = ["locality"',
        "records, search: locality is select; what can be searched: nhs_number, postcode, text",
    ),
    (
        '"TOTALS BY RISK TYPE", question = "risk_level"',
        '"TOTALS BY RISK TYPE", question = "first_name"',
        "reporting, tile TOTALS BY RISK TYPE: first_name is not a question with options",
    ),
    (
        'label = "Under 18s", last = 17',
        'label = "Under 18s", last = 18',
        "reporting, tile TOTALS BY AGE: age 18 is not in exactly one band",
    ),
    (
        'label = "Under 18s", last = 17',
        'label = "Under 18s", last = 16',
        "reporting, tile TOTALS BY AGE: age 17 is not in exactly one band",
    ),
    (
        'kind = "by_age"',
        'kind = "by_shoe_size"',
        "reporting, tile TOTALS BY AGE: must be one of total, by_option, by_age, by_organisation, by_week, reviews",
    ),
    ('code = "key_working"', 'code = "referrals"', "reporting: has the report referrals more than once"),
    ('place = "logout"', 'place = "home"', "navigation: has no way to log out"),
    (
        'code = "rating_alert"\n',
        'code = "alert"\n',
        "notification, rating_changed: there is no mail called rating_alert; did you mean new_alert?",
    ),
    (
        "{reference} is for",
        "{person} is for",
        "mail rating_alert, subject: has a gap called person; gaps that are filled here: address, reference, register, "
        "team",
    ),
    (
        'address = "https:',
        'address = "javascript:',
        "public, link, address: must be an address that begins with https://, or with / for a page of this service",
    ),
    ('code = "dsr"', 'code = "api"', "register, code: api is the address of something else"),
    (
        'edition = "2022"',
        'edition = "second"',
        'register, edition: must be a year, or a year and a number: "2031" or "2031.2"',
    ),
]


def check(path: Path) -> list[DefinitionFault]:
    """Return the faults of a file, wherever it is."""
    try:
        read_file(path, lists_beside(path.parent.parent))
    except FaultyRegister as faulty:
        return faulty.faults
    return []


def faults_after(folder: Path, source: Path, *changes: tuple[str, str]) -> list[str]:
    """Return the faults of a definition in which the first text of each pair is replaced by the second."""
    written = source.read_text("utf-8")
    for old, new in changes:
        assert old in written, f"the definition no longer says {old}"
        written = written.replace(old, new)
    changed = folder / "changed.toml"
    changed.write_text(written, "utf-8")
    return [str(fault) for fault in check(changed)]


def test_the_shipped_definitions_have_no_faults() -> None:
    assert {} == {path.name: faults for path in SHIPPED.glob("*/[0-9]*.toml") if (faults := check(path))}


@pytest.mark.parametrize(("old", "new", "fault"), SLIPS)
def test_a_slip_is_told_with_its_place(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in faults_after(tmp_path, DSR, (old, new))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'kind = "yes_no"\n',
            'kind = "choice"\noptions = [{ code = "yes", label = "Yes" }]\n',
            "form, section The carer, question has_phone: needs two options at least, or the name of a list",
        ),
        (
            'label = "Mail"\n',
            'label = "Mail"\nlist = "nearness"\n',
            "form, section The carer, question mail: offers options, which email cannot have",
        ),
        (
            'label = "Mail"\n',
            'label = "Mail"\neditable = true\n',
            "form, section The carer, question mail: is editable, which belongs to questions that write out their own",
        ),
        (
            'kind = "yes_no"\n',
            'kind = "yes_no"\neditable = true\n',
            "form, section The carer, question has_phone: is editable, which belongs to questions that write out their",
        ),
        (
            'code = "child", ',
            'code = "child", retired = true, ',
            "form, section The caring, question school, show_if: child of cares_for is retired, and this depends on it",
        ),
        (
            'code = "parent"',
            'code = "child"',
            "form, section The caring, question cares_for: has the option child more than once",
        ),
        (
            'not_before = "began"',
            'not_before = "school"',
            "form, section The caring, question stopped: may not be before school, which is no date asked before it",
        ),
        (
            'label = "Mail"\n',
            'label = "Mail"\nallow_future = true\n',
            "form, section The carer, question mail: says not_known, allow_future or not_before, which belong to dates",
        ),
        (
            'question = "stopped"',
            'question = "birthday"',
            "transition stop: question must name a date of the form that need not be given",
        ),
        (
            'name = "stopped"\n',
            'name = "stopped"\nnot_known = "Not known"\n',
            "transition stop: stopped offers not_known, which is no day on which a record can end",
        ),
        ('floor = ["cares_for"]', 'floor = ["telephone"]', "floor: telephone is in the floor and must be asked always"),
        ('match = ["born",', 'match = ["postcode",', "duplicates: compares postcode, which person does not name"),
        (
            'cares_for = ["child"]',
            'mail = "child"',
            "form, section The caring, question school, show_if: school depends on mail, which has no options",
        ),
        (
            'family_name = "house_name"',
            'family_name = "badge"',
            "person, family_name: badge is retired, and this depends on it",
        ),
        ('by = "date"', 'by = "outcome"', "transition stop: a record ends by an outcome, and there is no outcome form"),
        (
            'crisis = "Call 999."\n',
            "",
            "receipt: crisis is missing: say what to do in a crisis, or say why not, for example no_crisis = ",
        ),
        (
            'watched = "We look in on Tuesdays."\n',
            "",
            "receipt: watched is missing: say when someone looks at the register, or say why not, for example no_watch",
        ),
        ('crisis = "Call', 'no_crisis = "No."\ncrisis = "Call', "receipt: says both crisis and no_crisis: keep one"),
        (
            'question = "stopped"',
            'question = "stopped"\nwhen = { cares_for = "child" }',
            "transition stop: when belongs to a transition by an outcome",
        ),
        ("confirm = {", 'decisions = ["mail"]\nconfirm = {', "transition stop: mail is not part of the scope"),
    ],
)
def test_any_register_is_held_to_the_same_rules(tmp_path: Path, old: str, new: str, fault: str) -> None:
    told = faults_after(tmp_path, CARERS, ('list = "nearness"\n', ""), (old, new))

    assert [fault] == [each[: len(fault)] for each in told if each.startswith(fault)]


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    told = faults_after(tmp_path, DSR, ('born = "date_of_birth"\n', ""), ('colour = "red"', 'colour = "green"'))

    assert {"person: born is missing: say which question asks it", "rating: has green for more than one level"} <= set(
        told
    )


def test_a_tile_of_a_retired_question_of_the_outcome_form_says_so(tmp_path: Path) -> None:
    told = faults_after(
        tmp_path,
        DSR,
        ('name = "cetr_date"\n', 'name = "cetr_date"\nretired = true\n'),
        ('"TOTALS BY RISK TYPE", question = "risk_level"', '"TOTALS BY RISK TYPE", question = "cetr_date"'),
    )

    assert "reporting, tile TOTALS BY RISK TYPE: cetr_date is retired, and this depends on it" in told


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert ["the file: is not there, or is no file"] == [str(fault) for fault in check(tmp_path / "absent.toml")]


def test_an_empty_file_says_all_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")

    told = {str(fault) for fault in check(tmp_path / "empty.toml")}

    assert {"register: is missing", "form: is missing", "records: is missing", "lifecycle: is missing"} <= told


def test_parts_of_the_wrong_shape_do_not_break_the_check(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text(
        'register = 1\nwords = "none"\nform = [1]\nnavigation = { home = 2 }\nperson = []\n'
    )

    told = {str(fault) for fault in check(tmp_path / "odd.toml")}

    assert {"register: must be a table", "words: must be a table"} <= told
    assert 'person: must be a table, for example given_name = "question", under [person]' in told


def _faults(register: Definition) -> list[str]:
    return [str(fault) for fault in find_faults(register)]


# ------------------------------------------------------------------------------------------------ a red is never missed
@pytest.mark.parametrize("occasion", ["record_created", "rating_changed", "urgent_not_seen"])
def test_an_urgent_record_must_reach_somebody(occasion: str) -> None:
    kept = [rule for rule in dsr().notifications if rule.occasion != occasion or not rule.urgent]

    told = _faults(dsr().model_copy(update={"notifications": tuple(kept)}))

    assert [f"notification: nobody is told at once of an urgent record on {occasion}"] == [
        each.partition(": add urgent = true")[0] for each in told if "never sent" not in each
    ]


@pytest.mark.requirement("R-DSR-097", "R-FLOW-011")
@pytest.mark.parametrize("urgency", ["routine", "alert"])
def test_a_new_record_must_be_told_to_somebody_whatever_its_rating(urgency: str) -> None:
    kept = [rule for rule in dsr().notifications if rule.occasion != "record_created" or urgency not in rule.urgency]

    told = _faults(dsr().model_copy(update={"notifications": tuple(kept)}))

    assert [
        f"notification, record_created: nobody is told of a new record whose rating is {urgency}: "
        "name the team, the administrators or an address"
    ] == told


def test_a_register_without_a_rating_must_have_a_recipient_too() -> None:
    told = _faults(carers().model_copy(update={"notifications": ()}))

    assert [
        "notification, record_created: nobody is told of a new record: name the team, the administrators or an "
        'address; or say why not: under [notifications], of_new_records = "none" and reason = "…"'
    ] == told


def test_a_register_may_leave_out_crisis_watch_and_mail_with_a_reason(tmp_path: Path) -> None:
    left_out = (
        ('crisis = "Call 999."', 'no_crisis = "Carers of the dead have none."'),
        ('watched = "We look in on Tuesdays."', 'no_watch = "Everybody reads the list."'),
        ("[[notification]]", '[notifications]\nof_new_records = "none"\nreason = "A list alone."\n\n[[notification]]'),
        ('occasion = "record_created"', 'occasion = "record_ended"'),
    )

    without_list = ('list = "nearness"\noptions = [', 'options = [{ code = "near", label = "Near" }, ')
    assert [] == faults_after(tmp_path, CARERS, without_list, *left_out)


def test_telling_the_submitter_alone_is_telling_nobody(tmp_path: Path) -> None:
    told = faults_after(tmp_path, DSR, ('to = ["team"]', 'to = ["submitter"]'))

    assert any("nobody is told at once of an urgent record on record_created" in each for each in told)


@pytest.mark.parametrize("field", ["team_email", "administrator_email"])
def test_an_address_must_be_one_that_mail_can_be_sent_to(tmp_path: Path, field: str) -> None:
    told = faults_after(tmp_path, DSR, (f'{field} = "Dynamic', f'{field} = "Dynamic..'))

    assert [f"contact, {field}: has an address that mail cannot be sent to"] == told


def test_mail_goes_to_accepted_domains_only(tmp_path: Path) -> None:
    told = faults_after(tmp_path, DSR, ('to = ["team"]', 'addresses = ["team@evilnhs.uk"]'))

    assert "notification, record_created: has an address outside the accepted domains" in told
