"""Restricting access by country or network, where a deployment asks for it (R-DSR-019)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.security.client_address import client_address
from gateway.ui.static import FRONT_END
from shared import log

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OutOfReach(web.HTTPForbidden):
    """The browser is in a place that the deployment does not serve."""


@dataclass(frozen=True)
class NetworkPolicy:
    """
    Whom the deployment serves: networks, and countries as its own proxy reports them; everyone if neither is set.

    A country is two letters (ISO 3166-1). A proxy that does not know the country sends something else, or nothing.
    """

    networks: frozenset[IPv4Network | IPv6Network] = frozenset()
    country_header: str = ""
    countries: frozenset[str] = frozenset()

    def has(self, request: web.Request) -> bool:
        if not self.networks and not self.country_header:
            return True
        return self._is_near(client_address(request)) or self._is_of_a_country(request)

    def _is_near(self, address: str) -> bool:
        return bool(address) and any(ip_address(address) in network for network in self.networks)

    def _is_of_a_country(self, request: web.Request) -> bool:
        """Whether the header names an allowed country. A repeated header is refused, because one copy was forged."""
        said = request.headers.getall(self.country_header, ()) if self.country_header else ()
        return len(said) == 1 and said[0].strip().upper() in self.countries


ANYWHERE = NetworkPolicy()


def within(reach: NetworkPolicy) -> Middleware:
    """Return the middleware that refuses all others. It still serves the files that the refusal page needs."""

    @web.middleware
    async def within_reach(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        is_file = resource is not None and resource.name == FRONT_END
        if is_file or reach.has(request):
            return await handler(request)
        log.warn("page.out_of_reach")
        raise OutOfReach

    return within_reach
