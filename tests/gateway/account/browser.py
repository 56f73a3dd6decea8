"""A browser without scripts: it keeps cookies and sends forms with the CSRF token of the page before."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import Morsel

from aiohttp import ClientResponse
from bs4 import BeautifulSoup

from gateway.security.cookies import ATTEMPT, SESSION
from gateway.security.csrf import mark_of, token_for
from tests.gateway.stand_in_identity import EMAIL, PASSWORD, PIN, StandInIdentity
from tests.gateway.visit import Client, Page, faults


@dataclass
class Browser:
    """
    A browser that checks each page: `see` and `send` check the page for faults.

    `go_on` expects a redirect and returns its target.
    """

    client: Client
    token: str = ""

    async def see(self, path: str, *, status: int = 200) -> Page:
        page = await _look(await self.client.get(path, allow_redirects=False), status)
        tokens = [str(field["value"]) for field in page.named("input") if field.get("name") == "csrf_token"]
        self.token = tokens[0] if tokens else self.token
        return page

    async def send(self, path: str, answers: Mapping[str, str], *, status: int = 422) -> Page:
        return await _look(await self.post(path, answers), status)

    async def look(self, response: ClientResponse, status: int) -> Page:
        """Read a response as a page and check it for faults."""
        return await _look(response, status)

    async def post(
        self, path: str, answers: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> ClientResponse:
        fields = {**(answers or {}), "csrf_token": self.token}
        return await self.client.post(path, data=fields, headers=dict(headers or {}), allow_redirects=False)

    async def go_on(self, path: str, answers: Mapping[str, str] | None = None) -> str:
        response = await self.post(path, answers)
        assert 303 == response.status
        return response.headers["Location"]

    async def sent_to(self, path: str) -> str:
        """GET this page, expect a redirect, and return its target."""
        response = await self.client.get(path, allow_redirects=False)
        assert 303 == response.status
        return response.headers["Location"]

    async def enter_password(self) -> None:
        """Do the first step of a log-in."""
        await self.see("/dsr/login/")
        await self.go_on("/dsr/login/", {"email": EMAIL, "password": PASSWORD})
        await self.see("/dsr/login/pin")

    async def log_in(self) -> str:
        """Do both steps of a log-in and return the address of the page that follows."""
        await self.enter_password()
        return await self.go_on("/dsr/login/pin", {"pin": PIN})

    def come_in(self, identity: StandInIdentity) -> None:
        """Open a session for the stand-in's user without the log-in forms: set its cookie and its CSRF token."""
        session = identity.open_session().session_token
        self.client.session.cookie_jar.update_cookies({SESSION: session}, self.client.make_url("/"))
        self.token = token_for(session, mark_of(identity.user_id))

    def cookie(self, name: str) -> str:
        return next((cookie.value for cookie in self._cookies() if cookie.key == name), "")

    @property
    def has_attempt(self) -> bool:
        return bool(self.cookie(ATTEMPT))

    def _cookies(self) -> list[Morsel[str]]:
        return list(self.client.session.cookie_jar)


async def _look(response: ClientResponse, status: int) -> Page:
    html = await response.text()
    page = Page(response, html, BeautifulSoup(html, "html.parser"))
    assert (status, []) == (response.status, list(faults(page)))
    return page
