"""Steps of coming in, for every journey that begins with a log-in."""

import re

from playwright.async_api import Page

from gateway.cookies import PAGE, SESSION
from tests.journeys.product import Mail, Product

DEMO_PASSWORD = "Demo-2026!ics"


async def be_logged_in(page: Page, stack: Product, email: str, register: str = "dsr") -> None:
    """
    Be one of the demo's people, on Home; who logged in before in this run comes back with the same session.

    That of somebody else in this window goes on: a log-in over it would end it for every journey.
    """
    known = stack.sessions.get(email)
    if known is not None:
        await bring_session(page, stack, known)
        await page.goto(f"{stack.base_url}/{register}/home/")
        return
    for name in (SESSION, PAGE):
        await page.context.clear_cookies(name=name)
    await log_in(page, stack, email, register=register)
    stack.sessions[email] = await session_in(page)


async def session_in(page: Page) -> str:
    """What the window's cookie holds."""
    cookies = await page.context.cookies()
    return next(cookie.get("value", "") for cookie in cookies if cookie.get("name") == SESSION)


async def bring_session(page: Page, stack: Product, session: str) -> None:
    """Into a window, as though it had been opened there."""
    secure_url = stack.base_url.replace("http:", "https:")  # the browser asks that of such a name
    await page.context.add_cookies([{"name": SESSION, "value": session, "url": secure_url, "secure": True}])


async def log_in(page: Page, stack: Product, email: str, password: str = DEMO_PASSWORD, register: str = "dsr") -> None:
    """Both steps, from the log-in page to the page that they lead to: Home, or where one was when a session ended."""
    await page.goto(f"{stack.base_url}/{register}/login/")
    pin = await enter_password(page, stack, email, password)
    await enter_pin(page, pin)
    await page.wait_for_url(lambda url: "/login/" not in url)


async def enter_password(page: Page, stack: Product, email: str, password: str) -> str:
    """The first step, on the log-in page; gives the PIN that it sends."""
    earlier = len(await stack.mail(email))
    await page.get_by_label("Email Address").fill(email)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Log In").click()
    return pin_in(await stack.mail_after(earlier, email))


async def enter_pin(page: Page, pin: str) -> None:
    await page.get_by_label("Verification code").fill(pin)
    await page.get_by_role("button", name="Verify").click()


def pin_in(mail: Mail) -> str:
    return _found(r"PIN Access Code is:\s+(\d{6})\s", mail)


def temporary_password_in(mail: Mail) -> str:
    return _found(r"temporary password is:\s+(\S+)\s", mail)


def _found(pattern: str, mail: Mail) -> str:
    match = re.search(pattern, mail.text)
    assert match is not None, mail.subject
    return match[1]
