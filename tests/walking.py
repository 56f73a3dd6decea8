"""Walks through the product over HTTP as a browser without scripts does: reads pages, fills in and sends forms."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property

from aiohttp import ClientSession, ClientTimeout, CookieJar, FormData
from bs4 import BeautifulSoup, Tag
from yarl import URL

from deploy.demo.people import DEMO_PASSWORD

Fields = dict[str, str | Sequence[str]]
ReadMail = Callable[[str], Awaitable[list[str]]]

MAIL_SECONDS = 20
ANSWER_SECONDS = 30
TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64,})"')
PIN = re.compile(r"PIN Access Code is:\s+(\d{6})\s")
TEMPORARY_PASSWORD = re.compile(r"temporary password is:\s+(\S+)\s")
CONTROLS = "input[name], select[name], textarea[name]"
FROM_OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}  # as browsers send it
NOT_SENT = {"submit", "button", "reset", "file", "image"}


@dataclass(frozen=True)
class Sheet:
    """A response. `leads_to` is the target of a redirect, and empty if the response is a page."""

    path: str
    status: int
    leads_to: str
    html: str

    @cached_property
    def tree(self) -> BeautifulSoup:
        return BeautifulSoup(self.html, "html.parser")

    @property
    def heading(self) -> str:
        return _words(self.tree.select_one("h1"))

    @property
    def notice(self) -> str:
        """The text of the banner that reports the last action."""
        return _words(self.tree.select_one(".nhsuk-notification-banner__content"))

    @property
    def text(self) -> str:
        """The text of the page's main part."""
        return _words(self.tree.select_one("main"))

    @property
    def problems(self) -> list[str]:
        """The lines of the error summary."""
        return [_words(line) for line in self.tree.select(".nhsuk-error-summary__list li")]

    def fields(self, among: str) -> Fields:
        """Return the fields of the form that has a field of this name, as a browser would send them unchanged."""
        form = self.tree.select_one(f'form:has([name="{among}"])')
        assert form is not None, f"{self.path} has no form with {among}: {self.status} {self.heading}"
        return self._filled(form)

    def sending(self, button: str) -> tuple[str, Fields]:
        """Return the address and the fields that the button with this text sends while the form is unchanged."""
        pressed = self._named("button", button)
        form = self.tree.find(id=pressed["form"]) if pressed.has_attr("form") else pressed.find_parent("form")
        assert isinstance(form, Tag)
        own = {str(pressed["name"]): str(pressed.get("value", ""))} if pressed.has_attr("name") else {}
        return str(pressed.get("formaction") or form.get("action") or self.path), self._filled(form) | own

    def link(self, words: str) -> str:
        """Return the address of the link with this text."""
        return str(self._named("a[href]", words)["href"])

    def _named(self, selector: str, words: str) -> Tag:
        """Return the first element with exactly this text, or else the first whose text contains it."""
        known = [(_words(each), each) for each in self.tree.select(selector)]
        found = [each for said, each in known if said == words] or [each for said, each in known if words in said]
        assert found, f"{self.path} has no {selector} {words}: {self.status} {self.heading}"
        return found[0]

    def _filled(self, form: Tag) -> Fields:
        filled: dict[str, list[str]] = {}
        for each in (*form.select(CONTROLS), *self.tree.select(_belonging_to(form))):
            filled.setdefault(str(each["name"]), []).extend(_sent_by(each))
        return {name: values for name, values in filled.items() if values}


def _belonging_to(form: Tag) -> str:
    """Return a selector for the controls outside a form that name it in their `form` attribute."""
    named = f'[form="{form.get("id", "")}"]'
    return ", ".join(f"{each.strip()}{named}" for each in CONTROLS.split(","))


def _words(tag: Tag | None) -> str:
    return " ".join(tag.get_text().split()) if tag else ""


def _sent_by(control: Tag) -> list[str]:
    """Return the values that one control of a form sends."""
    if control.name == "textarea":
        return [control.get_text().removeprefix("\n")]
    if control.name == "select":
        chosen = control.select("option[selected]") or control.select("option")[:1]
        return [str(option.get("value", "")) for option in chosen]
    kind = control.get("type", "text")
    if kind in NOT_SENT or (kind in ("checkbox", "radio") and not control.has_attr("checked")):
        return []
    return [str(control.get("value", ""))]


