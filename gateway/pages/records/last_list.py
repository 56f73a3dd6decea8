"""
The list of records as the user last saw it: filters, sort, length and page, kept in a cookie for the session.

The search term is personal data, so it is never in the cookie. A script keeps it in the tab, until the log-out.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, replace

from aiohttp import web

from gateway.keys import CSRF_TOKEN, REGISTER, VISITOR
from gateway.security import cookies
from gateway.ui.navigation import PATHS
from shared.registers.definition.register import Definition
from shared.registers.scope import sees_ended

LONGEST = 2000
OWNER_DIGITS = 16
ENDED = "ended=yes"


@dataclass(frozen=True)
class LastList:
    """The queries of the two lists, as their addresses have them: of open records, and of those that have ended."""

    open: str = ""
    ended: str = ""


def last_list(request: web.Request) -> LastList:
    """Return what this session last saw; the defaults for any other session's cookie."""
    owner, _, kept = (cookies.read(request, _name(request[REGISTER]), LONGEST) or "").partition(".")
    if owner != _owner(request):
        return LastList()
    try:
        opened, _, ended = base64.urlsafe_b64decode(kept).decode("ascii").partition("\n")
    except (binascii.Error, UnicodeDecodeError):
        return LastList()
    return LastList(opened, ended)


def keep_list(request: web.Request, response: web.StreamResponse, query: str, *, ended: bool) -> None:
    """Keep the query of the list that is shown. One that is too long for a cookie is not kept."""
    before = last_list(request)
    after = replace(before, ended=query) if ended else replace(before, open=query)
    kept = base64.urlsafe_b64encode(f"{after.open}\n{after.ended}".encode()).decode()
    value = f"{_owner(request)}.{kept}"
    if after != before and len(value) <= LONGEST:
        cookies.put(response, _name(request[REGISTER]), value)


def forget_list(request: web.Request, response: web.StreamResponse) -> None:
    cookies.drop(response, _name(request[REGISTER]))


def list_address(request: web.Request, *, is_open: bool) -> str:
    """
    Return where a record leads back to. The address of the list of open records restores what was last seen there.
    """
    register = request[REGISTER]
    address = register.address(PATHS["records"])
    if is_open or not sees_ended(register, request[VISITOR]):
        return address
    return f"{address}?{last_list(request).ended or ENDED}"


def _name(register: Definition) -> str:
    return f"{cookies.LIST}-{register.code}"


def _owner(request: web.Request) -> str:
    """Return a mark of this session and user, from which the form token cannot be found."""
    return hashlib.sha256(b"list" + request[CSRF_TOKEN].encode()).hexdigest()[:OWNER_DIGITS]
