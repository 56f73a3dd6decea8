"""What is sent over SMTP, and that it is never sent unencrypted by mistake."""

import re
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
from pydantic import ValidationError

from services.notifier.claims import MailInHand
from services.notifier.message import write_message
from services.notifier.route import Route
from services.notifier.rules import NeverAMail, recipient_of
from services.notifier.smtp import MailConnection
from tests.services.notifier.builders import MOMENT, RECIPIENT, a_letter, new_id, settings
from tests.services.notifier.rig import Rig
from tests.services.notifier.scripted_server import ScriptedServer, Taken

MAIL_ID = new_id()


def in_hand(**changed: str) -> MailInHand:
    text = {
        "recipient": RECIPIENT,
        "subject": "Your PIN Access Code",
        "body": "Your code is:\n\n    402917\n",
    } | changed
    return MailInHand(
        mail_id=MAIL_ID,
        register_code="dsr",
        template="pin",
        attempts=1,
        begun_at=MOMENT,
        age=timedelta(0),
        due_at=MOMENT,
        expires_in=None,
        **text,
    )


async def taken(server: ScriptedServer, mail: MailInHand) -> Taken:
    connection = MailConnection(Route.of(settings(smtp_host="127.0.0.1", smtp_port=server.port)))
    answer = await connection.hand_over(mail)
    await connection.end()
    assert ("mail", "250") == (answer.stage, answer.code)
    return server.taken[0]


async def test_a_mail_says_who_sent_it_to_whom_when_and_that_no_person_did(mail_server: ScriptedServer) -> None:
    message = (await taken(mail_server, in_hand())).message

    expected = {
        "From": "ICS Registers <no-reply@registers.example>",
        "To": RECIPIENT,
        "Subject": "Your PIN Access Code",
        "Date": "Sat, 21 Nov 2026 09:30:00 +0000",
        "Message-ID": f"<{MAIL_ID}@registers.example>",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
    }
    assert expected == {name: str(message[name]) for name in expected}


async def test_letters_beyond_ascii_and_lone_dots_arrive_as_they_were_written(mail_server: ScriptedServer) -> None:
    body = "Dear Siân,\n\n.\n..\nŁódź – “quoted” = 100%\n"

    mail = await taken(mail_server, in_hand(body=body, subject="Siân’s account"))

    assert (body, "Siân’s account") == (mail.text.replace("\r\n", "\n"), str(mail.message["Subject"]))
    assert mail.raw.isascii()


async def test_the_envelope_holds_the_sender_and_the_one_recipient(mail_server: ScriptedServer) -> None:
    mail = await taken(mail_server, in_hand())

    assert ("no-reply@registers.example", (RECIPIENT,)) == (mail.sender, mail.recipients)


@pytest.mark.parametrize(
    "address",
    [
        "a@nhs.net\r\nBcc: b@nhs.net",
        "a@nhs.net\nRCPT TO:<b@nhs.net>",
        "a@nhs.net, b@nhs.net",
        "<a@nhs.net> b@nhs.net",
        '"a@nhs.net b"@nhs.net',
        "a@b@nhs.net",
        "nobody",
        "",
    ],
)
def test_a_recipient_is_one_address_and_nothing_else(address: str) -> None:
    with pytest.raises(NeverAMail) as fault:
        recipient_of(address)

    assert "recipient" == fault.value.reason


@pytest.mark.parametrize("field", ["subject", "recipient"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028"])
def test_a_second_line_in_a_header_is_refused_even_if_it_came_so_far(field: str, end: str) -> None:
    route = Route.of(settings())

    with pytest.raises(ValueError, match="linefeed or carriage return"):
        write_message(in_hand(**{field: f"a@nhs.uk{end}Bcc: everybody@nhs.uk"}), route)


async def test_mail_stays_here_when_encryption_was_taken_out_of_the_way(rig: Rig) -> None:
    strict = settings(smtp_host="127.0.0.1", smtp_port=rig.mail_server.port, smtp_security="starttls")
    mail_id = await rig.queue(a_letter())

    await replace(rig, settings=strict).send_due()

    assert ([], "queued") == (rig.mail_server.taken, await rig.state(mail_id))


@pytest.mark.parametrize(("host", "security"), [("127.0.0.1", "plain"), ("::1", "plain"), ("mail.nhs.uk", "starttls")])
def test_only_loopback_is_spoken_to_in_clear_by_default(host: str, security: str) -> None:
    assert security == settings(smtp_host=host).security


@pytest.mark.parametrize(
    "changed",
    [
        {"smtp_host": "mail.nhs.uk", "smtp_security": "plain"},
        {"smtp_host": "10.1.2.3", "smtp_security": "plain"},
        {"smtp_host": "mail.nhs.uk", "smtp_security": "plain", "smtp_allow_plain": True, "smtp_password": "opensesame"},
        {"mail_from": "ICS Registers"},
        {"mail_from": "a@nhs.uk\r\nBcc: b@nhs.uk"},
    ],
)
def test_settings_that_would_send_in_clear_or_from_nobody_stop_the_start(changed: dict[str, str | bool]) -> None:
    with pytest.raises(ValidationError) as wrong:
        settings(**changed)

    assert "opensesame" not in str(wrong.value)


def test_mail_in_clear_can_be_allowed_knowingly() -> None:
    assert "plain" == settings(smtp_host="mail.nhs.uk", smtp_security="plain", smtp_allow_plain=True).security


def by_the_library(mail: MailInHand, route: Route) -> bytes:
    """Return the message as Python's e-mail library writes it."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = route.mail_from
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.begun_at)
    message["Message-ID"] = f"<{mail.mail_id}@{route.mail_host}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


LONG = "Dynamic Support Register: " + "a subject that is longer than one line of a mail " * 3


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"subject": "Siân’s account"},
        {"subject": LONG},
        {"subject": "=?utf-8?q?not?= an encoded word"},
        {"subject": 'New referral: DSR-7KQ2 (10%), <urgent>; "now"'},
        {"recipient": f"{'a' * 60}@{'b' * 60}.nhs.uk"},
        {"recipient": "o'neil+dsr_{x}@mpft.nhs.uk"},
    ],
    ids=["plain", "not ASCII", "long", "like an encoded word", "with marks", "long address", "odd address"],
)
def test_the_message_is_the_one_that_the_e_mail_library_writes(changed: dict[str, str]) -> None:
    mail, route = in_hand(**changed), Route.of(settings())

    assert by_the_library(mail, route) == write_message(mail, route)


def test_every_line_of_a_message_is_ended_for_smtp() -> None:
    message = write_message(in_hand(body="one\ntwo\r\nthree\rfour"), Route.of(settings()))

    assert [] == re.findall(rb"(?<!\r)\n|\r(?!\n)", message)
    assert message.endswith(b"\r\n\r\none\r\ntwo\r\nthree\r\nfour\r\n")
