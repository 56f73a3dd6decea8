"""Tests of the page that shows the mails of a demonstration."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from gateway.routes import DEMO_PAGES, pages
from gateway.server.settings import GatewaySettings
from tests.gateway.account.browser import Browser

WELCOME = {
    "to": ["ruby.scarlet@mpft.nhs.uk"],
    "subject": "Welcome",
    "text": "Hello Ruby,\n\nyour password is <b>.\nLog in at http://127.0.0.1:8080/dsr/login/",
    "sent_at": "2026-07-01T09:00:00+00:00",
    "message_id": "<1@ics>",
}
PIN = WELCOME | {"subject": "PIN Access Code", "text": "024680", "sent_at": "2026-07-01T09:01:00+00:00"}


def caught(folder: Path, **mails: Mapping[str, object]) -> None:
    for name, mail in mails.items():
        (folder / f"{name}.json").write_text(json.dumps(mail), encoding="utf-8")


async def test_the_newest_mail_stands_first(demonstration: Browser, mail_folder: Path) -> None:
    caught(mail_folder, a1=WELCOME, a2=PIN)

    page = await demonstration.see("/demo/mail")

    assert ["PIN Access Code", "Welcome"] == page.texts("main h2")
    assert "To ruby.scarlet@mpft.nhs.uk, 01/07/2026, 10:00:00" in page.texts("main p")


async def test_a_mail_is_shown_as_text_and_its_address_can_be_followed(
    demonstration: Browser, mail_folder: Path
) -> None:
    caught(mail_folder, a1=WELCOME)

    page = await demonstration.see("/demo/mail")

    assert "your password is <b>." in page.tree.select("main p")[-1].get_text()
    assert ["http://127.0.0.1:8080/dsr/login/"] == [str(link["href"]) for link in page.tree.select("main p a")]


async def test_programs_read_the_same_as_json(demonstration: Browser, mail_folder: Path) -> None:
    caught(mail_folder, a1=WELCOME, a2=PIN)

    response = await demonstration.client.get("/demo/mail.json")

    newest, first = await response.json()
    assert ("PIN Access Code", "no-store") == (newest["subject"], response.headers["Cache-Control"])
    assert {
        "to": "ruby.scarlet@mpft.nhs.uk",
        "subject": "Welcome",
        "text": WELCOME["text"],
        "sent_at": "2026-07-01T09:00:00+00:00",
    } == first


async def test_before_the_first_mail_the_page_says_that_there_is_none(demonstration: Browser) -> None:
    page = await demonstration.see("/demo/mail")

    assert "No email has been sent yet." == page.texts("main p")[-1]


def test_outside_demo_mode_there_is_no_such_page() -> None:
    settings = GatewaySettings(nats_url="nats://127.0.0.1", nats_seed=SecretStr("seed"))
    demonstration = settings.model_copy(update={"demo": True})

    assert set() == set(DEMO_PAGES) & set(pages(settings))
    assert set(DEMO_PAGES) <= set(pages(demonstration))
