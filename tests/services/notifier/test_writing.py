"""The words of the mails."""

import re

import pytest

from services.notifier.rules import TEMPLATES, NeverAMail
from services.notifier.writing import TEMPLATES as FOLDER
from services.notifier.writing import Writer, Written, called
from shared.contracts.notifier import Template
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.services.notifier.builders import LINK, VALUES, a_letter

ADMINISTRATOR = "DynamicSupportRegister@mpft.nhs.uk"


@pytest.fixture
def writer(registers: Registers) -> Writer:
    return Writer(registers, "https://registers.example/")


def written(writer: Writer, template: Template) -> Written:
    return writer.letter(a_letter(template))


@pytest.mark.parametrize("template", VALUES)
def test_every_mail_greets_its_reader_names_the_register_and_says_whom_to_ask(
    writer: Writer, template: Template
) -> None:
    mail = written(writer, template)

    assert mail.subject.startswith("Dynamic Support Register: ")
    assert mail.body.startswith("Dear Jayne,\n\n")
    assert "\n\n--\nDynamic Support Register\nThis message was sent automatically" in mail.body
    assert mail.body.endswith(f"replies to it are not read. For help, contact {ADMINISTRATOR}.\n")


@pytest.mark.parametrize("template", VALUES)
def test_no_mail_has_gaps_or_empty_stretches(writer: Writer, template: Template) -> None:
    mail = written(writer, template)

    assert ([], False) == (re.findall(r"[{}%]|None", mail.body), "\n\n\n" in mail.body)


@pytest.mark.requirement("R-DSR-039", "R-S117-001")
def test_the_welcome_holds_the_temporary_password_and_where_to_use_it(writer: Writer) -> None:
    body = written(writer, "welcome").body

    assert "Your temporary password is:\n\n    Kestrel-42-Lantern\n\nIt is valid for 24 hours" in body
    assert LINK in body


@pytest.mark.requirement("R-DSR-040")
def test_the_welcome_recommends_to_change_the_password_at_the_first_log_in(writer: Writer) -> None:
    assert 'We recommend you "Change Password" when you log in for the first time' in written(writer, "welcome").body


def test_each_register_speaks_under_its_own_name(registers: Registers) -> None:
    dsr = registers.find("dsr")
    named = dsr.identity.model_copy(update={"code": "eating", "name": "Eating Disorder Register"})
    writer = Writer(
        Registers([LoadedRegister(dsr.model_copy(update={"identity": named}), "")]), "https://registers.example"
    )

    mail = writer.letter(a_letter("welcome", register_code="eating"))

    assert "Eating Disorder Register: your account" == mail.subject
    assert "You now have an account on the Eating Disorder Register." in mail.body


def test_an_account_that_is_there_already_is_told_to_its_owner_without_a_password(writer: Writer) -> None:
    body = written(writer, "already_registered").body

    assert ("You already have one" in body, LINK in body, "temporary" in body) == (True, True, False)


@pytest.mark.requirement("R-S117-004")
def test_the_pin_access_code_stands_alone_on_its_line_and_not_in_the_subject(writer: Writer) -> None:
    mail = written(writer, "pin")

    assert "Dynamic Support Register: your PIN Access Code" == mail.subject
    assert "Your PIN Access Code is:\n\n    402917\n\n" in mail.body
    assert "It is valid for 30 minutes" in mail.body


@pytest.mark.requirement("R-DSR-063")
def test_the_reminder_holds_a_temporary_password_and_says_that_the_old_one_still_works(writer: Writer) -> None:
    body = written(writer, "reminder").body

    assert "Your temporary password is:\n\n    Kestrel-42-Lantern\n\n" in body
    assert "Until you use it, your old password works where it worked before." in body
    assert "If wrong passwords have closed your account to new browsers, logging in with this password opens it" in body


