"""Tests of pasted text: what becomes of it is written in pasted.toml, and holds wherever somebody types."""

import tomllib
import types
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Union, cast, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from pydantic import BaseModel, BeforeValidator, TypeAdapter

from gateway.ui.form import Field, Form
from services.identity.rules.passwords import normalised
from services.identity.rules.registration import read_name
from services.referrals.rules.answers import kept_text
from shared.cleaning import clean_line, clean_text, says_something
from shared.contracts import REQUESTS
from shared.contracts.identity import ChangePassword, LogIn
from shared.contracts.referrals.listing import ListRecords
from shared.messages import Refused
from shared.registers.definition.questions import OPTION_KINDS, Kind, QuestionForm
from shared.registers.form.reading import Checked, read_answers
from shared.typed import TypedAnswers, TypedLine, TypedText
from shared.values import Unreadable, ValueFault, read_code
from tests.rules.typed import dsr

TABLE = tomllib.loads(Path(__file__).with_name("pasted.toml").read_text("utf-8"))
CHARACTERS: list[dict[str, str]] = TABLE["character"]
KEPT, CHANGED, NOTHING, VALUES = TABLE["kept"], TABLE["changed"], TABLE["nothing"], TABLE["value"]

# Of every kind of question: an answer, and how it is stored. A new kind needs a row.
SAMPLES: dict[Kind, tuple[str, str]] = {
    "text": ("Percy Plum", "Percy Plum"),
    "long_text": ("Percy Plum", "Percy Plum"),
    "yes_no": ("yes", "yes"),
    "choice": ("one", "one"),
    "choices": ("one", "one"),
    "select": ("one", "one"),
    "date": ("17/06/2022", "2022-06-17"),
    "nhs_number": ("999 000 0018", "9990000018"),
    "postcode": ("ST5 1DS", "ST5 1DS"),
    "email": ("jo@mpft.nhs.uk", "jo@mpft.nhs.uk"),
    "phone": ("01785 000000", "01785 000000"),
}

INVISIBLE = {row["is"] for row in CHARACTERS} | set("\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f")

# Text of requests that programs make: ids, codes and tokens, which no person types.
MADE_BY_PROGRAMS = {
    "LogIn.remember_token",
    "CancelAttempt.attempt_token",
    "CheckGrant.register_code",
    "CheckRecord.edition",
    "DecideEnding.body",
    "FindRecipients.bodies",
    "FindRecipients.register_code",
    "FindSession.register_code",
    "FindSession.session_token",
    "ArchiveRecord.leaving",
    "FinishArchive.leaving",
    "FinishArchive.register_code",
    "HandOver.seen",
    "ListOrganisations.register_code",
    "ListRecords.narrowing.localities",
    "ListRecords.narrowing.ratings",
    "ReviewRecord.rating",
    "LogIn.address",
    "LogIn.device_token",
    "LogIn.register_code",
    "LogOut.session_token",
    "QueueMail.recipient",
    "QueueMail.register_code",
    "QueueMail.values",
    "ReadDashboard.body",
    "ReadOverlays.known",
    "RecordOutcome.answers",
    "RecordOutcome.edition",
    "RecordOutcome.leaving",
    "SaveMinutes.answers",
    "SaveMinutes.edition",
    "SaveSeries.locality",
    "RefuseArchive.register_code",
    "RegisterAccount.address",
    "RegisterAccount.register_code",
    "RemindPassword.address",
    "RemindPassword.register_code",
    "ResendPin.attempt_token",
    "SaveDraft.edition",
    "SaveDraft.typed",
    "StartReport.age",
    "StartReport.bodies",
    "StartReport.options",
    "StartReport.report",
    "SubmitRecord.answers",
    "SubmitRecord.edition",
    "SubmitRecord.sure",
    "UpdateRecord.answers",
    "UpdateRecord.sure",
    "VerifyPin.address",
    "VerifyPin.attempt_token",
    "VerifyPin.browser",
    "VerifyPin.earlier_session",
}
# Passwords are never changed: what is not seen is a part of them.
NEVER_CHANGED = {
    "LogIn.password",
    "ChangePassword.current_password",
    "ChangePassword.new_password",
    "BeginApp.current_password",
    "RemoveApp.current_password",
    "RenewRecoveryCodes.current_password",
}
# Cells of an uploaded file, as the service showed them to the user: their values must still be those of the file.
OF_AN_UPLOADED_FILE = {"MapUpload.columns", "MapUpload.values", "MapUpload.sheet"}


