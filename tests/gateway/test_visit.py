"""Tests of the test tools: the checker of pages finds each fault, and undefined values in our templates are errors."""

from pathlib import Path

import pytest
from aiohttp import web
from bs4 import BeautifulSoup
from jinja2 import DictLoader, UndefinedError

from gateway.ui.render import environment
from tests.gateway.conftest import Serve
from tests.gateway.strict import StrictInOurs
from tests.gateway.visit import Client, Page, faults, visit

BROKEN = {
    "a second heading": ("</h1>", "</h1><h1>Again</h1>", "there is not one heading of the first order"),
    "no title": ("<title>", "<title></title><x>", "there is no title"),
    "an error title alone": ("<title>", "<title>Error: ", "title and error summary do not agree"),
    "a lost label": ('for="name"', 'for="nome"', "name has no label"),
    "no token": ('name="csrf_token"', 'name="token"', "a form lacks the token against forgery"),
    "a GET form": ('method="post"', 'method="get"', "a form puts what is typed into the address"),
    "an id twice": ('id="email"', 'id="name"', "the id name is there twice"),
    "a lost hint": ('id="email-hint"', 'id="hint"', "aria-describedby points at email-hint, which is not there"),
    "a link to nowhere": ("</h1>", '</h1><a href="#x">x</a>', "a link leads to #x, which is not there"),
    "a style": ("<h1", '<h1 style="color:red"', "style or script stands in an attribute, where the policy stops it"),
    "a handler": ("<h1", '<h1 onclick="x()"', "style or script stands in an attribute, where the policy stops it"),
    "a script": ("</h1>", "</h1><script>x()</script>", "a script of the page has not the nonce of the policy"),
    "the lozenge": ("</h1>", '</h1><path d="M200 0v80H0V0h200Z"/>', "the page shows the NHS logo: M200 0v80H0V0h200Z"),
    "another's file": ('href="/assets/', 'href="https://x.example/', "the page loads something that is not ours"),
    "a picture without words": ("</h1>", '</h1><img src="/assets/x">', "a picture does not say what it shows"),
    "None": ("</h1>", "</h1><p>None</p>", "the page shows the inside of the program: None"),
}


@pytest.fixture
async def sound(client: Client) -> Page:
    return await visit(client, "/showcase/")


@pytest.mark.slow
@pytest.mark.parametrize("what", BROKEN)
async def test_the_checker_finds(sound: Page, what: str) -> None:
    whole, broken, fault = BROKEN[what]
    html = sound.html.replace(whole, broken)

    assert fault in list(faults(Page(sound.response, html, BeautifulSoup(html, "html.parser"))))


async def test_the_checker_finds_a_page_that_the_browser_may_keep_or_open_to_others(serve: Serve, sound: Page) -> None:
    async def bare(_request: web.Request) -> web.Response:
        return web.Response(text=sound.html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", bare)
    client = await serve(app)
    found = list(faults(Page(await client.get("/"), sound.html, sound.tree)))

    assert {"the page may be kept", "the content policy lacks default-src 'none'"} <= set(found)


def test_a_misspelt_name_in_a_template_of_ours_is_found(tmp_path: Path) -> None:
    strict = environment(tmp_path, StrictInOurs)
    form = "{% from 'macros/form.html' import button %}{{ button() }}"  # the macro shows `text`, which is not given

    with pytest.raises(UndefinedError, match="text is not defined in"):
        strict.from_string(form).render()


def test_an_undefined_value_in_a_component_of_the_design_system_is_an_empty_place(tmp_path: Path) -> None:
    strict = environment(tmp_path, StrictInOurs)
    strict.loader = DictLoader({"nhsuk/part.jinja": "<p>{{ a.b.c }}</p>"})

    assert "<p></p>" == strict.get_template("nhsuk/part.jinja").render()
