"""The list of users, searched by a POST form so that names and email addresses stay out of URLs."""

from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.users.addresses import PAGE as ADDRESSES
from gateway.pages.users.proposals import proposals_of
from gateway.pages.users.user_facts import (
    FEW,
    PAGE,
    Names,
    logged_in_text,
    names_of,
    organisations_text,
    state_tag,
    user_address,
)
from gateway.ui.actions import ask, notice
from gateway.ui.form import Choice, Field, Form, Posted
from gateway.ui.formats import breakable, link
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.accounts import UserState
from shared.contracts.users import ListUsers, UserShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

SEARCH, STATE, AFTER = "search", "state", "after"
LONGEST_SEARCH = 100


async def show_users(request: web.Request) -> web.Response:
    return await _show(request, _form(request[REGISTER].words), ListUsers())


async def search_users(request: web.Request) -> web.Response:
    posted, form = await request.post(), _form(request[REGISTER].words)
    form.read(posted)
    return await _show(request, form, _wanted(form, posted))


def _form(words: Words) -> Form:
    states = tuple(Choice(state.value, words.group("users.states")[state]) for state in UserState)
    return Form(
        (
            Field(SEARCH, words("users.search"), hint=words("users.search_hint"), width=20),
            Field(STATE, words("users.state"), "select", choices=(Choice("", words("users.any_state")), *states)),
        )
    )


def _wanted(form: Form, posted: Posted) -> ListUsers:
    """Return the search. Raise 400 for values that our forms never send."""
    state, after = form.value(STATE), str(posted.get(AFTER, ""))
    try:
        return ListUsers(
            search=form.value(SEARCH).strip()[:LONGEST_SEARCH],
            state=UserState(state) if state else None,
            after=UUID(hex=after) if after else None,
        )
    except ValueError:
        raise web.HTTPBadRequest from None


async def _show(request: web.Request, form: Form, wanted: ListUsers) -> web.Response:
    register = request[REGISTER]
    words, names = register.words, await names_of(request)
    found, proposals = await ask(request, wanted), await proposals_of(request, names)
    labels = (
        words("users.name"),
        words("users.email"),
        words("users.role"),
        words("users.organisations"),
        words("users.state"),
        words("user.logged_in"),
    )
    not_done = {"decided": words("proposals.decided"), "not_second": words("proposals.not_second")}
    done = {
        "accepted": words("proposals.accepted"),
        "declined": words("proposals.declined"),
        "removed": words("user.acts.done.remove"),
    }
    return await show(
        request,
        "users/list.html",
        form=form,
        columns=[Column(label) for label in labels],
        rows=[_row(register, each, names) for each in found.users],
        next=found.users[-1].user_id.hex if found.more else "",
        later=wanted.after is not None,
        proposals=proposals,
        said=notice(request, done | not_done),
        done=not notice(request, not_done),
        new=register.address(f"{PAGE}new"),
        addresses=register.address(ADDRESSES) if register.access.self_registration else "",
        href=register.address(PAGE),
        back=register.address("administration/"),
    )


def _row(register: Definition, user: UserShown, names: Names) -> list[Cell]:
    words = register.words
    return [
        link(user.full_name, user_address(register, user.user_id), ""),
        breakable(user.email),
        words.group("users.roles")[user.access.role],
        organisations_text(words, user.access, names, FEW),
        state_tag(words, user.state),
        logged_in_text(words, user),
    ]
