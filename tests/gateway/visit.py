"""Fetches a page as a browser would, and checks what must hold on every page."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient
from bs4 import BeautifulSoup, Tag

Client = TestClient[web.Request, web.Application]

NOT_TYPED_IN = {"hidden", "submit", "button"}
SOMETHING = re.compile(".")
POINTERS = {"for", "aria-describedby", "aria-labelledby", "aria-controls", "data-aria-controls"}
LOZENGE = ("M200 0v80H0V0h200Z", "nhsuk-header__logo", "nhsuk-opengraph-image", "nhsuk-icon-mask")
INLINE = {"style", "onclick", "onsubmit", "onchange", "oninput", "onload", "onerror", "onfocus", "onblur"}


@dataclass(frozen=True)
class Page:
    """A fetched page: its response, its text and its parsed tree."""

    response: ClientResponse
    html: str
    tree: BeautifulSoup

    @cached_property
    def tags(self) -> list[Tag]:
        """All tags in order. One pass over them is much quicker than a selector for each attribute."""
        return self.tree.find_all(name=True)

    def named(self, *names: str) -> list[Tag]:
        """Return the tags with these names, in order."""
        return [tag for tag in self.tags if tag.name in names]

    @property
    def heading(self) -> str:
        return words(next(iter(self.named("h1")), None))

    @property
    def title(self) -> str:
        return words(next(iter(self.named("title")), None))

    @property
    def problems(self) -> list[str]:
        """The lines of the error summary."""
        lists = [tag for tag in self.tags if "nhsuk-error-summary__list" in tag.get_attribute_list("class")]
        return [words(line) for each in lists for line in each.find_all("li")]

    def texts(self, selector: str) -> list[str]:
        return [words(tag) for tag in self.tree.select(selector)]


async def visit(client: Client, path: str, *, status: int = 200) -> Page:
    """GET a page, and check its status and that it has no faults."""
    return await _look(await client.get(path, allow_redirects=False), status)


async def send(client: Client, path: str, answers: Mapping[str, str], *, status: int = 200) -> Page:
    """POST to the page's own address with its form's CSRF token, and check the status and the resulting page."""
    token = (await visit(client, path)).tree.select_one("main input[name=csrf_token]")
    assert token is not None
    answers = {**answers, "csrf_token": str(token["value"])}
    return await _look(await client.post(path, data=answers, allow_redirects=False), status)


async def _look(response: ClientResponse, status: int) -> Page:
    html = await response.text()
    page = Page(response, html, BeautifulSoup(html, "html.parser"))
    assert (status, "text/html") == (response.status, response.content_type)
    assert [] == list(faults(page))
    return page


def words(tag: Tag | None) -> str:
    return " ".join(tag.get_text().split()) if tag else ""


def faults(page: Page) -> Iterator[str]:
    """Yield a sentence for each fault of the page."""
    yield from _frame_faults(page)
    yield from _field_faults(page)
    yield from _form_faults(page)
    yield from _reference_faults(page)
    yield from _policy_faults(page)
    yield from _brand_faults(page)
    yield from _text_faults(page)


def _frame_faults(page: Page) -> Iterator[str]:
    if len(page.named("h1")) != 1 or not page.heading:
        yield "there is not one heading of the first order"
    if not page.title:
        yield "there is no title"
    if page.title.startswith("Error: ") != bool(page.problems):
        yield "title and error summary do not agree"
    if not any("lang" in tag.attrs for tag in page.named("html")):
        yield "the page does not say its language"
    if not any(
        "nhsuk-skip-link" in a.get_attribute_list("class") and a.get("href") == "#maincontent" for a in page.named("a")
    ):
        yield "nothing leads past the header"


def _field_faults(page: Page) -> Iterator[str]:
    labelled = {label.get("for") for label in page.named("label") if words(label)}
    for field in page.named("input", "select", "textarea"):
        if field.get("type") in NOT_TYPED_IN:
            continue
        if field.get("id") not in labelled and not field.get("aria-label"):
            yield f"{field.get('name')} has no label"
    for button in page.named("button"):
        if not words(button) and not button.get("aria-label"):
            yield "a button says nothing"


def _form_faults(page: Page) -> Iterator[str]:
    for form in page.named("form"):
        if form.get("method") != "post":
            yield "a form puts what is typed into the address"
        if not form.find("input", attrs={"type": "hidden", "name": "csrf_token", "value": SOMETHING}):
            yield "a form lacks the token against forgery"


def _reference_faults(page: Page) -> Iterator[str]:
    ids = Counter(str(tag.attrs["id"]) for tag in page.tags if "id" in tag.attrs)
    yield from (f"the id {id_} is there twice" for id_, count in ids.items() if count > 1)
    for tag in page.tags:
        for attribute in POINTERS & tag.attrs.keys():
            named = tag.attrs[attribute]
            for id_ in named.split() if isinstance(named, str) else named:
                if id_ not in ids:
                    yield f"{attribute} points at {id_}, which is not there"
        link = str(tag.attrs.get("href", ""))
        if tag.name == "a" and link.startswith("#") and link[1:] not in ids:
            yield f"a link leads to {link}, which is not there"


def _policy_faults(page: Page) -> Iterator[str]:
    policy = page.response.headers.get("Content-Security-Policy", "")
    for word in ("default-src 'none'", "style-src 'self';", "frame-ancestors 'none'", "form-action 'self'"):
        if word not in policy:
            yield f"the content policy lacks {word}"
    if "unsafe" in policy:
        yield "the content policy is loosened"
    for script in page.named("script"):
        if "src" not in script.attrs and f"'nonce-{script.get('nonce')}'" not in policy:
            yield "a script of the page has not the nonce of the policy"
    if any(tag.name == "style" or INLINE & tag.attrs.keys() for tag in page.tags):
        yield "style or script stands in an attribute, where the policy stops it"
    if page.response.headers.get("Cache-Control") != "no-store":
        yield "the page may be kept"


def _brand_faults(page: Page) -> Iterator[str]:
    yield from (f"the page shows the NHS logo: {mark}" for mark in LOZENGE if mark in page.html)
    for tag in page.named("script", "img", "link"):
        loaded = tag.get("href" if tag.name == "link" else "src")
        if loaded is not None and not str(loaded).startswith("/assets/"):
            yield "the page loads something that is not ours"
    if any("alt" not in tag.attrs for tag in page.named("img")):
        yield "a picture does not say what it shows"


def _text_faults(page: Page) -> Iterator[str]:
    for text in page.tree.find_all(string=True):
        if text.strip() == "None" or " object at 0x" in text or "{{" in text:
            yield f"the page shows the inside of the program: {text.strip()[:40]}"
