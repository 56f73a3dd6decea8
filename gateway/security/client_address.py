"""The browser's network address, used to limit log-in attempts and to restrict access by network."""

from ipaddress import ip_address

from aiohttp import web

from gateway.keys import TRUSTED_PROXIES


def client_address(request: web.Request) -> str:
    """
    Return the address of the browser as the deployment's own proxies name it.

    Each proxy appends its caller to `X-Forwarded-For`. Only as many entries count as there are trusted proxies, because
    a client can send anything in front of them.
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
