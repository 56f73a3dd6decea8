"""Tests of an invented register in one file, with other words, questions, tiles and ending, and without a rating."""

import re
from datetime import date

import pytest

from shared.registers.checks import find_faults
from shared.registers.definition.dashboards import AgeTile, OptionTile
from shared.registers.definition.questions import AgeRule, Question
from shared.registers.form.conditions import consent_verdict
from shared.registers.form.kept import carried_over
from shared.registers.form.person import Person, match_values, person_of, rating_of, search_text
from shared.registers.form.reading import read_answers
from shared.registers.form.showing import as_text, differences, fill_fields
from shared.registers.load import load_registers
from tests.census import tree
from tests.rules.typed import INVENTED, TODAY, carers, dsr

ACCOUNT_WORDS = ("first_name", "last_name")
A_CARER: dict[str, str | list[str]] = {
    "known_as": "Zoë",
    "house_name": "Grundy",
    "birthday-day": "3",
    "birthday-month": "may",
    "birthday-year": "1990",
    "cares_for": ["child", "parent"],
    "school": "Loxley Barrett",
}


def test_it_stands_beside_the_shipped_registers() -> None:
    assert ["carers", "dsr"] == [register.code for register in load_registers([INVENTED]).newest()]


def test_its_words_are_its_own_and_the_rest_are_the_houses() -> None:
    words = carers().words

    assert ("Oes", "Nac oes", "Previous") == (words("page.yes"), words("page.no"), words("table.previous"))
    assert ["Oes", "Nac oes"] == [option.label for option in carers().form.by_name["has_phone"].options]
    assert ["Y Gofalwyr", "Ychwanegu", "Allgofnodi"] == [link.label for link in carers().navigation]


def test_its_form_is_read_by_the_same_rules() -> None:
    checked = read_answers(carers().form, A_CARER, carers().words, TODAY)

    assert {} == checked.faults
    assert {
        "known_as": "Zoë",
        "house_name": "Grundy",
        "birthday": "1990-05-03",
        "cares_for": ("parent", "child"),
        "school": "Loxley Barrett",
    } == checked.answers


def test_its_faults_are_said_in_its_own_words() -> None:
    checked = read_answers(carers().form, A_CARER | {"known_as": " "}, carers().words, TODAY)

    assert {"known_as": "Rhowch ateb: What are you called?"} == checked.faults


def test_one_of_several_choices_is_enough_for_a_condition() -> None:
    of_a_child = read_answers(carers().form, A_CARER | {"cares_for": ["parent", "child"]}, carers().words, TODAY)
    of_a_parent = read_answers(carers().form, A_CARER | {"cares_for": "parent"}, carers().words, TODAY)

    assert (True, False) == ("school" in of_a_child.answers, "school" in of_a_parent.answers)


def test_its_person_is_found_by_the_roles_it_names() -> None:
    answers = read_answers(carers().form, A_CARER, carers().words, TODAY).answers

    assert Person("Zoë", "Grundy", date(1990, 5, 3)) == person_of(carers(), answers)
    assert (("19900503", "zoe"),) == match_values(carers(), answers)
    assert " grundy loxley barrett loxleybarrett 90050319" == search_text(carers(), answers)


def test_it_has_no_rating_and_no_gate() -> None:
    assert (None, "accepted") == (rating_of(carers(), {}), consent_verdict(carers(), {}))


def test_a_shared_list_of_its_own_folder_follows_the_options_written_out() -> None:
    options = carers().form.by_name["nearness"].options

    assert ["Abroad", "In the same house", "Within a walk", "Further away"] == [option.label for option in options]


def test_an_end_may_lie_ahead_and_not_before_the_beginning() -> None:
    ahead = A_CARER | {"began": "01/02/2020", "stopped": "01/02/2031"}
    early = A_CARER | {"began": "01/02/2020", "stopped": "31/01/2020"}

    assert {} == read_answers(carers().form, ahead, carers().words, TODAY).faults
    assert {"stopped": "Stopped caring must be the same as or after Began caring"} == (
        read_answers(carers().form, early, carers().words, TODAY).faults
    )