@dataclass
class Walker:
    """
    One browser: its cookies, the CSRF token of the last form that it saw, and the requests that it made.

    `read_mail` returns the texts of the mails to an address, for a product without the demo's mail page.
    """

    base_url: str
    session: ClientSession
    register: str = "dsr"
    read_mail: ReadMail | None = None
    token: str = ""
    been: list[tuple[str, str, str]] = field(default_factory=list)

    # ------------------------------------------------------------------------------------------------- pages, forms
    async def get(self, path: str) -> Sheet:
        return await self._go("GET", path, None)

    async def post(self, path: str, fields: Mapping[str, str | Sequence[str]]) -> Sheet:
        """Send a form with the CSRF token of the last page that had a form."""
        form = FormData({"csrf_token": self.token}, charset="utf-8")
        for name, values in fields.items():
            for value in [values] if isinstance(values, str) else values:
                if name != "csrf_token":
                    form.add_field(name, value)
        return await self._go("POST", path, form)

    async def upload(self, path: str, fields: Mapping[str, str | Sequence[str]], name: str, content: bytes) -> Sheet:
        """Send a form with a file."""
        form = FormData({"csrf_token": self.token}, charset="utf-8", quote_fields=False, default_to_multipart=True)
        for field_name, value in fields.items():
            if field_name != "csrf_token":
                form.add_field(field_name, "".join(value))
        form.add_field("file", content, filename=name)
        return await self._go("POST", path, form)

    async def see(self, path: str) -> Sheet:
        """GET a page and expect status 200."""
        return _expected(await self.get(path), 200)

    async def go_on(self, path: str, fields: Mapping[str, str | Sequence[str]]) -> str:
        """Send a form, expect it to be accepted, and return the address of the redirect."""
        return _expected(await self.post(path, fields), 303).leads_to

    async def see_after(self, path: str, fields: Mapping[str, str | Sequence[str]]) -> Sheet:
        """Send a form, expect it to be accepted, and return the page that it leads to."""
        return await self.see(await self.go_on(path, fields))

    async def press(self, sheet: Sheet, button: str, typed: Mapping[str, str | Sequence[str]] | None = None) -> Sheet:
        """Fill in a button's form, press the button, and return the page that follows."""
        action, fields = sheet.sending(button)
        self.token = "".join(fields.get("csrf_token", ""))
        answer = await self.post(action.partition("#")[0], {**fields, **(typed or {})})
        return await self.see(answer.leads_to) if answer.leads_to else answer

    async def follow(self, sheet: Sheet, words: str) -> Sheet:
        """Return the page that the link with this text leads to."""
        return await self.see(sheet.link(words))

    async def _go(self, method: str, path: str, form: FormData | None) -> Sheet:
        headers = FROM_OUR_PAGE if method == "POST" else None
        async with self.session.request(
            method, self._address(path), data=form, headers=headers, allow_redirects=False
        ) as answer:
            html = await answer.text()
            leads_to = answer.headers.get("Location", "")
        self.been.append((method, path, leads_to))
        if found := TOKEN.search(html):
            self.token = found[1]
        return Sheet(path, answer.status, leads_to, html)

    async def download(self, path: str) -> bytes:
        """Download a file and expect status 200."""
        async with self.session.get(self._address(path)) as answer:
            self.been.append(("GET", path, ""))
            assert 200 == answer.status, f"{path}: {answer.status}"
            return await answer.read()

    def _address(self, path: str) -> URL:
        return URL(self.base_url + path, encoded=True)

    def at(self, path: str) -> str:
        """Return an address within the register."""
        return f"/{self.register}/{path}"

    # ------------------------------------------------------------------------------------------------------ logging in
    async def mails(self, to: str) -> list[str]:
        """Return the texts of the mails to this address, newest first."""
        if self.read_mail is not None:
            return await self.read_mail(to)
        async with self.session.get(f"{self.base_url}/demo/mail.json") as answer:
            return [each["text"] for each in await answer.json() if to in each["to"]]

    async def mail_after(self, earlier: int, to: str) -> str:
        """Wait until this address has more than `earlier` mails, and return the newest."""
        async with asyncio.timeout(MAIL_SECONDS):
            while len(found := await self.mails(to)) <= earlier:  # noqa: ASYNC110 - mail sets no event
                await asyncio.sleep(0.05)
        return found[0]

    async def register_account(self, first_name: str, last_name: str, email: str) -> str:
        """Register an account and return the temporary password that is mailed."""
        earlier = len(await self.mails(email))
        await self.see(self.at("login/register/"))
        names = {"first_name": first_name, "last_name": last_name, "email": email}
        await self.see(await self.go_on(self.at("login/register/"), names))
        return _found(TEMPORARY_PASSWORD, await self.mail_after(earlier, email))

    async def log_in(self, email: str, password: str = DEMO_PASSWORD) -> str:
        """
        Log in with password and PIN, and return the address of the next page.

        Run one log-in per address at a time: the PIN is taken from the newest mail.
        """
        await self.see(self.at("login/"))
        earlier = len(await self.mails(email))
        await self.see(await self.go_on(self.at("login/"), {"email": email, "password": password}))
        pin = _found(PIN, await self.mail_after(earlier, email))
        leads_to = await self.go_on(self.at("login/pin"), {"pin": pin})
        await self.see(leads_to)
        return leads_to

    async def change_password(self, current: str, new: str) -> None:
        await self.see(self.at("account/password"))
        changed = {"current": current, "new": new, "confirm": new}
        await self.see(await self.go_on(self.at("account/password"), changed))

    async def log_out(self) -> None:
        await self.go_on(self.at("logout"), {})

    # --------------------------------------------------------------------------------------------------------- records
    async def new_form(self) -> Fields:
        """Return the fields of an empty form for a new record, including its command id."""
        return (await self.see(self.at("records/new?start"))).fields("command")

    async def submit(self, fields: Mapping[str, str | Sequence[str]]) -> str:
        """Add a record and return the id in its address."""
        return record_in(await self.go_on(self.at("records/new"), fields))

    async def list_records(self) -> Sheet:
        return await self.see(self.at("records/"))

    async def search(self, words: str, page: int = 1, length: int = 10) -> Sheet:
        wanted = {"search": words, "page": str(page), "length": str(length)}
        return _expected(await self.post(self.at("records/"), wanted), 200)

    async def open(self, record: str) -> Sheet:
        return await self.see(self.at(f"records/{record}/"))

    async def open_form(self, record: str) -> Sheet:
        return await self.see(self.at(f"records/{record}/change/"))

    async def update(self, record: str, fields: Mapping[str, str | Sequence[str]]) -> Sheet:
        """Send the record's form. The status is 303 when it is saved, and 409 when another user saved first."""
        return await self.post(self.at(f"records/{record}/"), fields)

    async def add_note(self, record: str, text: str) -> None:
        form = (await self.open(record)).fields("note_command")
        await self.go_on(self.at(f"records/{record}/notes/"), form | {"text": text})


