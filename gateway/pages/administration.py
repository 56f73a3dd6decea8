"""Administration: the way to each of its pages by right, and the organisations whose e-mail addresses are accepted."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.navigation import address
from gateway.page import show
from gateway.pages.reversals import PAGE as REVERSALS
from gateway.pages.settings.publishing import PAGE as SETTINGS
from gateway.pages.users.showing import PAGE as USERS
from gateway.rows import Column
from gateway.showing import Card
from gateway.visitor import ask
from shared.contracts.identity import ListOrganisations
from shared.permissions import Permission
from shared.registers.definition import Definition, Words

ORGANISATIONS = "administration/organisations/"
MAILS = "administration/mails/"
ADMINISTRATORS = frozenset({Permission.ADMINISTER, Permission.CONFIGURE})


def _always(_register: Definition) -> bool:
    return True


def _archives(register: Definition) -> bool:
    return register.lifecycle.ending == "archive"


@dataclass(frozen=True)
class Place:
    """One page of Administration: where, for whom, in which words, and which registers have it."""

    path: str
    needs: frozenset[Permission]
    text: Callable[[Words], str]
    note: Callable[[Words], str]
    is_had_by: Callable[[Definition], bool] = _always


PLACES: tuple[Place, ...] = (
    Place(
        USERS,
        frozenset({Permission.MANAGE_USERS}),
        lambda words: words.administration.manage_users,
        lambda words: words.administration.manage_users_note,
    ),
    Place(
        ORGANISATIONS,
        ADMINISTRATORS,
        lambda words: words.administration.organisations,
        lambda words: words.administration.organisations_note,
    ),
    Place(
        SETTINGS,
        frozenset({Permission.ADMINISTER}),
        lambda words: words.settings.heading,
        lambda words: words.administration.settings_note,
    ),
    Place(
        MAILS,
        frozenset({Permission.ADMINISTER}),
        lambda words: words.mails.open,
        lambda words: words.administration.mails_note,
    ),
    Place(
        REVERSALS,
        frozenset({Permission.ADMINISTER}),
        lambda words: words.reversals.heading,
        lambda words: words.administration.reversals_note,
        _archives,
    ),
)


async def administration_page(request: web.Request) -> web.Response:
    register, visitor = request[REGISTER], request[VISITOR]
    cards = [
        Card(place.text(register.words), address(register, place.path), place.note(register.words))
        for place in PLACES
        if place.needs & visitor.permissions and place.is_had_by(register)
    ]
    return await show(request, "administration/hub.html", words=register.words, shown=cards)


async def organisations_page(request: web.Request) -> web.Response:
    register = request[REGISTER]
    words = register.words.administration
    listed = await ask(request, ListOrganisations(register_code=register.code))
    return await show(
        request,
        "administration/organisations.html",
        words=register.words,
        columns=(Column(words.organisation), Column(words.email_domain)),
        rows=[(organisation.name, organisation.domain) for organisation in listed.organisations],
        accepted=register.access.accepted_domains if register.access.self_registration else (),
        back=address(register, "administration/"),
    )
