"""Tests of the error pages."""

import pytest
from structlog.testing import capture_logs

from tests.gateway.visit import Client, visit

SHOWN = {
    "400": (400, "Your browser sent something we cannot read"),
    "403": (403, "You do not have permission to see this page"),
    "409": (409, "This was changed in the meantime"),
    "413": (413, "What you sent is too big"),
    "429": (429, "Too many tries"),
    "500": (500, "Sorry, there is a problem with the service"),
    "503": (503, "Sorry, the service is unavailable"),
    "unknown": (500, "Sorry, there is a problem with the service"),
}


@pytest.mark.parametrize("how", SHOWN)
async def test_every_failure_has_its_page(client: Client, how: str) -> None:
    status, heading = SHOWN[how]
    page = await visit(client, f"/fail/{how}/", status=status)

    assert heading == page.heading


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/xyz/", "/assets/secret.css"])
async def test_an_unknown_address_has_its_page(client: Client, path: str) -> None:
    assert "Page not found" == (await visit(client, path, status=404)).heading


async def test_a_wrong_method_is_an_unknown_page_that_names_the_right_ones(client: Client) -> None:
    response = await client.delete("/showcase/")

    assert (405, "GET,HEAD,POST") == (response.status, response.headers["Allow"])


async def test_when_to_come_back_is_kept(client: Client) -> None:
    page = await visit(client, "/fail/429/", status=429)

    assert "60" == page.response.headers["Retry-After"]


async def test_the_text_of_an_exception_is_not_shown_and_its_class_is_left_to_the_log(client: Client) -> None:
    with capture_logs() as written:
        page = await visit(client, "/fail/500/", status=500)

    assert "Ruby" not in page.html
    assert [ValueError] == [type(line["error"]) for line in written if line["event"] == "page.failed"]
