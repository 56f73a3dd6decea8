"""Write a mail as the bytes that are handed to the mail server."""

import re
from binascii import b2a_qp
from email.policy import SMTP as FOR_SMTP
from email.utils import format_datetime
from functools import lru_cache

from services.notifier.claims import MailInHand
from services.notifier.route import Route

# A value that is written as it is: one line of printable ASCII, neither encoded nor long enough to be folded.
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_ENCODED_WORD = "=?"
_LONGEST_LINE = 78

_ALWAYS = (
    b"Auto-Submitted: auto-generated\r\n"
    b"X-Auto-Response-Suppress: All\r\n"
    b'Content-Type: text/plain; charset="utf-8"\r\n'
    b"Content-Transfer-Encoding: quoted-printable\r\n"
    b"MIME-Version: 1.0\r\n"
    b"\r\n"
)


def write_message(mail: MailInHand, route: Route) -> bytes:
    """
    Return the message, with the same Message-ID at every attempt so that a second copy can be recognised.

    Raise `ValueError` if a header would have a second line.
    """
    headers = (
        _sender_line(route.mail_from),
        header_line("To", mail.recipient),
        header_line("Subject", mail.subject),
        header_line("Date", format_datetime(mail.begun_at)),
        header_line("Message-ID", f"<{mail.mail_id}@{route.mail_host}>"),
    )
    return b"".join((*headers, _ALWAYS, _body(mail.body)))


@lru_cache(maxsize=1)
def _sender_line(mail_from: str) -> bytes:
    return header_line("From", mail_from)


def header_line(name: str, value: str) -> bytes:
    """
    Return the line of a header. Raise `ValueError` if its value has a second line.

    A plain value is written here, because that is far quicker. All others are left to Python's email library,
    which checks, encodes and folds them.
    """
    line = f"{name}: {value}"
    if len(line) <= _LONGEST_LINE and _PLAIN.fullmatch(value) and _ENCODED_WORD not in value:
        return f"{line}\r\n".encode("ascii")
    written: bytes = FOR_SMTP.fold_binary(*FOR_SMTP.header_store_parse(name, value))
    return written


def _body(text: str) -> bytes:
    """Return the text as quoted-printable lines of ASCII."""
    lines = text.encode().splitlines()
    return b2a_qp(b"\r\n".join((*lines, b"")))
