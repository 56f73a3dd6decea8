"""Tests that columns and values of a file are taken for what they are, and that nothing is guessed."""

import pytest

from services.referrals.loading.mapping import FileMapping, KeptMapping, check, keep, suggest
from services.referrals.loading.table import FileTable
from shared.contracts.referrals.loading import REASONS
from shared.messages import Refused
from shared.registers.load import load_registers
from tests.rules.loading.files import GOOD, table_of, table_with
from tests.rules.typed import carers

DSR = load_registers().find("dsr")
SAMPLES = {
    "last_name": "Smith",
    "first_name": "John",
    "date_of_birth": "17/06/1990",
    "nhs_number": "943 476 5919",
    "postcode": "ST4 4LJ",
    "locality": "South Staffordshire",
    "lead_professional": "Ann Lee",
    "risk_level": "Red",
    "risk_level_date": "17/06/2026",
    "added_on": "17/06/2026",
    "whole_name": "SMITH, John",
    "consent_date": "17/06/2026",
    "consent_given": "Y",
    "learning_disability_or_autism": "LD",
    "ethnicity": "White British",
}
HEADINGS = [
    *(
        (heading, "last_name")
        for heading in (
            "Surname",
            "SURNAME",
            "Last Name*",
            "Family name",
            "Surname / Family Name",
            "Client Surname",
            "last_name",
        )
    ),
    *(
        (heading, "first_name")
        for heading in ("Forename(s)", "Forename", "First names", "Given Name", "PersonForename")
    ),
    *((heading, "date_of_birth") for heading in ("DOB", "D.O.B.", "D.o.B", "Date of Birth (dd/mm/yyyy)", "Person DOB")),
    *(
        (heading, "nhs_number")
        for heading in ("NHS No", "NHS No.", "NHS Number", "NHS_NUMBER", "Client NHS Number", "NHS#")
    ),
    *((heading, "postcode") for heading in ("Post Code", "POSTCODE", "Person Postcode", "Home postcode")),
    *((heading, "locality") for heading in ("Locality", "Locality/Team", "Locality / Team")),
    *((heading, "lead_professional") for heading in ("Lead professional", "Lead Prof", "Name of lead professional")),
    *(
        (heading, "risk_level")
        for heading in ("RAG", "RAG status", "RAG Rating", "Risk level", "Current RAG", "Risk", "risk_level")
    ),
    *((heading, "risk_level_date") for heading in ("Date rated", "RAG date", "Date of the rating")),
    *((heading, "added_on") for heading in ("Date added", "Date added to DSR", "Date of referral", "Referral Date")),
    *((heading, "whole_name") for heading in ("Name", "Full name", "Client name", "Surname, Forename")),
    *((heading, "consent_date") for heading in ("Consent date", "Date of consent")),
    *((heading, "consent_given") for heading in ("Consent", "Consent (Y/N)", "Consented?")),
    *((heading, "learning_disability_or_autism") for heading in ("LD/Autism", "Diagnosis", "LD or autism")),
    *((heading, "ethnicity") for heading in ("Ethnic Origin", "Ethnicity")),
]
UNKNOWN = [
    "Forename / Surname",
    "Comments",
    "GP",
    "Team",
    "Carer surname",
    "GP postcode",
    "Lead",
    "Contact",
    "Notes",
    "Status",
    "Age",
    "Next of kin",
]


def alone(heading: str, cell: str) -> FileTable:
    return table_of(["Something else", heading], [["x", cell], ["y", cell]])


def target(heading: str, cell: str) -> str | None:
    return suggest(DSR, alone(heading, cell), None).columns[1].target


def targets(headings: list[str], cells: list[str] | None = None) -> list[str | None]:
    table = table_of(headings, [cells or ["Smith"] * len(headings)])
    return [column.target for column in suggest(DSR, table, None).columns]


@pytest.mark.requirement("R-LOAD-001")
@pytest.mark.parametrize(("heading", "meant"), HEADINGS)
def test_a_common_heading_is_known(heading: str, meant: str) -> None:
    assert meant == target(heading, SAMPLES[meant])


def test_every_question_is_known_by_the_label_of_the_form() -> None:
    labels = {question.name: question.shown_label for question in DSR.form.asked}
    table = table_of(["Something else", "Another", "A third", *labels.values()], [["x", "y", "z", *[""] * len(labels)]])

    found = suggest(DSR, table, None).columns

    assert [None, None, None, *labels] == [column.target for column in found]


