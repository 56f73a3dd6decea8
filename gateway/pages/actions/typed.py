"""What users type about actions: days, texts, and who does it; with what is wrong at its field."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from uuid import UUID

from aiohttp import web

from gateway.keys import VISITOR
from gateway.pages.records.colleagues import choice_of, chosen_in, find_colleagues, label_of
from gateway.ui.actions import ask
from gateway.ui.form import Choice, Field, Form
from gateway.ui.organisations import names_of_organisations
from shared.accounts import UserState
from shared.cleaning import says_something
from shared.contracts.actions import LONGEST_ACTION, ActionOwner
from shared.contracts.identity import MOST_COLLEAGUES, Colleague, Colleagues, ListColleagues
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.values import Unreadable, read_date_parts

COLLEAGUE, SEARCH, OUTSIDER, SERVICE = "colleague", "colleague-search", "outsider", "service"
LONGEST_NAME = 100
MOST_ORGANISATIONS = 20


def typed_day(form: Form, words: Words, name: str, answers: Mapping[str, str], missing: str) -> date | None:
    """Return the typed day; None if the field says what is wrong. Without `missing` it may be empty."""
    typed = answers.get(name, "")
    if not typed:
        if missing:
            form.wrong(name, missing)
        return None
    day, month, year = typed.split("/", 2)
    try:
        return read_date_parts(day, month, year)
    except Unreadable as unreadable:
        form.wrong(name, words.group("faults")[unreadable.wrong].format(label=form.fields[name].label))
        return None


def typed_text(form: Form, words: Words, name: str, answers: Mapping[str, str], missing: str) -> str:
    """Return the typed text; empty if the field says that it is missing or too long."""
    text = answers.get(name, "")
    if not says_something(text):
        form.wrong(name, missing)
        return ""
    if len(text) > LONGEST_ACTION:
        form.wrong(name, words("actions.too_long", most=LONGEST_ACTION))
        return ""
    return text


def who_fields(words: Words, offered: Iterable[Choice] = ()) -> tuple[Field, ...]:
    """Return the fields of who does an action: a colleague, and for someone without an account also them."""
    return (
        Field(SEARCH, words("holding.find"), width=20),
        Field(
            COLLEAGUE,
            words("actions.colleague"),
            kind="select",
            hint=words("actions.colleague_hint"),
            choices=(Choice("", words("form.choose")), *offered),
        ),
        Field(OUTSIDER, words("actions.outsider"), hint=words("actions.outsider_hint"), width=20),
        Field(SERVICE, words("actions.service"), width=20),
    )


def typed_owner(form: Form, words: Words, answers: Mapping[str, str]) -> ActionOwner | None:
    """Return who does the action; None if the form says what is wrong."""
    colleague_id, _ = chosen_in(answers.get(COLLEAGUE))
    if colleague_id is None:
        form.wrong(COLLEAGUE, words("actions.colleague_missing"))
    outsider, service = answers.get(OUTSIDER, ""), answers.get(SERVICE, "")
    if outsider and not service:
        form.wrong(SERVICE, words("actions.service_missing"))
    if service and not outsider:
        form.wrong(OUTSIDER, words("actions.outsider_missing"))
    for name in (OUTSIDER, SERVICE):
        if len(answers.get(name, "")) > LONGEST_NAME:
            form.wrong(name, words("actions.too_long", most=LONGEST_NAME))
    if form.errors or colleague_id is None:
        return None
    return ActionOwner(colleague_id=colleague_id, outsider=outsider, service=service)


@dataclass(frozen=True, repr=False)
class Offer:
    """The colleagues to choose from, and what their search found; empty if they all fit into the choice."""

    choices: tuple[Choice, ...]
    found: str


async def offer(
    request: web.Request,
    register: Definition,
    record: RecordShown | None,
    form: Form,
    present: tuple[UUID, str] | None = None,
) -> Offer:
    """
    Return the colleagues who can be given an action of a record, by the search of the form.

    Without a record, because it has ended, they are those of the visitor's organisations. `present` is the colleague
    who has it now, and stays among the choices.
    """
    words, search = register.words, " ".join(form.value(SEARCH).split())[:100]
    found = await (find_colleagues(request, register, record, search) if record else _colleagues(request, search))
    names = await names_of_organisations(request, register)
    listed = found.colleagues
    if present is not None and present[0] not in {each.user_id for each in listed}:
        listed = (Colleague(user_id=present[0], full_name=present[1], state=UserState.ACTIVE), *listed)
    choices = tuple(Choice(choice_of(each), label_of(words, each, names)) for each in listed)
    return Offer(choices, _found(words, found) if search or found.more else "")


def value_of(offered: Offer, user_id: UUID) -> str:
    """Return the choice that stands for a user."""
    return next((each.code for each in offered.choices if chosen_in(each.code)[0] == user_id), user_id.hex)


async def _colleagues(request: web.Request, search: str) -> Colleagues:
    organisations = request[VISITOR].organisation_ids[:MOST_ORGANISATIONS]
    pages = await asyncio.gather(
        *(ask(request, ListColleagues(organisation_id=each, search=search)) for each in organisations)
    )
    found = {each.user_id: each for each in chain.from_iterable(page.colleagues for page in pages)}
    more = len(found) > MOST_COLLEAGUES or any(page.more for page in pages)
    return Colleagues(colleagues=tuple(found.values())[:MOST_COLLEAGUES], more=more)


def _found(words: Words, colleagues: Colleagues) -> str:
    count = len(colleagues.colleagues)
    if colleagues.more:
        return words("holding.more", count=count)
    if count > 1:
        return words("holding.found", count=count)
    return words("holding.found_one") if count else words("holding.nobody")
