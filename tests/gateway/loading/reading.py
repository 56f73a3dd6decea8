"""The addresses of the load, sending a file as a browser does, and reading the pages."""

from collections.abc import AsyncIterator
from io import BytesIO

from aiohttp import ClientResponse, FormData

from tests.gateway.account.browser import Browser
from tests.gateway.stand_in_uploads import UPLOAD_ID
from tests.gateway.visit import Page, words

LOAD = "/dsr/load/"
HERE = f"{LOAD}{UPLOAD_ID.hex}/"
COMMAND = "0123456789abcdef0123456789abcdef"


async def sent_file(
    browser: Browser,
    content: bytes | AsyncIterator[bytes],
    name: str = "list.xlsx",
    command: str = COMMAND,
    **fields: str,
) -> ClientResponse:
    before = {"csrf_token": browser.token, "command": command, **fields}
    form = FormData(before, default_to_multipart=True, quote_fields=False)
    whole = BytesIO(content) if isinstance(content, bytes) else content
    form.add_field("file", whole, filename=name, content_type="application/octet-stream")
    return await browser.client.post(LOAD, data=form, allow_redirects=False)


async def refused_file(browser: Browser, content: bytes, name: str = "list.xlsx", status: int = 422) -> Page:
    await browser.see(LOAD)
    return await browser.look(await sent_file(browser, content, name), status)


def main(page: Page) -> str:
    return words(page.tree.select_one("main"))


def chosen(page: Page) -> dict[str, str]:
    """Return what is chosen for each column."""
    return {name: value for name, value in filled(page).items() if name.startswith("column-")}


def filled(page: Page) -> dict[str, str]:
    """Return the fields of the mapping as a browser would send them."""
    fields = {}
    for each in page.tree.select("form[action$='mapping/'] [name]:not(button)"):
        if each.name == "select":
            option = each.select_one("option[selected]") or each.select_one("option")
            assert option is not None
            fields[str(each["name"])] = str(option["value"])
        elif each.get("type") == "hidden":
            fields[str(each["name"])] = str(each["value"])
    return fields


def value_fields(page: Page) -> list[str]:
    """Return the names of the fields of unknown values."""
    return [str(each["name"]) for each in page.tree.select("#values ~ .nhsuk-form-group select")]


def cells(page: Page, tab: str) -> list[str]:
    """Return the cells of the first row of a tab, without their headings for phones."""
    for heading in page.tree.select(".nhsuk-table__heading"):
        heading.decompose()
    for line in page.tree.select("td br"):
        line.replace_with(" ")
    row = page.tree.select_one(f"#{tab} tbody tr")
    assert row is not None
    return [words(cell) for cell in row.find_all(["td", "th"])]