@pytest.mark.parametrize("heading", UNKNOWN)
def test_a_heading_that_could_mean_anything_is_left_to_the_user(heading: str) -> None:
    assert target(heading, "Smith") is None


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("RAG", "Monthly"),
        ("DOB", "aged 40"),
        ("NHS No", "not yet"),
        ("Name", "X"),
        ("Diagnosis", "Epilepsy"),
        ("Last update", "17/06/2026"),
    ],
)
def test_a_heading_is_not_believed_if_no_value_fits(heading: str, cell: str) -> None:
    assert target(heading, cell) is None


def test_of_two_columns_for_one_question_none_is_chosen() -> None:
    assert [None, None, "first_name"] == targets(["Surname", "Family name", "Forename"])


def test_the_forms_own_label_is_surer_than_a_common_heading() -> None:
    assert ["last_name", None] == targets(["Last Name", "Surname"])


def test_a_column_of_whole_names_is_left_to_the_user_beside_parts_of_the_name() -> None:
    assert ["last_name", None] == targets(["Surname", "Name"], ["Smith", "Smith, John"])


def test_the_reasons_of_failed_rows_are_always_left_out() -> None:
    assert ["last_name", ""] == targets(["Surname", REASONS])


def test_a_file_that_leaves_nothing_open_is_mapped_at_once() -> None:
    table = table_with(RAG="Amber")
    found = suggest(DSR, table, None)

    assert found.mapping is not None
    assert (set(), ()) == ({column.heading for column in found.columns if not column.target}, found.missing)
    assert {"R": "red", "Amber": "amber"} == found.mapping.values["risk_level"]


@pytest.mark.parametrize(
    "other",
    [{"Comments": "x"}, {"RAG": "Purple"}, {"D.O.B.": "", "RAG": "R"}],
    ids=["a column", "a value", "nothing"],
)
def test_what_is_not_known_is_left_to_the_user(other: dict[str, str]) -> None:
    is_open = other != {"D.O.B.": "", "RAG": "R"}

    assert is_open == (suggest(DSR, table_with(**other), None).mapping is None)


def test_an_order_of_day_and_month_that_cannot_be_told_is_asked() -> None:
    cells = GOOD | {"D.O.B.": "03/04/1990"}
    table = table_of(list(cells), [list(cells.values())])
    columns = {column.place: column.target or "" for column in suggest(DSR, table, None).columns}

    assert suggest(DSR, table, None).mapping is None
    with pytest.raises(Refused, match="day_order"):
        check(DSR, table, FileMapping(columns, {}))
    assert "month_first" == check(DSR, table, FileMapping(columns, {}, "month_first")).day_order


def test_a_minimum_without_a_column_is_named() -> None:
    cells = {name: cell for name, cell in GOOD.items() if name not in ("RAG", "Surname", "Lead professional")}
    table = table_of(list(cells), [list(cells.values())])

    found = suggest(DSR, table, None)

    assert ({"risk_level", "last_name", "lead_professional"}, None) == (set(found.missing), found.mapping)


@pytest.mark.requirement("R-LOAD-001")
def test_what_was_said_is_kept_and_offered_for_the_next_file() -> None:
    first = table_with(Colour="x", RAG="Purple", Comments="well")
    places = {heading: place for place, heading in enumerate(first.headings)}
    columns = {column.place: column.target or "" for column in suggest(DSR, first, None).columns}
    said = check(
        DSR,
        first,
        FileMapping(columns | {places["Colour"]: "gp_name", places["Comments"]: ""}, {"risk_level": {"Purple": "red"}}),
    )
    kept = keep(first, said)
    other = GOOD | {"RAG": "PURPLE", "colour": "y", "COMMENTS": "z"}
    again = table_of(list(reversed(other)), [list(reversed(other.values()))])

    found = suggest(DSR, again, kept)

    assert found.mapping is not None
    by_heading = {column.heading: column.target for column in found.columns}
    assert ("gp_name", "", "red") == (
        by_heading["colour"],
        by_heading["COMMENTS"],
        found.mapping.values["risk_level"]["PURPLE"],
    )


def test_what_was_kept_comes_before_what_is_common() -> None:
    kept = KeptMapping({"surname": "gp_name"}, {"risk_level": {"r": "green"}})

    found = suggest(DSR, table_with(RAG="R"), kept)

    assert "gp_name" == next(column.target for column in found.columns if column.heading == "Surname")
    assert ["green"] == [value.code for value in found.values if value.question == "risk_level"]


def test_a_kept_question_or_option_that_is_gone_is_not_offered() -> None:
    kept = KeptMapping({"surname": "no_such_question"}, {"risk_level": {"r": "purple"}})

    found = suggest(DSR, table_with(RAG="R"), kept)

    assert "last_name" == next(column.target for column in found.columns if column.heading == "Surname")
    assert ["red"] == [value.code for value in found.values if value.question == "risk_level"]


