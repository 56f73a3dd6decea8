"""Tests that no answer is lost because a definition has changed: it is carried over, and shown beside the form."""

from collections.abc import Callable
from datetime import date

import pytest

from gateway.pages.records.conflict import merged_by
from services.referrals.rules.answers import changed_answers, changes_between
from services.referrals.rules.ending import end_of
from services.reports.workbook.cells import WRITERS
from services.reports.workbook.plan import Kind
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition
from shared.registers.files import LoadedRegister
from shared.registers.form.conditions import Answer, Answers, consent_verdict
from shared.registers.form.consistency import contradictions
from shared.registers.form.kept import edition_for, fits
from shared.registers.form.person import match_keys, person_of, rating_of, search_text
from shared.registers.form.reading import read_answers
from shared.registers.form.showing import as_text, differences, earlier_rows, fill_fields
from shared.registers.load import Registers
from shared.registers.scope import bodies_named
from tests.rules.typed import TODAY, carers, dsr
from tests.services.watch import watch

BEFORE: dict[str, Answer] = {
    "known_as": "Joe",
    "house_name": "Grundy",
    "birthday": "1950-03-04",
    "cares_for": ("parent", "child"),
    "school": "Ambridge",
    "nearness": "abroad",
    "began": "2020-02-01",
}


CARED_FOR = carers().form.by_name["cares_for"].options


def changed(**changes: dict[str, object] | None) -> Definition:
    """Return the invented register with some questions changed, or taken away where the change is None."""

    def those_left(question: Question) -> list[Question]:
        change = changes.get(question.name, {})
        return [] if change is None else [question.model_copy(update=change)]

    sections = tuple(
        section.model_copy(update={"questions": tuple(new for old in section.questions for new in those_left(old))})
        for section in carers().form.sections
    )
    return carers().model_copy(update={"form": carers().form.model_copy(update={"sections": sections})})


def without_option(name: str, code: str) -> Definition:
    options = tuple(option for option in carers().form.by_name[name].options if option.code != code)
    changes: dict[str, dict[str, object] | None] = {name: {"options": options}}
    return changed(**changes)


def saved(register: Definition, before: Answers, **sent: Answer) -> dict[str, Answer]:
    """Return what a page of this register saves: every answer that its form can hold, with these changes."""
    form = edition_for(register, before).form
    filled = {each.name: before[each.name] for each in form.asked if each.name in before}
    held = {name: answer for name, answer in filled.items() if fits(form.by_name[name], answer)}
    return changed_answers(register, before, held | sent, TODAY)


@pytest.mark.parametrize(
    ("register", "lost"),
    [
        (lambda: changed(school=None), "school"),
        (lambda: changed(school={"retired": True}), "school"),
        (lambda: changed(school={"kind": "date"}), "school"),
        (lambda: changed(school={"kind": "choices", "options": CARED_FOR}), "school"),
        (lambda: changed(school={"show_if": ({"has_phone": ("yes",)},)}), "school"),
        (lambda: changed(school={"unless": ({"cares_for": ("parent",)},)}), "school"),
        (lambda: changed(began={"kind": "choices", "options": CARED_FOR}), "began"),
        (lambda: changed(nearness=None, school=None), "nearness"),
        (lambda: without_option("nearness", "abroad"), "nearness"),
        (lambda: without_option("cares_for", "parent"), "cares_for"),
    ],
)
def test_an_answer_that_the_form_cannot_ask_again_is_carried_over(
    register: Callable[[], Definition], lost: str
) -> None:
    edition = register()

    after = saved(edition, BEFORE, known_as="Jo")

    assert {**BEFORE, "known_as": "Jo"} == after
    assert lost in after
    assert ["known_as"] == [each.name for each in changes_between(edition, BEFORE, after)]


def test_a_page_that_does_not_know_a_question_cannot_take_its_answer_away() -> None:
    edition = changed(school=None)

    for sent in (BEFORE, {name: answer for name, answer in BEFORE.items() if name != "school"}):
        after = changed_answers(edition, BEFORE, {**sent, "known_as": "Jo"}, TODAY)
        assert "Ambridge" == after["school"]


def test_an_answer_that_the_change_itself_hides_is_taken_away() -> None:
    after = saved(carers(), BEFORE, cares_for=("parent",))

    assert "school" not in after
    assert {"cares_for", "school"} == {each.name for each in changes_between(carers(), BEFORE, after)}


def test_a_new_answer_replaces_one_of_another_kind() -> None:
    edition = changed(school={"kind": "date"})

    after = saved(edition, BEFORE, school="2021-01-01")

    assert "2021-01-01" == after["school"]


@pytest.mark.parametrize(
    "register",
    [
        lambda: changed(school={"retired": True}),
        lambda: changed(school={"kind": "date"}),
        lambda: changed(school={"show_if": ({"has_phone": ("yes",)},)}),
    ],
)
def test_an_answer_that_neither_user_could_see_is_no_difference_between_them(
    register: Callable[[], Definition],
) -> None:
    mine = {name: answer for name, answer in BEFORE.items() if name != "school"}

    merged = merged_by(register(), BEFORE, {**BEFORE, "house_name": "Archer"}, {**mine, "known_as": "Jo"})

    assert {"house_name", "known_as"} == {each.name for each in merged.differences}
    assert {**BEFORE, "house_name": "Archer", "known_as": "Jo"} == merged.answers