Cleaner = Callable[[object], object]


def said(row: dict[str, str]) -> str:
    return row["said"]


def the_form(kind: Kind, *, required: bool = False) -> QuestionForm:
    """Return a form with one question of this kind."""
    options = [{"code": "yes", "label": "Yes"}, {"code": "one", "label": "One"}] if kind in OPTION_KINDS else []
    question = {"name": "asked", "label": "Asked", "kind": kind, "options": options, "required": required}
    return QuestionForm.model_validate({"heading": "Form", "section": [{"title": "Section", "question": [question]}]})


def read(kind: Kind, typed: str, *, required: bool = False) -> Checked:
    return read_answers(the_form(kind, required=required), {"asked": typed}, dsr().words, date(2022, 7, 14))


def answered(kind: Kind, typed: str) -> object:
    checked = read(kind, typed)
    assert {} == checked.faults
    answer = checked.answers.get("asked", "")
    return answer[0] if isinstance(answer, tuple) else answer


# ------------------------------------------------------------------------------------------------------- the one rule
@pytest.mark.parametrize("row", CHARACTERS, ids=said)
def test_what_cannot_be_seen_is_taken_out_of_text(row: dict[str, str]) -> None:
    pasted = f"Mo{row['is']}re"

    assert f"Mo{row['becomes']}re" == clean_text(pasted)
    assert f"Mo{row['becomes'].replace(chr(10), ' ')}re" == clean_line(pasted)


@pytest.mark.parametrize("row", KEPT, ids=said)
def test_what_a_language_or_an_emoji_needs_stays(row: dict[str, str]) -> None:
    assert (row["text"], row["text"]) == (clean_text(row["text"]), clean_line(row["text"]))


@pytest.mark.parametrize("row", CHANGED, ids=said)
def test_text_is_put_into_one_form(row: dict[str, str]) -> None:
    assert (row["read"], row["read"]) == (clean_text(row["typed"]), clean_line(row["typed"]))


@given(st.text(max_size=60))
def test_cleaned_text_is_clean(text: str) -> None:
    cleaned = clean_text(text)

    assert cleaned == clean_text(cleaned) == unicodedata.normalize("NFC", cleaned)
    assert not any(unicodedata.category(each) in ("Cc", "Co", "Cs", "Zl", "Zp") for each in cleaned.replace("\n", ""))


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S"], max_codepoint=0x2FFF), max_size=40))
def test_nothing_that_is_seen_is_taken_away(text: str) -> None:
    seen = "".join(each for each in text if each not in INVISIBLE)

    assert unicodedata.normalize("NFC", seen) == clean_text(seen)


# ------------------------------------------------------------------------------------------------------------ questions
def test_there_is_a_sample_of_every_kind_of_question() -> None:
    assert set(get_args(Kind)) == set(SAMPLES)


@pytest.mark.parametrize("kind", SAMPLES)
def test_no_question_refuses_what_cannot_be_seen(kind: Kind) -> None:
    typed, stored = SAMPLES[kind]

    for row in CHARACTERS:
        within = f"{typed[:2]}{'' if row['becomes'] else row['is']}{typed[2:]}"
        pasted = (f"{row['is']}{typed}", f"{typed}{row['is']}", within)
        assert {stored} == {answered(kind, each) for each in pasted}, row["said"]


@pytest.mark.parametrize("kind", SAMPLES)
def test_no_question_that_must_be_answered_takes_what_cannot_be_read(kind: Kind) -> None:
    checked = [read(kind, typed, required=True) for typed in NOTHING]

    assert [(("asked",), {})] * len(NOTHING) == [(tuple(each.faults), each.answers) for each in checked]


@pytest.mark.parametrize("kind", ["text", "long_text"])
def test_a_text_that_says_nothing_is_a_missing_answer(kind: Kind) -> None:
    said = [read(kind, typed, required=True).faults for typed in NOTHING]

    assert [{"asked": "Enter an answer: Asked"}] * len(NOTHING) == said


