"""Steps of logging in, for every journey that begins with a log-in."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from playwright.async_api import Page
from yarl import URL

from deploy.demo.people import DEMO_PASSWORD
from gateway.security.cookies import SESSION
from tests.journeys.product import Mail, Product
from tests.journeys.sharing import locked
from tests.walking import PIN, TEMPORARY_PASSWORD, Walker, walker

PIN_MAIL, PASSWORD_MAIL = "PIN Access Code is:", "temporary password is:"


async def be_logged_in(page: Page, stack: Product, email: str, register: str = "dsr") -> None:
    """Open Home as one of the demo's people, in the session that all tests of the run share."""
    await bring_session(page, stack, await session_of(stack, email, register))
    await page.goto(f"{stack.base_url}/{register}/home/")


async def session_of(stack: Product, email: str, register: str = "dsr") -> str:
    """Return the session cookie of one of the demo's people. The first test of the run that asks logs in."""
    kept = stack.beside(f"{email}.session")
    async with locked(stack.beside(f"{email}.session.lock")):
        if not kept.exists():
            kept.write_text(await new_session(stack, email, register), encoding="ascii")
    return kept.read_text(encoding="ascii")


async def new_session(stack: Product, email: str, register: str = "dsr") -> str:
    """Return the cookie of a session that no other test uses, so that the test may end it."""
    async with _log_in_of(stack, email), walker(stack.base_url, register, stack.texts) as hand:
        await hand.log_in(email)
        return hand.session.cookie_jar.filter_cookies(URL(stack.base_url))[SESSION].value


def _log_in_of(stack: Product, email: str) -> AbstractAsyncContextManager[None]:
    """Allow one log-in per address at a time in the whole run, because the PIN is taken from the newest mail."""
    return locked(stack.beside(f"{email}.login.lock"))


@asynccontextmanager
async def hand_of(stack: Product, session: str, register: str = "dsr") -> AsyncIterator[Walker]:
    """Open a browser without scripts in this session."""
    async with walker(stack.base_url, register, stack.texts) as hand:
        hand.session.cookie_jar.update_cookies({SESSION: session}, URL(stack.base_url))
        yield hand


@asynccontextmanager
async def logged_in(stack: Product, email: str, register: str = "dsr") -> AsyncIterator[Walker]:
    """Open a browser without scripts in the session that all tests of the run share."""
    async with hand_of(stack, await session_of(stack, email, register), register) as hand:
        yield hand


async def session_in(page: Page) -> str:
    """Return the session cookie of the window."""
    cookies = await page.context.cookies()
    return next(cookie.get("value", "") for cookie in cookies if cookie.get("name") == SESSION)


async def bring_session(page: Page, stack: Product, session: str) -> None:
    """Set the cookie of this session in the window."""
    secure_url = stack.base_url.replace("http:", "https:")  # browsers accept a cookie with this name from https only
    await page.context.add_cookies([{"name": SESSION, "value": session, "url": secure_url, "secure": True}])


async def log_in(page: Page, stack: Product, email: str, password: str = DEMO_PASSWORD, register: str = "dsr") -> None:
    """Do both steps on the log-in page, and wait for Home or the page that was open when the last session ended."""
    async with _log_in_of(stack, email):
        await page.goto(f"{stack.base_url}/{register}/login/")
        await enter_pin(page, await enter_password(page, stack, email, password))
        await page.wait_for_url(lambda url: "/login/" not in url)


async def enter_password(page: Page, stack: Product, email: str, password: str) -> str:
    """Do the first step on the log-in page, and return the PIN that is mailed."""
    earlier = len(await stack.mail(email, PIN_MAIL))
    await page.get_by_label("Email Address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Log In").click()
    return pin_in(await stack.mail_after(earlier, email, PIN_MAIL))


async def enter_pin(page: Page, pin: str) -> None:
    await page.get_by_label("Verification code").fill(pin)
    await page.get_by_role("button", name="Verify").click()


def pin_in(mail: Mail) -> str:
    return _found(PIN, mail)


def temporary_password_in(mail: Mail) -> str:
    return _found(TEMPORARY_PASSWORD, mail)


def _found(pattern: re.Pattern[str], mail: Mail) -> str:
    match = pattern.search(mail.text)
    assert match is not None, mail.subject
    return match[1]
