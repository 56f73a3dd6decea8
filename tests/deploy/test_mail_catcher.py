"""The mail catcher: it keeps the newest mails as whole files, sends nothing on, and prints no recipient."""

import asyncio
import json
import os
import signal
import smtplib
import sys
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.demo.mail_catcher import NEWEST_KEPT, MailFolder
from deploy.runner.children import PortFile
from deploy.runner.waiting import until

CATCHER = (sys.executable, "-m", "deploy.demo.mail_catcher")


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[tuple[int, Path, asyncio.subprocess.Process]]:
    """A mail catcher as a separate program: its port, its folder and its process."""
    folder, port = tmp_path / "mail", PortFile(tmp_path / "port", 0)
    folder.mkdir()
    environment = {**os.environ, "ICS_DEMO_MAIL_DIR": str(folder), "ICS_PORT_FILE": str(port.file)}
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(*CATCHER, env=environment, stdout=pipe, stderr=pipe)
    assert await until(port.is_written, seconds=20)
    yield port.port(), folder, running
    if running.returncode is None:
        running.kill()
    await running.communicate()


def a_mail(text: str = "Your PIN is 123456.\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "registers@example.org"
    mail["To"] = "ruby.canary@example.org"
    mail["Subject"] = "Your PIN – Ölöv"
    mail["Message-ID"] = "<one@example.org>"
    mail.set_content(text)
    return mail


def send(port: int, mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(mail)


async def test_a_mail_is_kept_with_what_the_mail_page_shows(
    catcher: tuple[int, Path, asyncio.subprocess.Process],
) -> None:
    port, folder, _ = catcher
    await asyncio.to_thread(send, port, a_mail())

    (file,) = folder.iterdir()
    kept = json.loads(file.read_text())
    assert ".json" == file.suffix
    assert {"to", "subject", "text", "sent_at", "message_id"} == kept.keys()
    assert (["ruby.canary@example.org"], "Your PIN – Ölöv") == (kept["to"], kept["subject"])
    assert ("Your PIN is 123456.\n", "<one@example.org>") == (kept["text"], kept["message_id"])


async def test_it_says_nothing_of_whom_a_mail_is_for_and_ends_when_asked(
    catcher: tuple[int, Path, asyncio.subprocess.Process],
) -> None:
    port, _, running = catcher
    await asyncio.to_thread(send, port, a_mail())
    running.send_signal(signal.SIGTERM)
    said, complained = await running.communicate()

    assert (b"", b"") == (said, complained)
    assert 0 == running.returncode


def test_later_mails_sort_after_earlier_ones(tmp_path: Path) -> None:
    kept = MailFolder(tmp_path)
    for number in range(5):
        kept.keep([], a_mail(f"{number}\n"))

    assert ["0\n", "1\n", "2\n", "3\n", "4\n"] == [
        json.loads(file.read_text())["text"] for file in sorted(tmp_path.iterdir())
    ]


def test_the_newest_thousand_are_kept(tmp_path: Path) -> None:
    for number in range(NEWEST_KEPT + 3):
        (tmp_path / f"{number:020}-00000000.json").touch()

    MailFolder(tmp_path).keep([], a_mail())

    left = sorted(tmp_path.iterdir())
    assert NEWEST_KEPT == len(left)
    assert "Your PIN" in left[-1].read_text()
