"""Where a browser is, by network address: for limits on tries, and on from where pages are reached."""

from ipaddress import ip_address

from aiohttp import web

from gateway.keys import TRUSTED_PROXIES


def client_address(request: web.Request) -> str:
    """
    The address of the browser as the deployment's own proxies name it.

    Each proxy adds whom it was called by at the end of `X-Forwarded-For`; only as many of its entries count as there
    are trusted proxies, because anybody can send the header with any beginning.
    """
    caller = request.remote or ""
    said = [hop.strip() for line in request.headers.getall("X-Forwarded-For", ()) for hop in line.split(",")]
    hops = [*said, caller]
    hop = hops[-1 - min(request.config_dict[TRUSTED_PROXIES], len(said))]
    return hop if _is_address(hop) else caller


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