@pytest.mark.parametrize("row", VALUES, ids=lambda row: ascii(row["typed"]))
def test_pasted_values_are_understood(row: dict[str, str]) -> None:
    kind = next(each for each in SAMPLES if each == row["kind"])
    checked = read(kind, row["typed"])

    if "fault" in row:
        expected = dsr().words.group("faults")[ValueFault(row["fault"])].format(label="Asked")
        assert {"asked": expected} == checked.faults
    else:
        assert {"asked": row["read"]} == checked.answers


def test_a_text_that_only_looked_the_same_is_no_change() -> None:
    before = {"asked": "Per\u200bcy\tPlum"}

    kept, changed = (
        read_answers(the_form("text"), {"asked": typed}, dsr().words, date(2022, 7, 14), before).answers["asked"]
        for typed in ("Per\u200bcy\tPlum", "Percy Plumb")
    )

    assert ("Per\u200bcy\tPlum", "Percy Plumb") == (kept, changed)


# ------------------------------------------------------------------------------------------------------------- requests
@dataclass(frozen=True)
class Text:
    """A text in a request: where it stands, what cleans it, and whether it is held to a pattern."""

    place: str
    cleaners: tuple[Cleaner, ...]
    patterned: bool

    def read(self, typed: str) -> object:
        read: object = typed
        for clean in self.cleaners:
            read = clean(read)
        return read


def texts_of(place: str, annotation: object, metadata: tuple[object, ...] = ()) -> Iterator[Text]:
    """Walk a type down to the texts in it."""
    inner = get_args(annotation)
    if own := getattr(annotation, "__metadata__", ()):
        yield from texts_of(place, inner[0], (*own, *metadata))
    elif annotation is str:
        cleaners = [cast(Cleaner, each.func) for each in metadata if isinstance(each, BeforeValidator)]
        yield Text(place, tuple(cleaners), any(has_pattern(each) for each in metadata))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from texts_in(annotation, place)
    elif get_origin(annotation) in (Union, types.UnionType, tuple, list, dict, frozenset):
        for each in inner:
            yield from texts_of(place, each)


def has_pattern(metadata: object) -> bool:
    return any(getattr(each, "pattern", None) for each in (metadata, *getattr(metadata, "metadata", ())))


def texts_in(model: type[BaseModel], place: str) -> Iterator[Text]:
    for name, field in model.model_fields.items():
        yield from texts_of(f"{place}.{name}", field.annotation, tuple(field.metadata))


TEXTS = [text for request in REQUESTS for text in texts_in(request, request.__name__)]
TYPED = [each for each in TEXTS if each.cleaners]


def test_every_text_of_every_request_is_cleaned_or_was_never_typed() -> None:
    """Check that a new field cannot be forgotten: give it a type of shared/typed.py, or say here who makes it."""
    open_ones = {each.place for each in TEXTS if not (each.cleaners or each.patterned)}

    known = MADE_BY_PROGRAMS | NEVER_CHANGED | OF_AN_UPLOADED_FILE
    assert set() == open_ones - known
    assert set() == known - {each.place for each in TEXTS if not each.cleaners}


def test_the_texts_that_people_type_are_found() -> None:
    found = {each.place for each in TYPED}

    assert found > {
        "AddNote.text",
        "AddUser.last_name",
        "AskReversal.reason",
        "DecideEnding.reason",
        "ListColleagues.search",
        "ListRecords.search",
        "ListUsers.search",
        "LogIn.email",
        "PublishOverlay.overlay.options.label",
        "RecordOutcome.answers",
        "RecordOutcome.leaving",
        "RegisterAccount.first_name",
        "SaveDraft.typed",
        "SubmitRecord.answers",
        "UpdateRecord.answers",
        "VerifyPin.pin",
    }


@pytest.mark.parametrize("text", TYPED, ids=lambda text: text.place)
def test_every_typed_text_of_a_request_is_cleaned_as_the_table_says(text: Text) -> None:
    for row in CHARACTERS:
        assert text.read(f"Mo{row['is']}re") in (
            f"Mo{row['becomes']}re",
            f"Mo{row['becomes'].replace(chr(10), ' ')}re",
        ), row["said"]


