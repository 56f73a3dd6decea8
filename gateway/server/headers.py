"""The headers of every response, including errors and files."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.keys import CSP_NONCE

ALWAYS = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"

Prepare = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


def content_policy(nonce: str) -> str:
    """Return a policy that allows only our own files. `nonce` allows the one inline script of a page."""
    scripts = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def security_headers(public_url: str) -> Prepare:
    """
    Return a handler for `app.on_response_prepare`, which also sees responses that bypass middlewares: aiohttp's own 404
    and 500.
    """
    always = _always(public_url)

    async def put_headers(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(always)
        response.headers["Content-Security-Policy"] = content_policy(request.get(CSP_NONCE, ""))
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.popall("Server", None)

    return put_headers


def headers_of_refusal(public_url: str) -> dict[str, str]:
    """Return the headers of an answer that no page gives: to what is not HTTP."""
    return {**_always(public_url), "Content-Security-Policy": content_policy(""), "Cache-Control": "no-store"}


def _always(public_url: str) -> dict[str, str]:
    return ALWAYS | ({"Strict-Transport-Security": TWO_YEARS} if public_url.startswith("https://") else {})
