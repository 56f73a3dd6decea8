"""Tests of the countries and networks to which a deployment may restrict its pages."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.security.network import NetworkPolicy
from gateway.server.settings import GatewaySettings
from tests.gateway.conftest import Serve
from tests.gateway.small_app import small_app
from tests.gateway.visit import Client, visit

COUNTRY = "X-Country"
BRITAIN = NetworkPolicy(country_header=COUNTRY, countries=frozenset({"GB"}))
OF_THE_TRUST = NetworkPolicy(networks=frozenset({ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")}))
EITHER = NetworkPolicy(OF_THE_TRUST.networks, COUNTRY, BRITAIN.countries)
REFUSED = "You cannot use this service from where you are"
NEEDED = {"nats_url": "nats://127.0.0.1", "nats_seed": "seed"}


async def status(client: Client, **headers: str) -> int:
    return (
        await client.get("/dsr/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    ).status


@pytest.mark.requirement("R-DSR-019")
@pytest.mark.parametrize(("country", "answer"), [("GB", 200), ("gb", 200), ("FR", 403), ("XX", 403), ("GB, FR", 403)])
async def test_a_browser_of_another_country_is_shown_a_page_that_says_so(
    serve: Serve, template_cache: Path, country: str, answer: int
) -> None:
    client = await serve(small_app(template_cache, reach=BRITAIN, trusted_proxies=1))

    assert answer == await status(client, X_Country=country)


async def test_what_says_no_country_or_two_is_refused(serve: Serve, template_cache: Path) -> None:
    client = await serve(small_app(template_cache, reach=BRITAIN, trusted_proxies=1))

    assert 403 == await status(client)
    assert 403 == (await client.get("/dsr/", headers=[(COUNTRY, "GB"), (COUNTRY, "FR")])).status


async def test_the_page_says_what_to_do_and_looks_as_it_should(serve: Serve, template_cache: Path) -> None:
    client = await serve(small_app(template_cache, reach=BRITAIN, trusted_proxies=1))

    page = await visit(client, "/dsr/", status=403)

    assert REFUSED == page.heading
    assert "turn off any VPN" in page.html
    style = page.tree.select_one("link[rel=stylesheet]")
    assert style is not None
    assert 200 == (await client.get(str(style["href"]))).status


@pytest.mark.parametrize(
    ("address", "answer"), [("203.0.113.9", 200), ("198.51.100.9", 403), ("2001:db8::9", 200), ("2001:db9::9", 403)]
)
async def test_networks_may_be_named_instead(serve: Serve, template_cache: Path, address: str, answer: int) -> None:
    client = await serve(small_app(template_cache, reach=OF_THE_TRUST, trusted_proxies=1))

    assert answer == await status(client, X_Forwarded_For=address)
    assert 403 == await status(client, X_Country="GB", X_Forwarded_For="198.51.100.9")


async def test_network_or_country_is_enough(serve: Serve, template_cache: Path) -> None:
    client = await serve(small_app(template_cache, reach=EITHER, trusted_proxies=1))

    assert 200 == await status(client, X_Country="FR", X_Forwarded_For="203.0.113.9")
    assert 200 == await status(client, X_Country="GB", X_Forwarded_For="198.51.100.9")
    assert 403 == await status(client, X_Country="FR", X_Forwarded_For="198.51.100.9")


async def test_without_a_setting_everybody_is_served(client: Client) -> None:
    assert 200 == await status(client, X_Country="FR", X_Forwarded_For="198.51.100.9")


def test_a_country_is_not_believed_from_a_browser() -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        GatewaySettings.model_validate(NEEDED | {"country_header": COUNTRY})


def test_the_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "NATS_URL": "nats://127.0.0.1",
        "NATS_SEED": "seed",
        "NETWORKS": '["203.0.113.0/24", "2001:db8::/32"]',
        "COUNTRY_HEADER": COUNTRY,
        "TRUSTED_PROXIES": "1",
    }
    for name, value in told.items():
        monkeypatch.setenv(f"ICS_{name}", value)

    assert EITHER == GatewaySettings().reach
