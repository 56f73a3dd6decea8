"""The home page after log-in: what waits for this visitor, as a list of things to do by role."""

import asyncio

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER, VISITOR
from gateway.pages.account.joining import join_of, not_joined
from gateway.pages.account.no_organisation import without_organisation
from gateway.pages.loading.addresses import load_card
from gateway.pages.records.drafts import drafts_of
from gateway.pages.records.finds import finds_of
from gateway.pages.reporting.dashboard import jobs_part, panel_part
from gateway.pages.waiting import read_home
from gateway.ui.actions import ask_if_there, notice
from gateway.ui.navigation import PATHS
from gateway.ui.render import show
from shared.contracts.reports import ReadDashboard
from shared.permissions import Permission, Role, Visitor


async def home_page(request: web.Request) -> web.Response:
    register, visitor = request[REGISTER], request[VISITOR]
    home, drafts, reports = await asyncio.gather(read_home(request), _drafts(request), _reports(request))
    return await show(
        request,
        "home/inside.html",
        words=register.words,
        name=visitor.full_name,
        changed=notice(request, {"changed": register.words("password.changed")}),
        others_ended=notice(request, {"others_ended": register.words("account.others_ended")}),
        gone=notice(request, {"gone": register.words("home.page_gone"), **not_joined(register.words)}),
        joined=notice(request, {"joined": register.words("home.joined")}),
        has_role=visitor.role is not None,
        may=register.words.group("users.role_hints")[Role.MASTER_ADMIN] if visitor.role is Role.MASTER_ADMIN else "",
        join=await join_of(request),
        email=register.contact.administrator_email,
        no_organisation=without_organisation(register, visitor),
        drafts=drafts,
        home=home,
        load=load_card(register, visitor),
        reports=reports,
        reporting=register.address(PATHS["reporting"]),
        finds=finds_of(register),
        search_at=register.address(PATHS["records"]) if visitor.may(Permission.READ_RECORDS) else "",
    )


async def _drafts(request: web.Request) -> list[object]:
    return [*await drafts_of(request)] if request[VISITOR].may(Permission.SUBMIT_RECORD) else []


async def _reports(request: web.Request) -> Markup:
    """Return the figures and the last reports, for those who report and keep no records themselves."""
    if not _only_reports(request[VISITOR]):
        return Markup()
    board = await ask_if_there(request, ReadDashboard())
    if board is None:
        return Markup()
    shown = [panel_part(request, tile) for tile in board.tiles if tile.kind in ("total", "by_option")]
    return Markup("").join([*shown, jobs_part(request, board)])


def _only_reports(visitor: Visitor) -> bool:
    return visitor.may(Permission.READ_REPORTS) and not visitor.may(Permission.SUBMIT_RECORD)