def test_a_retired_question_is_not_asked_and_its_old_answer_is_kept_and_shown() -> None:
    old = {"known_as": "Joe", "badge": "B-12"}
    asked_again = read_answers(carers().form, A_CARER | {"badge": "B-13"}, carers().words, TODAY)
    kept = carried_over(carers().form, old, {"known_as": "Jo"})

    assert ("badge",) == asked_again.unknown
    assert {"known_as": "Jo", "badge": "B-12"} == kept
    assert ["B-12"] == [row.text for row in as_text(carers().form, kept) if row.name == "badge"]
    assert ["known_as"] == [change.name for change in differences(carers().form, old, kept)]
    assert "badge" not in fill_fields(carers().form, kept)


OLD = {"last": 25, "said": "Nobody over 25."}


@pytest.mark.parametrize(
    ("rule", "typed", "said"),
    [
        (OLD, {}, ["birthday"]),
        (OLD, {"birthday-year": "2000"}, []),
        (OLD | {"on": "began"}, {"began": "01/05/2016"}, []),
        (OLD | {"on": "began"}, {"began": "04/05/2016"}, ["birthday"]),
        (OLD | {"on": "began"}, {}, ["birthday"]),
    ],
)
def test_an_oldest_age_is_said_plainly_on_today_or_on_a_date_asked_later(
    rule: dict[str, object], typed: dict[str, str | list[str]], said: list[str]
) -> None:
    ages = (AgeRule.model_validate(rule),)
    form = carers().form.with_questions(
        lambda each: each.model_copy(update={"ages": ages}) if each.name == "birthday" else each
    )

    checked = read_answers(form, A_CARER | typed, carers().words, TODAY)

    assert dict.fromkeys(said, "Nobody over 25.") == checked.faults
    assert [] == [name for name in said if name in checked.answers]
    assert [] == list(find_faults(carers().model_copy(update={"form": form})))


def test_an_age_that_was_accepted_is_not_checked_again_on_a_date_asked_later() -> None:
    ages = (AgeRule.model_validate(OLD | {"on": "began"}),)
    form = carers().form.with_questions(
        lambda each: each.model_copy(update={"ages": ages}) if each.name == "birthday" else each
    )
    before = {"known_as": "Zoë", "birthday": "1990-05-03", "began": "2020-01-01"}
    kept = A_CARER | {"began": "01/01/2020"}

    assert {} == read_answers(form, kept, carers().words, TODAY, before).faults
    assert ["birthday"] == list(
        read_answers(form, kept | {"began": "02/01/2020"}, carers().words, TODAY, before).faults
    )


def test_its_tiles_are_its_own() -> None:
    tiles = carers().reporting.tiles

    assert ["CARERS", "CARED FOR", "AGES"] == [tile.title for tile in tiles]
    assert ["cares_for"] == [tile.question for tile in tiles if isinstance(tile, OptionTile)]
    assert [["Young", "Grown", "Wise"]] == [[b.label for b in t.bands] for t in tiles if isinstance(t, AgeTile)]


def _questions() -> list[Question]:
    forms = [form for register in (dsr(), carers()) for form in (register.form, register.outcome) if form]
    return [question for form in forms for question in form.all_questions]


def _own_words() -> set[str]:
    """Return the question names and labels that are particular enough not to be in a file by chance."""
    shared_names = {*dsr().person, *carers().person, *ACCOUNT_WORDS}
    names = {question.name for question in _questions() if "_" in question.name} - shared_names
    return names | {question.label for question in _questions() if len(question.label) > 20}


def test_no_program_or_page_names_a_question_of_any_register() -> None:
    words = sorted(_own_words())
    files = [path for path in tree.files(".py", ".html", ".sql", ".js") if path.parts[0] in tree.CODE]

    found = {str(path): [word for word in words if _stands_in(word, tree.text(path))] for path in files}

    assert {} == {path: named for path, named in found.items() if named and "demo" not in path}


def _stands_in(word: str, text: str) -> bool:
    return word in text and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
