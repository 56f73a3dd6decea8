"""The list of texts that can be reworded, and the history of who reworded which and when."""

from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.settings.publish import PAGE, editors_of, may_publish, standing_of
from gateway.ui.actions import ask, notice
from gateway.ui.form import number_of
from gateway.ui.formats import day_and_time, lines
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.contracts.referrals.overlays import ListOverlays, PublishedOverlays


@dataclass(frozen=True)
class Entry:
    """
    One thing that can be reworded: its name, what is in force, and its address (empty without permission to change it).
    """

    heading: str
    lines: tuple[str, ...]
    href: str


async def show_settings(request: web.Request) -> web.Response:
    register, standing = request[REGISTER], standing_of(request)
    editors, words = list(editors_of(standing)), standing.words
    before = number_of(request.query.get("Before"))  # show versions older than this; without it the newest
    published = await ask(request, ListOverlays(before=before or None))
    base, allowed = register.address(PAGE), may_publish(request)
    return await show(
        request,
        "settings/hub.html",
        words=words,
        entries=[Entry(each.heading, each.summary, base + each.path if allowed else "") for each in editors],
        allowed=allowed,
        said=notice(request, {"published": words("settings.published")}),
        columns=(Column(words("settings.when")), Column(words("settings.who")), Column(words("settings.what"))),
        rows=_rows(published, {each.part: each.heading for each in editors}),
        older=f"{base}?Before={published.published[-1].version}" if published.more else "",
        back=register.address("administration/"),
        administration=register.words("administration.heading"),
    )


def _rows(found: PublishedOverlays, headings: dict[str, str]) -> list[tuple[Cell, ...]]:
    return [
        (
            day_and_time(each.published_at),
            each.published_by,
            lines(*(headings.get(part, part.partition(":")[2] or part) for part in each.changed)),
        )
        for each in found.published
    ]
