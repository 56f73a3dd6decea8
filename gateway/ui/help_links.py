"""Which topic of the help page a page links to."""

from collections.abc import Mapping

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from shared.registers.definition.register import HelpPlace

PLACES: Mapping[str, HelpPlace] = {
    "/{register}/login/": "login",
    "/{register}/login/pin": "login",
    "/{register}/login/app": "login",
    "/{register}/login/recovery": "login",
    "/{register}/login/register/": "login",
    "/{register}/login/reminder/": "login",
    "/{register}/account/password": "login",
    "/{register}/account/app": "login",
    "/{register}/records/new": "submit",
    "/{register}/records/": "records",
    "/{register}/records/{record}/": "update",
    "/{register}/records/{record}/change/": "update",
    "/{register}/records/{record}/holder/": "holder",
    "/{register}/records/{record}/outcomes/": "outcomes",
    "/{register}/work/": "work",
    "/{register}/actions/": "actions",
    "/{register}/actions/{action}/": "actions",
    "/{register}/actions/{action}/change/": "actions",
    "/{register}/records/{record}/actions/": "actions",
    "/{register}/records/{record}/actions/told/": "actions",
    "/{register}/meetings/": "meetings",
    "/{register}/meetings/series/": "meetings",
    "/{register}/meetings/series/new/": "meetings",
    "/{register}/meetings/series/{series}/": "meetings",
    "/{register}/meetings/plan/": "meetings",
    "/{register}/meetings/{meeting}/": "meetings",
    "/{register}/meetings/{meeting}/change/": "meetings",
    "/{register}/meetings/{meeting}/cancel/": "meetings",
    "/{register}/meetings/{meeting}/close/": "meetings",
    "/{register}/meetings/{meeting}/attendance/": "meetings",
    "/{register}/meetings/{meeting}/add/": "meetings",
    "/{register}/meetings/{meeting}/people/{record}/": "meetings",
    "/{register}/meetings/{meeting}/people/{record}/interest/": "meetings",
    "/{register}/reporting/": "reports",
    "/{register}/reporting/jobs/{job}/": "reports",
    "/{register}/load/": "load",
    "/{register}/load/guide/": "load",
    "/{register}/load/{upload}/": "load",
    "/{register}/load/{upload}/mapping/": "load",
    "/{register}/load/{upload}/process/": "load",
    "/{register}/load/{upload}/consent/": "load",
    "/{register}/administration/reversals/": "archive",
    "/{register}/administration/reversals/find": "archive",
    "/{register}/administration/users/": "users",
    "/{register}/administration/users/new": "users",
    "/{register}/administration/users/{user}/": "users",
    "/{register}/administration/users/{user}/name": "users",
}
"""The pages, by their routes, and what they are about."""


def help_link(request: web.Request) -> str:
    """Return the address of the topic about this page; empty if the register has none for this reader."""
    register, visitor = request.get(REGISTER), request.get(VISITOR)
    resource = request.match_info.route.resource
    place = PLACES.get(resource.canonical) if resource else None
    if register is None or place is None:
        return ""
    role = visitor.role.value if visitor and visitor.role else None
    grants = visitor.grants if visitor else ()
    return f"{register.address('help/')}#{place}" if place in register.help_places(role, grants) else ""
