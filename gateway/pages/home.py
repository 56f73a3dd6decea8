"""Home, the page after logging in: what this visitor may do here, and the way to it."""

from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.navigation import NEEDS, PATHS, address
from gateway.page import show
from gateway.pages.records.drafts import drafts_of
from shared.permissions import Permission, Visitor
from shared.registers.definition import Definition, Place


@dataclass(frozen=True, slots=True)
class Card:
    """One thing to do, in words of its own (the navigation bar has the place's name), and where it is done."""

    text: str
    href: str


async def home_page(request: web.Request) -> web.Response:
    register, visitor = request[REGISTER], request[VISITOR]
    return await show(
        request,
        "home/inside.html",
        words=register.words,
        name=visitor.full_name,
        changed=request.query.get("Msg") == "changed",
        has_role=visitor.role is not None,
        drafts=await drafts_of(request) if visitor.may(Permission.SUBMIT_RECORD) else [],
        cards=[card for card in _cards(register, visitor) if _is_there(request, card)],
    )


def _cards(register: Definition, visitor: Visitor) -> list[Card]:
    words = register.words.home
    texts: dict[Place, str] = {
        "submit": words.submit,
        "records": words.records,
        "reporting": words.reporting,
        "administration": words.administration,
    }
    return [
        Card(texts[link.place], address(register, PATHS[link.place]))
        for link in register.navigation
        if link.place in texts and NEEDS[link.place] & visitor.permissions
    ]


def _is_there(request: web.Request, card: Card) -> bool:
    """Whether the card leads to a page of this installation."""
    path = card.href.removeprefix(f"/{request[REGISTER].code}/")
    return any(resource.canonical == f"/{{register}}/{path}" for resource in request.app.router.resources())
