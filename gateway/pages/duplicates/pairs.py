"""Possible duplicates: pairs of records side by side, which the register's team links or dismisses."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER, VISITOR
from gateway.pages.records.ended_before import ended_before
from gateway.security.ids import command_in, sent_id
from gateway.ui.actions import act_in, ask, ask_if_there, attempt, notice, see_other
from gateway.ui.compare import side_by_side
from gateway.ui.form import Form, Posted
from gateway.ui.formats import day, day_and_time
from gateway.ui.organisations import organisation_names
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.contracts.referrals.duplicates import (
    CountDuplicates,
    DecideDuplicate,
    DuplicateDecision,
    DuplicateVerdict,
    ListDuplicates,
    PossibleDuplicate,
    RecordCompared,
)
from shared.ids import new_id
from shared.permissions import Permission
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words

PAGE = "duplicates/"
VERDICTS: dict[str, DuplicateVerdict] = {"link": "linked", "dismiss": "dismissed"}


@dataclass(frozen=True, repr=False)
class Pair:
    """Two records as the page compares them, and the command id of the decision."""

    one: RecordCompared
    other: RecordCompared
    found: str
    columns: list[Column]
    rows: list[list[Cell]]
    links: list[tuple[str, str]]
    before: list[Cell]
    command: UUID


async def show_duplicates(request: web.Request) -> web.Response:
    return await _show(request, Form(()))


async def decide_duplicate(request: web.Request) -> web.Response:
    register, form = request[REGISTER], Form(())
    decision = await attempt(request, _decision_in(await request.post()), form, {})
    if decision and decision.before:
        form.refuse(_said_before(register, decision), status=409)
    if decision is None or decision.before:
        return await _show(request, form)
    return see_other(register.address(PAGE), decision.verdict)


async def count_waiting(request: web.Request) -> int:
    """
    Return how many pairs wait for this visitor. Return 0 if the count is unavailable, so that the page still loads.
    """
    if not request[VISITOR].may(Permission.ADMINISTER):
        return 0
    counted = await ask_if_there(request, CountDuplicates())
    return counted.total if counted else 0


def _decision_in(posted: Posted) -> DecideDuplicate:
    one, other = (sent_id(posted.get(side, "")) for side in ("one", "other"))
    verdict = act_in(posted, VERDICTS.__getitem__)
    return DecideDuplicate(command_id=command_in(posted), one=one, other=other, verdict=verdict)


def _said_before(register: Definition, decision: DuplicateDecision) -> str:
    words, name, when = register.words, decision.decided_by, day_and_time(decision.decided_at)
    if decision.verdict == "linked":
        return words("duplicate.linked_before", name=name, when=when)
    return words("duplicate.dismissed_before", name=name, when=when)


async def _show(request: web.Request, form: Form) -> web.Response:
    """Show all pairs. Problems appear in a banner, because the page has one form for each pair."""
    register = request[REGISTER]
    words = register.words
    found = await ask(request, ListDuplicates())
    shown = {each.record_id for pair in found.pairs for each in (pair.one, pair.other)}
    names, before = await asyncio.gather(
        organisation_names(request, register), ended_before(request, register, sorted(shown))
    )
    return await show(
        request,
        "duplicates/pairs.html",
        status=form.status,
        pairs=[_pair(register, each, names, before) for each in found.pairs],
        said=notice(request, {"linked": words("duplicate.linked"), "dismissed": words("duplicate.dismissed")}),
        problem=form.refusal,
        behind=found.total - len(found.pairs),
    )


def _pair(
    register: Definition, found: PossibleDuplicate, names: Mapping[UUID, str], before: Mapping[UUID, list[Cell]]
) -> Pair:
    words, (one, other) = register.words, (found.one, found.other)
    labels = (words("duplicate.compared"), one.reference, other.reference, words("duplicate.result"))
    return Pair(
        one,
        other,
        _found(words, found),
        [Column(label) for label in labels],
        side_by_side(register, one, other, names),
        [(each.reference, register.record_address(each.record_id)) for each in (one, other)],
        list(dict.fromkeys([*before.get(one.record_id, ()), *before.get(other.record_id, ())])),
        new_id(),
    )


def _found(words: Words, pair: PossibleDuplicate) -> str:
    """Return when the pair was found, and why if no rule for duplicates found it."""
    when = words("duplicate.found", when=day(pair.found_at))
    return f"{when}. {words.group('duplicate.why')[pair.why]}" if pair.why else f"{when}."