def record_in(address: str) -> str:
    """Return the record's id, 32 hex digits, from the address of one of its pages."""
    found = re.search(r"/records/([0-9a-f]{32})/", address)
    assert found is not None, "the address of no record"
    return found[1]


def a_referral(**changes: str) -> dict[str, str]:
    """Return the least that must be typed into the DSR's form, with these changes."""
    typed = {
        "capacity_to_consent": "yes",
        "consent_given": "yes",
        "first_name": "Percy",
        "last_name": "Plum",
        "date_of_birth-day": "7",
        "date_of_birth-month": "2",
        "date_of_birth-year": "2001",
        "learning_disability_or_autism": "autism",
        "ethnicity": "A",
        "locality": "south_staffordshire",
        "lead_professional": "Jenny Harris",
        "risk_level": "green",
    }
    return typed | changes


def _expected(sheet: Sheet, status: int) -> Sheet:
    assert status == sheet.status, f"{sheet.path}: {sheet.status} {sheet.leads_to} {sheet.heading} {sheet.problems}"
    return sheet


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match is not None, "not the mail that was waited for"
    return match[1]


@asynccontextmanager
async def walker(base_url: str, register: str = "dsr", read_mail: ReadMail | None = None) -> AsyncIterator[Walker]:
    """Open a browser without any cookies. The product's address counts as secure, so `Secure` cookies are kept."""
    jar = CookieJar(unsafe=True, treat_as_secure_origin=URL(base_url))
    async with ClientSession(cookie_jar=jar, timeout=ClientTimeout(total=ANSWER_SECONDS)) as session:
        yield Walker(base_url, session, register, read_mail)