@pytest.mark.parametrize(
    ("columns", "values", "code"),
    [
        ({99: "last_name"}, {}, "unknown_column"),
        ({0: "no_such_question"}, {}, "unknown_question"),
        ({0: "last_name", 1: "last_name"}, {}, "twice"),
        ({0: "last_name"}, {"risk_level": {"R": "red"}}, "unknown_question"),
        ({0: "risk_level"}, {"risk_level": {"R": "purple"}}, "unknown_option"),
        ({0: "last_name", 1: "first_name"}, {}, "columns_missing"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(
    columns: dict[int, str], values: dict[str, dict[str, str]], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        check(DSR, table_with(), FileMapping(columns, values))

    assert code == refused.value.code


@pytest.mark.parametrize(
    ("heading", "cell", "code"),
    [
        ("RAG", "R", "red"),
        ("RAG", "a", "amber"),
        ("RAG", "GREEN", "green"),
        ("RAG", "Red rating", "red"),
        ("RAG", "RAG: Red", "red"),
        ("RAG", "1 - Red", "red"),
        ("RAG", "R - Red", "red"),
        ("RAG", "Red (R)", "red"),
        ("RAG", "Red?", None),
        ("RAG", "Red/Amber", None),
        ("RAG", "Red (was Amber)", None),
        ("RAG", "Not red", None),
        ("RAG", "Red - Amber", None),
        ("RAG", "High", None),
        ("RAG", "n/a", ""),
        ("Capacity", "YES", "yes"),
        ("Capacity", "n", "no"),
        ("Capacity", "TRUE", "yes"),
        ("Capacity", "1", "yes"),
        ("Capacity", "-1", "yes"),
        ("Capacity", "0", "no"),
        ("Capacity", "2", None),
        ("Capacity", "Yes - fluctuates", None),
        ("Capacity", "No longer", None),
        ("LD/Autism", "LD & ASD", "both"),
        ("LD/Autism", "asd", "autism"),
        ("LD/Autism", "Learning Disability", "learning_disability"),
        ("LD/Autism", "L", None),
        ("Ethnicity", "A", "A"),
        ("Ethnicity", "White - British", "A"),
        ("Ethnicity", "A - White British", "A"),
        ("Ethnicity", "British", "A"),
        ("Ethnicity", "Mixed: White and Asian", "F"),
        ("Ethnicity", "White & Black Caribbean", "D"),
        ("Ethnicity", "Asian - Indian", "H"),
        ("Ethnicity", "Asian British - Pakistani", "J"),
        ("Ethnicity", "Unknown", "99"),
        ("Ethnicity", "A - Irish", None),
        ("Ethnicity", "White", None),
        ("Ethnicity", "Other", None),
        ("Locality/Team", "NORTH STAFFS", "north_staffordshire_stoke"),
        ("Locality/Team", "North Staffordshire and Stoke on Trent", "north_staffordshire_stoke"),
        ("Locality/Team", "Staffordshire", None),
    ],
)
def test_a_value_is_taken_for_an_option_only_if_it_can_be_no_other(heading: str, cell: str, code: str | None) -> None:
    values = suggest(DSR, table_with(**{heading: cell}), None).values
    known = dict(enumerate(values))

    (found,) = [
        value.code for value in known.values() if value.written == cell and value.question in _question(heading)
    ]
    assert code == found


def _question(heading: str) -> tuple[str, ...]:
    return {
        "RAG": ("risk_level",),
        "Capacity": ("capacity_to_consent",),
        "LD/Autism": ("learning_disability_or_autism",),
        "Ethnicity": ("ethnicity",),
        "Locality/Team": ("locality",),
    }[heading]


def test_an_invented_register_has_its_own_words() -> None:
    register = carers()
    table = table_of(
        ["Goes by", "Family name", "Birthday", "Oes ffôn?", "Cares for"],
        [["Ann", "Lee", "17/06/1990", "Oes", "A child; a parent"]],
    )

    found = suggest(register, table, None)

    assert ["known_as", "house_name", "birthday", "has_phone", "cares_for"] == [each.target for each in found.columns]
    assert {"Oes": "yes", "A child": "child", "a parent": "parent"} == {
        each.written: each.code for each in found.values
    }


@pytest.mark.requirement("R-USE-013")
def test_the_date_of_a_rating_has_a_column_of_its_own_only_where_the_form_does_not_ask_it() -> None:
    table = alone("Date rated", "17/06/2026")
    assert DSR.rating
    unasked = DSR.model_copy(update={"rating": DSR.rating.model_copy(update={"given_on": None}), "load": None})

    assert "rated_on" == suggest(unasked, table, None).columns[1].target
    with pytest.raises(Refused) as refused:
        check(DSR, table, FileMapping({1: "rated_on"}, {}))
    assert "unknown_question" == refused.value.code