def test_earlier_answers_are_shown_by_the_label_that_any_edition_has_or_by_their_name() -> None:
    edition = edition_for(changed(school=None), {**BEFORE, "shoe_size": "9", "pets": ("cat", "dog")}, [carers()])

    rows = earlier_rows(edition.form, {**BEFORE, "badge": "B-12", "shoe_size": "9", "pets": ("cat", "dog")})

    assert {
        ("Badge (until 2029)", "B-12"),
        ("School of the child", "Ambridge"),
        ("shoe_size", "9"),
        ("pets", "cat, dog"),
    } == {(row.label, row.text) for row in rows}
    assert {name for name in BEFORE if name != "school"} <= {row.name for row in as_text(edition.form, BEFORE)}


def test_a_record_without_earlier_answers_keeps_the_form_of_its_edition() -> None:
    assert carers() is edition_for(carers(), BEFORE)
    assert [] == earlier_rows(carers().form, BEFORE)


@pytest.mark.parametrize("kind", ["date", "choices", "yes_no", "text", "nhs_number", "select"])
@pytest.mark.parametrize("answer", ["Ambridge", "2021-01-01", "not_known", ("a", "b"), ""])
def test_any_answer_can_be_shown_by_a_question_of_any_kind(kind: str, answer: Answer) -> None:
    edition = edition_for(changed(school={"kind": kind}), {"school": answer})

    assert ["school"] == [row.name for row in as_text(edition.form, {"school": answer})]
    fill_fields(edition.form, {"school": answer})


def test_a_date_of_birth_that_is_no_date_is_not_known() -> None:
    assert person_of(carers(), {**BEFORE, "birthday": "in spring"}).born is None
    assert date(1950, 3, 4) == person_of(carers(), BEFORE).born


@pytest.mark.parametrize(
    "answer", ["", "in spring", "20220617", "2022-02-30", "2022-W05-1", "not_known", (), ("2022-06-17",), ("a", "b")]
)
@pytest.mark.parametrize("register", [carers, dsr, lambda: watch().definition], ids=["carers", "dsr", "watch"])
def test_answers_of_any_shape_can_be_read_whatever_their_questions_are(
    register: Callable[[], Definition], answer: Answer
) -> None:
    """Everything that pages, searches, comparisons and the end of a record take from stored answers."""
    edition = register()
    stored = dict.fromkeys(edition.form.by_name, answer)
    end = end_of(edition, edition.lifecycle.first_state, stored, TODAY, before=stored)

    assert (None, None) == (person_of(edition, stored).born, end.ends_on)
    assert not [each for each in match_keys(edition, stored) if "born" in each.rule]
    assert not list(contradictions(edition.form, stored, edition.words, TODAY))
    assert {} == read_answers(edition.form, stored, edition.words, TODAY, stored).doubts
    assert stored.keys() == {row.name for row in as_text(edition.form, stored)}
    assert stored.keys() == {each.name for each in differences(edition.form, stored, {})}
    for read in (search_text, rating_of, consent_verdict):
        read(edition, stored)
    fill_fields(edition.form, stored)


@pytest.mark.parametrize(
    ("kind", "stored"), [("day", "20220617"), ("day", "in spring"), ("nhs_number", "not yet asked")]
)
def test_a_report_shows_an_answer_of_another_kind_as_it_is_stored(kind: Kind, stored: str) -> None:
    assert stored == WRITERS[kind](stored)


def test_a_body_that_was_one_of_several_choices_is_named_as_it_was() -> None:
    register = watch().definition
    questions = register.scope.by if register.scope else ()

    one = {name: register.form.by_name[name].options[0].code for name in questions}
    several: Answers = {name: (code,) for name, code in one.items()}

    assert bodies_named(register, questions, one) == bodies_named(register, questions, several)


# ------------------------------------------------------------------------------------- retired by a later edition
def _two_editions(**retired: bool) -> Registers:
    """Return the invented register, and a later edition in which these questions are retired."""
    changes: dict[str, dict[str, object] | None] = {name: {"retired": value} for name, value in retired.items()}
    newer = changed(**changes)
    identity = newer.identity.model_copy(update={"edition": "2031"})
    editions = (carers(), newer.model_copy(update={"identity": identity}))
    return Registers([LoadedRegister(each, sha256="") for each in editions])


def asked_in(registers: Registers, edition: str) -> set[str]:
    return {question.name for question in registers.find("carers", edition).form.asked}


def test_a_record_of_an_older_edition_is_not_asked_what_the_newest_retired() -> None:
    registers = _two_editions(school=True, mail=True)

    everything = {question.name for question in carers().form.asked}
    assert everything - {"school", "mail"} == asked_in(registers, "2030") == asked_in(registers, "2031")
    assert [False, True] == [each.definition.form.by_name["school"].retired for each in registers.written()]


def test_its_answer_is_kept_and_shown_as_an_earlier_one() -> None:
    older = _two_editions(school=True).find("carers", "2030")

    kept = changed_answers(older, BEFORE, BEFORE | {"school": "Loxley", "nearness": "walking"}, TODAY)

    assert ("Ambridge", "walking") == (kept["school"], kept["nearness"])
    assert ["Ambridge"] == [row.text for row in earlier_rows(older.form, kept)]


def test_questions_that_depend_on_each_other_are_retired_together() -> None:
    together = _two_editions(has_phone=True, telephone=True)

    assert not {"has_phone", "telephone"} & asked_in(together, "2030")


@pytest.mark.parametrize("name", ["has_phone", "cares_for", "known_as", "stopped"])
def test_what_the_older_edition_relies_on_is_asked_still(name: str) -> None:
    """Check a condition, the floor, the person's name and the date by which a record ends."""
    assert name in asked_in(_two_editions(**{name: True, "mail": True}), "2030")
    assert "mail" not in asked_in(_two_editions(**{name: True, "mail": True}), "2030")
