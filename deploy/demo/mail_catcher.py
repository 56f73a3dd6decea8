"""Demo mode's mail server: takes every mail on loopback, sends none on, and writes each as a file for the mail page."""

import asyncio
import email
import email.policy
import json
import logging
import os
import secrets
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.runner.whole_files import write_whole

NEWEST_KEPT = 1000
LARGEST_MAIL = 2_097_152
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class MailFolder:
    """The mails caught, one file each, named so that they sort by time; the newest thousand are kept."""

    folder: Path

    def keep(self, to: list[str], message: EmailMessage) -> None:
        name = f"{time.time_ns():020}-{secrets.token_hex(4)}.json"
        write_whole(self.folder / name, json.dumps(_written(to, message)))
        for old in sorted(self.folder.glob("*.json"))[:-NEWEST_KEPT]:
            old.unlink(missing_ok=True)


def _written(to: list[str], message: EmailMessage) -> dict[str, object]:
    text = message.get_body(("plain", "html"))
    return {
        "to": to,
        "subject": str(message.get("subject", "")),
        "text": text.get_content().replace("\r\n", "\n") if text is not None else "",
        "sent_at": datetime.now(UTC).isoformat(),
        "message_id": str(message.get("message-id", "")),
    }


@dataclass(frozen=True)
class Catcher:
    """What the SMTP server calls when a mail has been handed in."""

    kept: MailFolder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.kept.keep(list(envelope.rcpt_tos), message)
        return "250 kept"


async def serve(folder: Path, port: int, port_file: Path) -> None:
    """Listen until SIGTERM or SIGINT; once it does, the port stands in the file."""
    logging.getLogger("mail").setLevel(logging.CRITICAL + 1)  # its lines hold addresses
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    catcher = Catcher(MailFolder(folder))
    server = await loop.create_server(lambda: _protocol(catcher), LOOPBACK, port)
    write_whole(port_file, str(server.sockets[0].getsockname()[1]))
    await stopping.wait()
    server.close()


def _protocol(catcher: Catcher) -> SMTP:
    return SMTP(catcher, hostname="localhost", ident="mail catcher", data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True)


def main() -> None:
    """Told by its environment: where to write, which port to take (0: a free one), and where to say which it got."""
    folder, port_file = Path(os.environ["ICS_DEMO_MAIL_DIR"]), Path(os.environ["ICS_PORT_FILE"])
    asyncio.run(serve(folder, int(os.environ.get("ICS_PORT", "0")), port_file))


if __name__ == "__main__":
    main()
