"""The gateway's settings, read from the environment."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from gateway.security.network import NetworkPolicy
from shared.settings import ProcessSettings, check_proxies

LOOPBACK_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})


class GatewaySettings(ProcessSettings):
    """Settings of the gateway."""

    host: str = Field(default="127.0.0.1", description="The address to listen on; demo mode allows loopback only.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 takes any that is free.")
    port_file: Path | None = Field(default=None, description="File to which the chosen port is written.")
    public_url: str = Field(default="", description="The address that people type; https outside loopback.")
    registers: Path | None = Field(default=None, description="A folder of further definitions, <code>/<edition>.toml.")
    brand: Path | None = Field(default=None, description="The deployment's brand file. Default: a neutral brand.")
    demo_mail_dir: Path | None = Field(default=None, description="Where demo mode keeps the mail that was sent.")
    template_cache: Path | None = Field(
        default=None, description="Folder for compiled templates. Default: they are not kept."
    )
    trusted_proxies: int | None = Field(
        default=None,
        ge=0,
        le=5,
        description="How many trusted proxies in front add X-Forwarded-For; must be said where public_url is https.",
    )
    host_names: frozenset[str] = Field(
        default=frozenset(), description="JSON: further names by which browsers may call this gateway."
    )
    networks: frozenset[IPv4Network | IPv6Network] = Field(
        default=frozenset(), description="JSON: the networks from which pages may be reached; empty: any."
    )
    country_header: str = Field(
        default="", description="The header in which the nearest proxy alone names the browser's country."
    )
    countries: frozenset[str] = Field(
        default=frozenset({"GB"}), description="JSON: the countries that may reach pages where country_header is set."
    )

    @model_validator(mode="after")
    def _says_who_names_the_country(self) -> Self:
        if self.country_header and not self.trusted_proxies:
            raise ValueError("country_header is believed from a proxy alone: set trusted_proxies")
        return self

    @model_validator(mode="after")
    def _says_how_many_proxies(self) -> Self:
        check_proxies(self.public_url, self.trusted_proxies)
        return self

    @property
    def all_hosts(self) -> frozenset[str]:
        """
        The names in a Host header that are answered: of the public address, of this machine, and further ones.

        They are written as `host_in` reads them: in lower case, without a dot at the end.
        """
        public = urlsplit(self.public_url).hostname
        names = self.host_names | LOOPBACK_NAMES | {self.host} | ({public} if public else set())
        return frozenset(name.lower().rstrip(".") for name in names)

    @property
    def reach(self) -> NetworkPolicy:
        """The network policy. A browser needs to match either a network or a country, not both."""
        return NetworkPolicy(self.networks, self.country_header, self.countries)
