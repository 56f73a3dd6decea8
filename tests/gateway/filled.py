"""Reads the form of a page as a browser would send it."""

from bs4 import Tag

from tests.gateway.visit import Page


def fields(page: Page) -> dict[str, str]:
    """Return what the page's form would send: hidden fields and what is typed or chosen, without the CSRF token."""
    form = page.tree.select_one("main form")
    assert form is not None
    sent = {str(each["name"]): str(each.get("value", "")) for each in form.select("input:not([type=radio])")}
    sent |= {str(each["name"]): str(each["value"]) for each in form.select("input[type=radio][checked]")}
    sent |= {str(each["name"]): each.get_text().removeprefix("\n") for each in form.select("textarea")}
    for select in form.select("select"):
        chosen = select.select_one("option[selected]")
        sent[str(select["name"])] = str(chosen["value"]) if isinstance(chosen, Tag) else ""
    return {name: value for name, value in sent.items() if value and name != "csrf_token"}
