"""Tests of the form: it keeps what was typed and the message for each fault."""

from multidict import MultiDict, MultiDictProxy

from gateway.ui.form import Choice, Field, Form, Posted

FIELDS = (
    Field("name", "First Name", missing="Enter the first name"),
    Field("password", "Password", kind="password", missing="Enter the password"),
    Field("born", "Date of birth", kind="date", missing="Enter the date of birth"),
    Field("told", "Who is told", kind="choices", choices=(Choice("team", "Team"), Choice("you", "You"))),
    Field("note", "Notes", kind="long_text"),
)
COMPLETE = {"name": " Ruby ", "password": " a b ", "born-day": "7", "born-month": "feb ", "born-year": "2001"}


def posted(answers: dict[str, str], *more: tuple[str, str]) -> Posted:
    return MultiDictProxy(MultiDict([*answers.items(), *more]))


def test_answers_come_trimmed_but_a_password_as_it_was_typed() -> None:
    answers = Form(FIELDS).read(posted(COMPLETE | {"note": " one\r\ntwo\0 "}))

    assert answers is not None
    assert ("Ruby", " a b ", "7/feb/2001", "one\ntwo") == tuple(
        answers[name] for name in ("name", "password", "born", "note")
    )


def test_each_missing_answer_has_its_own_message_and_none_is_taken() -> None:
    form = Form(FIELDS)

    assert form.read(posted({"name": "  "})) is None
    assert ["Enter the first name", "Enter the password", "Enter the date of birth"] == list(form.errors.values())


def test_the_summary_leads_to_the_questions_in_their_order() -> None:
    form = Form(FIELDS)
    form.wrong("born", "The date of birth must be in the past")
    form.wrong("name", "Enter the first name")

    assert [
        ("name", "Enter the first name"),
        ("born-day", "The date of birth must be in the past"),
    ] == form.summary


def test_a_part_of_a_date_is_not_nothing() -> None:
    answers = Form(FIELDS).read(posted(COMPLETE | {"born-month": "", "born-year": ""}))

    assert answers is not None
    assert "7//" == answers["born"]


def test_a_refusal_of_the_whole_is_said_once_and_marks_its_fields() -> None:
    form = Form(FIELDS)
    form.refuse("The login details are incorrect.", "name", "password")

    assert [("name", "The login details are incorrect.")] == form.summary
    assert ("", True, True, False) == (
        form.error("name"),
        form.is_marked("name"),
        form.is_marked("password"),
        form.is_marked("note"),
    )


def test_several_choices_are_read_together() -> None:
    form = Form(FIELDS)
    form.read(posted(COMPLETE, ("told", "team"), ("told", "you")))

    assert ["team", "you"] == form.chosen("told")


def test_a_form_may_begin_with_what_is_known_but_never_with_a_password() -> None:
    form = Form(FIELDS, {"name": "Ruby", "told": ["team"], "password": "Secret-1"})

    assert ("Ruby", ["team"], "") == (form.value("name"), form.chosen("told"), form.value("password"))


def test_what_is_sent_beside_the_questions_is_not_taken() -> None:
    answers = Form(FIELDS).read(posted(COMPLETE | {"role": "administrator"}))

    assert answers is not None
    assert "role" not in answers