def test_the_answers_of_a_form_are_cleaned_in_every_place() -> None:
    adapter: TypeAdapter[dict[str, str | tuple[str, ...]]] = TypeAdapter(TypedAnswers)

    assert {"a": "one", "b": ("two",)} == adapter.validate_json('{"a": "o\\u200bne", "b": ["t\\u200bwo"]}')


def test_the_length_of_a_text_is_that_of_what_is_seen() -> None:
    assert "x" * 100 == ListRecords(search="\u200b" * 500 + "x" * 100).search


# --------------------------------------------------------------------------------------------- names, notes and log-in
@pytest.mark.parametrize("row", CHARACTERS, ids=said)
def test_a_name_of_a_user_is_not_refused_for_what_cannot_be_seen(row: dict[str, str]) -> None:
    assert {"Ada Birch"} == {read_name(each) for each in (f"{row['is']}Ada Birch", f"Ada Birch{row['is']}")}
    assert read_name(f"Ada{row['is']}Birch") == ("Ada Birch" if row["becomes"] else "AdaBirch")


@pytest.mark.parametrize("typed", NOTHING, ids=ascii)
def test_nobody_has_a_name_that_cannot_be_read(typed: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_name(typed)

    assert ValueFault.REQUIRED == refused.value.wrong


@pytest.mark.parametrize(
    "name",
    ["Nur\u200c\u0627\u0646", "\u0939\u093f\u0928\u094d\u0926\u0940", "O\u2019Brien", "Smith\u2013Jones", "O`Neil"],
)
def test_names_of_other_scripts_and_of_word_processors_are_taken(name: str) -> None:
    assert clean_line(name) == read_name(name)


@pytest.mark.parametrize("typed", NOTHING, ids=ascii)
def test_a_note_or_a_reason_says_something(typed: str) -> None:
    with pytest.raises(Refused, match="empty"):
        kept_text(typed)


@pytest.mark.parametrize(
    "typed", ["123456", " 123 456 ", "123-456", "\u200b123\u00a0456\u200b", "\uff11\uff12\uff13456"]
)
def test_a_pasted_code_is_understood(typed: str) -> None:
    assert "123456" == read_code(typed)


def test_passwords_are_never_changed() -> None:
    password = " p\u00e9\u200b\u00a0w\u00ad "

    log_in = LogIn(register_code="dsr", email="\u200bjo@nhs.net ", password=password, address="::1")
    change = ChangePassword(current_password=password, new_password=password)

    assert ("jo@nhs.net", password) == (log_in.email, log_in.password)
    assert (password, password) == (change.current_password, change.new_password)
    assert normalised(password) == normalised(unicodedata.normalize("NFD", password))


def test_a_form_of_the_gateway_cleans_all_but_passwords() -> None:
    form = Form(
        [Field("email", "E-mail", "email"), Field("text", "Text", "long_text"), Field("word", "Word", "password")]
    )
    sent: MultiDict[str] = MultiDict(email="\u200bjo@nhs.net\t", text="one\x0btwo\u2060", word="a\u200b b ")

    assert {"email": "jo@nhs.net", "text": "one\ntwo", "word": "a\u200b b "} == form.read(sent)


@pytest.mark.parametrize("typed", NOTHING, ids=ascii)
def test_a_form_of_the_gateway_asks_again_for_what_cannot_be_read(typed: str) -> None:
    form = Form([Field("name", "Name", missing="Enter a name")])

    assert (None, "Enter a name") == (form.read(MultiDict(name=typed)), form.error("name"))


@given(st.text(max_size=20))
def test_a_text_says_something_if_a_letter_or_digit_is_left(text: str) -> None:
    assert any(each.isalnum() for each in clean_line(text)) == says_something(clean_line(text))


def test_the_types_of_typed_text_are_two() -> None:
    lines, texts = TypeAdapter(TypedLine), TypeAdapter(TypedText)

    assert ("a b", "a\nb ") == (lines.validate_python("a\nb "), texts.validate_python("a\nb "))
