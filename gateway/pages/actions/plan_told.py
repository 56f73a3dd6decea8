"""The page that records whether the MDT and the family were told of the plan, by whom and when, or why not."""

import asyncio
from collections.abc import Iterable, Mapping

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.actions.action_list import register_with_actions
from gateway.pages.actions.addresses import record_actions_address
from gateway.pages.actions.typed import LONGEST_NAME, typed_day, typed_text
from gateway.pages.records.identity_bar import whose
from gateway.pages.records.last_list import list_address
from gateway.pages.records.lookup import edition_of, find_record, record_id_in
from gateway.security.ids import command_in
from gateway.ui.actions import At, ask, attempt, see_other
from gateway.ui.form import Choice, Field, Form
from gateway.ui.formats import day_and_time
from gateway.ui.render import show
from shared.contracts.actions import ListRecordActions, PlanParty, PlanTold, RecordPlanTold
from shared.registers.definition.words import Words
from shared.values import show_date

TOLD = "told/"
PARTY, WERE_TOLD, ON, BY, WHY_NOT = "party", "were-told", "on", "by", "why-not"


async def show_told(request: web.Request) -> web.Response:
    return await _show(request, Form(_fields(register_with_actions(request).words)))


async def record_told(request: web.Request) -> web.Response:
    register, posted = register_with_actions(request), await request.post()
    form = Form(_fields(register.words))
    form.command, answers = command_in(posted), form.read(posted)
    command = None if answers is None else _command(request, form, answers)
    if command is None or await attempt(request, command, form, _refusals(register.words)) is None:
        return await _show(request, form)
    return see_other(record_actions_address(register, command.record_id), "told")


def _parties(words: Words) -> dict[PlanParty, str]:
    return {"mdt": words("actions.party_mdt"), "family": words("actions.party_family")}


def _fields(words: Words) -> tuple[Field, ...]:
    parties = tuple(Choice(code, label) for code, label in _parties(words).items())
    answers = (Choice("yes", words("page.yes")), Choice("no", words("page.no")))
    return (
        Field(PARTY, words("actions.party"), kind="choice", choices=parties, missing=words("actions.party_missing")),
        Field(WERE_TOLD, words("actions.told"), kind="choice", choices=answers, missing=words("actions.told_missing")),
        Field(ON, words("actions.told_on"), kind="date", hint=words("dates.hint")),
        Field(BY, words("actions.told_by"), width=20),
        Field(WHY_NOT, words("actions.why_not"), kind="long_text"),
    )


def _command(request: web.Request, form: Form, answers: Mapping[str, str]) -> RecordPlanTold | None:
    """Return the command; None if the form says what is wrong. Only the fields of the chosen answer count."""
    words, said = request[REGISTER].words, dict[str, object]()
    if answers[WERE_TOLD] == "yes":
        said = {
            "told_on": typed_day(form, words, ON, answers, words("actions.told_on_missing")),
            "told_by": answers[BY],
        }
        if not answers[BY]:
            form.wrong(BY, words("actions.told_by_missing"))
        elif len(answers[BY]) > LONGEST_NAME:
            form.wrong(BY, words("actions.too_long", most=LONGEST_NAME))
    else:
        said = {"why_not": typed_text(form, words, WHY_NOT, answers, words("actions.why_not_missing"))}
    if form.errors:
        return None
    about = {"command_id": form.command, "record_id": record_id_in(request), "party": answers[PARTY]}
    return RecordPlanTold.model_validate({**about, **said})


def _refusals(words: Words) -> dict[str, str | At]:
    return {
        "archived": words("record.ended"),
        "empty": At(BY, words("actions.told_by_missing")),
        "future": At(ON, words("actions.future")),
        "too_long_ago": At(ON, words("actions.too_long_ago")),
        "too_many": words("actions.told_too_often"),
    }


def told_lines(words: Words, told: Iterable[PlanTold]) -> list[str]:
    """Return what was last recorded about each party, in a sentence."""
    return [_line(words, each) for each in told]


def _line(words: Words, told: PlanTold) -> str:
    party = _parties(words)[told.party]
    written = words("actions.written", name=told.recorded_by, when=day_and_time(told.recorded_at))
    if told.told_on is None:
        return words("actions.was_not_told", party=party, why=told.why_not, written=written)
    return words("actions.was_told", party=party, day=show_date(told.told_on), name=told.told_by, written=written)


async def _show(request: web.Request, form: Form) -> web.Response:
    """Show the form. Who may not see the record's actions may not open it either."""
    record = await find_record(request)
    register = edition_of(request, record)
    here = record_actions_address(register, record.record_id)
    found, about = await asyncio.gather(
        ask(request, ListRecordActions(record_id=record.record_id)), whose(request, record)
    )
    if not record.is_open and not form.summary:
        return see_other(here)
    return await show(
        request,
        "actions/told.html",
        register=register,
        form=form,
        name=about.name,
        reference=record.reference,
        facts=about.facts,
        told=told_lines(register.words, found.told),
        back=list_address(request, is_open=record.is_open),
        record_href=register.record_address(record.record_id),
        actions_href=here,
        href=f"{here}{TOLD}",
    )
