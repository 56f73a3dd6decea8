"""Tests of the headers that every response has."""

from pathlib import Path

import pytest

from gateway.ui.static import KEPT_FOR_GOOD
from tests.gateway.conftest import Serve
from tests.gateway.small_app import small_app
from tests.gateway.visit import Client

EVERYWHERE = ("/", "/dsr/", "/nowhere/", "/fail/500/", "/showcase/")
POLICY = (
    "default-src 'none'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_every_answer_carries_the_headers(client: Client, path: str) -> None:
    headers = (await client.get(path)).headers

    assert ("no-store", "nosniff", "same-origin", "same-origin") == (
        headers["Cache-Control"],
        headers["X-Content-Type-Options"],
        headers["Referrer-Policy"],
        headers["Cross-Origin-Opener-Policy"],
    )
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Server" not in headers


async def test_the_policy_lets_nothing_in_but_our_own_files_and_one_script(client: Client) -> None:
    response = await client.get("/dsr/")
    nonce = (await response.text()).split('nonce="')[1].split('"')[0]

    assert POLICY.format(nonce=f" 'nonce-{nonce}'") == response.headers["Content-Security-Policy"]


async def test_every_page_has_a_nonce_of_its_own(client: Client) -> None:
    policies = {(await client.get("/dsr/")).headers["Content-Security-Policy"] for _ in range(3)}

    assert 3 == len(policies)


async def test_an_answer_without_a_page_allows_no_script_of_its_own(client: Client) -> None:
    response = await client.get(await _address(client, "ics.css"))

    assert POLICY.format(nonce="") == response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("public_url", "there"), [("https://dsr.example", True), ("http://127.0.0.1:8080", False)])
async def test_https_is_insisted_on_where_it_is_there(
    serve: Serve, template_cache: Path, public_url: str, there: bool
) -> None:
    client = await serve(small_app(template_cache, public_url=public_url))

    assert there == ("Strict-Transport-Security" in (await client.get("/dsr/")).headers)


@pytest.mark.parametrize("name", ["ics.css", "ics.js", "nhsuk-frontend.css", "favicon.svg"])
async def test_front_end_files_are_kept_for_good_and_sent_packed(client: Client, name: str) -> None:
    response = await client.get(await _address(client, name))

    assert (200, KEPT_FOR_GOOD, "gzip") == (
        response.status,
        response.headers["Cache-Control"],
        response.headers["Content-Encoding"],
    )


@pytest.mark.parametrize("name", ["manifest.json", "ics.css", "..%2Fsource%2Fics.css"])
async def test_only_built_files_are_served_and_only_by_their_full_names(client: Client, name: str) -> None:
    response = await client.get(f"/assets/{name}")

    assert (404, "no-store") == (response.status, response.headers["Cache-Control"])


async def _address(client: Client, name: str) -> str:
    stem, suffix = name.rsplit(".", 1)
    html = await (await client.get("/dsr/")).text()
    found = [part.split('"')[0] for part in html.split(f'="/assets/{stem}.')[1:]]
    return f"/assets/{stem}." + next(rest for rest in found if rest.endswith(suffix))
