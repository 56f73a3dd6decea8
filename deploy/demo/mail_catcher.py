"""
Demo mode's mail server: accepts every mail on loopback, forwards none, and writes each to a file for the mail page.
"""

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
    """The caught mails, one file each. Their names sort by time; the newest thousand are kept."""

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
    """The handler that the SMTP server calls for each mail."""

    kept: MailFolder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.kept.keep(list(envelope.rcpt_tos), message)
        return "250 kept"


async def serve(folder: Path, port: int, port_file: Path) -> None:
    """Listen until SIGTERM or SIGINT. Write the port to the file once listening."""
    logging.getLogger("mail").setLevel(logging.CRITICAL + 1)  # its lines contain addresses
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
    """Read the mail folder, the port (0: any free one) and the port file from the environment, then serve."""
    folder, port_file = Path(os.environ["ICS_DEMO_MAIL_DIR"]), Path(os.environ["ICS_PORT_FILE"])
    asyncio.run(serve(folder, int(os.environ.get("ICS_PORT", "0")), port_file))


if __name__ == "__main__":
    main()
