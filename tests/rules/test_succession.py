"""Tests that a later edition keeps what the records of the one before rely on."""

import pytest

from shared.registers.checks.kept import changed_in_place, kept_of
from shared.registers.checks.succession import check_succession
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition
from tests.rules.typed import carers, dsr
from tests.services.watch import watch


def _next_edition(**changes: dict[str, object] | None) -> Definition:
    """Return the invented register with some questions changed, or removed if the change is None."""

    def changed(question: Question) -> list[Question]:
        change = changes.get(question.name, {})
        return [] if change is None else [question.model_copy(update=change)]

    sections = tuple(
        section.model_copy(update={"questions": tuple(new for old in section.questions for new in changed(old))})
        for section in carers().form.sections
    )
    return carers().model_copy(update={"form": carers().form.model_copy(update={"sections": sections})})


def test_a_later_edition_may_reword_and_retire() -> None:
    later = _next_edition(school={"label": "Which school?"}, mail={"retired": True})

    assert [] == check_succession(carers(), later)


def test_a_later_edition_may_not_lose_a_question_nor_change_its_kind() -> None:
    later = _next_edition(school=None, telephone={"kind": "text"})

    assert [
        "form: telephone was phone and is text: give the new one a new name",
        "form: school is gone: keep it and say retired = true",
    ] == [str(fault) for fault in check_succession(carers(), later)]


def _next_watch(**changes: object) -> Definition:
    """Return the register of watches as a later edition would, with these changes of its one transition."""
    (end,) = watch().definition.lifecycle.transitions
    kept = (end.model_copy(update=changes),) if changes else ()
    life = watch().definition.lifecycle.model_copy(update={"transitions": kept})
    return watch().definition.model_copy(update={"lifecycle": life})


@pytest.mark.parametrize("change", [{"to_state": "owed"}, {"by": "outcome"}, {"question": "watch_began"}])
def test_a_later_edition_may_not_lead_a_record_elsewhere(change: dict[str, object]) -> None:
    assert ["transition end: leads elsewhere, or by other means, than in edition 2032"] == [
        str(each) for each in check_succession(watch().definition, _next_watch(**change))
    ]


def test_a_later_edition_may_not_lose_a_transition_by_which_records_end() -> None:
    assert ["transition end: is gone, and records of edition 2032 end by it"] == [
        str(each) for each in check_succession(watch().definition, _next_watch())
    ]
    assert [] == check_succession(watch().definition, _next_watch(reversible=False))


def test_an_edition_with_records_asks_the_same_bodies_to_decide_and_a_later_one_may_ask_others() -> None:
    other, (end,) = _next_watch(decisions=()), watch().definition.lifecycle.transitions
    same = _next_watch(decisions=end.decisions[::-1])
    before = kept_of(watch().definition)

    assert ["transition end: asks other bodies to decide, and records wait for those before"] == [
        str(each) for each in changed_in_place(before, kept_of(other))
    ]
    assert [] == changed_in_place(before, kept_of(same)) == check_succession(watch().definition, other)
    assert [] == changed_in_place(before.model_copy(update={"decisions": {}}), kept_of(other))


def test_a_later_edition_may_not_name_bodies_of_another_list() -> None:
    older = watch().definition
    questions = [
        (
            section,
            [
                each.model_copy(update={"list_name": "ward"} if each.name == "parish" else {})
                for each in section.questions
            ],
        )
        for section in older.form.sections
    ]
    sections = tuple(section.model_copy(update={"questions": tuple(changed)}) for section, changed in questions)
    newer = older.model_copy(update={"form": older.form.model_copy(update={"sections": sections})})

    assert ["scope: parish named bodies of parish, and of ward now"] == [
        str(each) for each in check_succession(older, newer)
    ]


def test_the_floor_may_only_rise() -> None:
    lower = carers().model_copy(update={"floor": ()})

    assert ["floor: lets go of cares_for, which edition 2030 holds"] == [
        str(f) for f in check_succession(carers(), lower)
    ]
    assert [] == check_succession(lower, carers())


def test_what_an_edition_promises_no_later_one_leaves_out() -> None:
    careless = carers().model_copy(update={"never_without": ()})
    careful = carers().model_copy(update={"never_without": ("crisis",)})

    assert ["never_without: lets go of crisis, which edition 2030 holds"] == [
        str(f) for f in check_succession(careful, careless)
    ]
    assert [] == check_succession(careless, careful)


def test_a_later_edition_may_not_lose_an_option() -> None:
    options = carers().form.by_name["cares_for"].options
    listed = carers().form.by_name["nearness"].options

    told = check_succession(
        carers(), _next_edition(cares_for={"options": options[1:]}, nearness={"options": listed[:1]})
    )

    assert [
        "form, question cares_for: the option parent is gone: keep it and say retired = true",
        *(
            f"form, question nearness: the option {option.code} is gone: keep it and write yes under retired in "
            "lists/nearness.csv"
            for option in listed[1:]
        ),
    ] == [str(each) for each in told]


def test_a_later_edition_keeps_the_questions_and_options_of_the_minutes() -> None:
    def changed(question: Question) -> Question:
        return question.model_copy(update={"kind": "text"} if question.name == "update" else {"options": ()})

    rules = dsr().meetings
    assert rules is not None
    later = dsr().model_copy(update={"meetings": rules.with_questions(changed)})

    told = [str(each) for each in check_succession(dsr(), later)]
    assert "meetings.minutes: update was long_text and is text: give the new one a new name" in told
    assert "meetings.minutes, question decision: the option cetr is gone: keep it and say retired = true" in told
    assert [] == check_succession(dsr(), dsr().model_copy(update={"meetings": None}))


# ------------------------------------------------------------------------------------------------ an edition in use
def test_an_edition_in_use_may_be_reworded_retired_and_reordered() -> None:
    changed = _next_edition(school={"label": "Which school?", "required": True}, mail={"retired": True})
    sections = tuple(reversed(changed.form.sections))
    changed = changed.model_copy(update={"form": changed.form.model_copy(update={"sections": sections})})

    assert [] == changed_in_place(kept_of(carers()), kept_of(changed))


@pytest.mark.parametrize(
    ("update", "told"),
    [
        ({"rating": None}, "rating: risk_level is not the rating any more, and records are rated by it"),
        ({"outcome": None}, "outcome: meeting_outcome is gone: keep it and say retired = true"),
        ({"meetings": None}, "meetings.minutes: decision is gone: keep it and say retired = true"),
        ({"lifecycle": watch().definition.lifecycle}, "lifecycle: the state active is gone, and records are in it"),
        (
            {"lifecycle": watch().definition.lifecycle},
            "transition archive: is gone, and records of this edition end by it",
        ),
    ],
)
def test_an_edition_in_use_may_not_lose_what_its_records_rely_on(update: dict[str, object], told: str) -> None:
    changed = dsr().model_copy(update=update)

    assert told in [str(each) for each in changed_in_place(kept_of(dsr()), kept_of(changed))]


def test_an_edition_in_use_may_not_change_who_sees_its_records() -> None:
    older = watch().definition
    scope = older.scope.model_copy(update={"by": ("parish",)}) if older.scope else None

    assert ["scope: differs from the records: it decides who sees a record"] == [
        str(each) for each in changed_in_place(kept_of(older), kept_of(older.model_copy(update={"scope": scope})))
    ]