@pytest.mark.requirement("R-S117-018", "R-S117-020")
def test_who_is_closed_out_by_strangers_is_told_how_to_come_in_alone(writer: Writer) -> None:
    body = written(writer, "locked_to_strangers").body

    assert 'choose "Forgot your password" on this page, and log in with the temporary password' in body
    assert VALUES["locked_to_strangers"]["link"] in body


@pytest.mark.requirement("R-S117-018")
def test_a_locked_account_is_told_who_unlocks_it(writer: Writer) -> None:
    mail = written(writer, "locked")

    assert "Dynamic Support Register: your account has been locked" == mail.subject
    assert f"To have it unlocked, contact {ADMINISTRATOR}." in mail.body


def test_a_changed_password_is_told_with_what_to_do_if_it_was_somebody_else(writer: Writer) -> None:
    assert f"If it was not you, contact {ADMINISTRATOR} at once." in written(writer, "password_changed").body


def test_a_register_that_is_not_known_here_is_spoken_of_in_the_house_s_words(writer: Writer) -> None:
    mail = writer.letter(a_letter("locked", register_code="none"))

    assert "ICS Registers: your account has been locked" == mail.subject
    assert "To have it unlocked, contact help@registers.example." in mail.body


def test_a_mail_with_a_value_missing_is_never_written(writer: Writer) -> None:
    with pytest.raises(NeverAMail) as fault:
        writer.letter(a_letter("pin", values={"first_name": "Jayne", "minutes": "30"}))

    assert "values" == fault.value.reason


@pytest.mark.parametrize("value", ["402917\nBcc: everybody@nhs.uk", "402917\r", "\u202e719204", "4" * 2001])
def test_a_value_is_one_line_of_text(writer: Writer, value: str) -> None:
    with pytest.raises(NeverAMail):
        writer.letter(a_letter("pin", values={"first_name": "Jayne", "minutes": "30", "pin": value}))


@pytest.mark.parametrize("name", ["Go to http://evil.example", "evil.example", "You have won a prize", "", "A" * 41])
def test_a_name_that_may_be_somebody_s_message_is_not_repeated(writer: Writer, name: str) -> None:
    body = writer.letter(a_letter("already_registered", values={"first_name": name, "link": LINK})).body

    assert body.startswith("Hello,\n\n")


@pytest.mark.parametrize("name", ["Zoë", "Mary Jane", "D'Arcy", "Anne-Marie", "J. R.", "Siân", "José María"])
def test_names_of_people_are_greeted(writer: Writer, name: str) -> None:
    body = writer.letter(a_letter("already_registered", values={"first_name": name, "link": LINK})).body

    assert body.startswith(f"Dear {name},\n\n")


def test_every_template_is_in_the_table() -> None:
    assert set(TEMPLATES) == {folder.name for folder in FOLDER.iterdir() if folder.is_dir()}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Dynamic Support Register", "the Dynamic Support Register"),
        ("Fitting Homes List", "the Fitting Homes List"),
        ("Keyworking", "Keyworking"),
        ("LeDeR", "LeDeR"),
        ("The Night Watch Register", "The Night Watch Register"),
        ("ICS Registers", "ICS Registers"),
    ],
)
def test_a_mail_reads_right_with_any_name(name: str, said: str) -> None:
    assert said == called(name)


@pytest.mark.parametrize("template", VALUES)
def test_no_mail_puts_an_article_before_a_name_that_has_none(writer: Writer, template: Template) -> None:
    letter = a_letter(template, values={**VALUES[template], "register_name": "Keyworking"}, register_code="")

    assert "the Keyworking" not in writer.letter(letter).body


def test_a_mail_of_no_register_is_in_the_name_of_the_installation(writer: Writer) -> None:
    letter = a_letter("welcome")
    named = letter.model_copy(
        update={"register_code": "", "values": {**letter.values, "register_name": "Barset Registers"}}
    )

    mail = writer.letter(named)

    assert "Barset Registers: your account" == mail.subject
    assert "You now have an account on Barset Registers." in mail.body
    assert "Dynamic Support Register" not in mail.body
