"""Demo mode only: the mails that the demonstration sent, as a page and as JSON, newest first."""

import asyncio
from datetime import datetime
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel, Field

from gateway.keys import DEMO_MAIL_DIR
from gateway.ui.render import show
from shared.values import LONDON

NEWEST_SHOWN = 50


class CaughtMail(BaseModel):
    """A mail as the demonstration's mail catcher stored it."""

    to: list[str] = Field(repr=False)
    subject: str = Field(repr=False)
    text: str = Field(repr=False)
    sent_at: datetime

    @property
    def receivers(self) -> str:
        return ", ".join(self.to)

    @property
    def paragraphs(self) -> list[list[str]]:
        """The text as paragraphs, each a list of lines."""
        return [block.splitlines() for block in self.text.strip().split("\n\n")]

    @property
    def sent(self) -> str:
        return f"{self.sent_at.astimezone(LONDON):%d/%m/%Y, %H:%M:%S}"


async def mail_page(request: web.Request) -> web.Response:
    return await show(request, "demo/mail.html", mails=await _read(request, NEWEST_SHOWN))


async def mail_json(request: web.Request) -> web.Response:
    mails = await _read(request)
    return web.json_response(
        [
            {"to": mail.receivers, "subject": mail.subject, "text": mail.text, "sent_at": mail.sent_at.isoformat()}
            for mail in mails
        ]
    )


async def _read(request: web.Request, most: int | None = None) -> list[CaughtMail]:
    folder = request.config_dict[DEMO_MAIL_DIR]
    return await asyncio.to_thread(newest_mails, folder, most) if folder else []


def newest_mails(folder: Path, most: int | None = None) -> list[CaughtMail]:
    """
    Return up to `most` mails, newest first, or all.

    The catcher's file names sort by time. The catcher deletes old files, so a file may vanish while it is read.
    """
    mails = []
    for file in sorted(folder.glob("*.json"), reverse=True)[:most]:
        try:
            mails.append(CaughtMail.model_validate_json(file.read_bytes()))
        except FileNotFoundError:
            continue
    return mails
