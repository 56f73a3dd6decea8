"""Possible duplicates: pairs of records beside each other, for the register's team to link or to tell apart."""

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from gateway.commands import command_in, new_command, without_answer
from gateway.comparing import side_by_side
from gateway.keys import ORGANISATIONS, REGISTER, VISITOR
from gateway.navigation import address
from gateway.page import Posted, see_other, show
from gateway.pages.records.finding import record_address
from gateway.rows import Cell, Column
from gateway.showing import day, day_and_time, organisation_names
from gateway.visitor import ask
from shared.contracts.referrals import (
    CountDuplicates,
    DecideDuplicate,
    DuplicateDecision,
    DuplicateVerdict,
    ListDuplicates,
    PossibleDuplicate,
    RecordCompared,
)
from shared.messages import NotAnswered
from shared.permissions import Permission
from shared.registers.definition import Definition

PAGE = "duplicates/"
VERDICTS: dict[str, DuplicateVerdict] = {"link": "linked", "dismiss": "dismissed"}


@dataclass(frozen=True)
class Pair:
    """Two records as the page compares them, and the id of what is about to be said of them."""

    one: RecordCompared
    other: RecordCompared
    found: str
    columns: list[Column]
    rows: list[list[Cell]]
    links: list[tuple[str, str]]
    command: UUID


async def show_duplicates(request: web.Request) -> web.Response:
    words = request[REGISTER].words.duplicate
    said = {"linked": words.linked, "dismissed": words.dismissed}.get(request.query.get("Msg", ""), "")
    return await _show(request, said=said)


async def decide_duplicate(request: web.Request) -> web.Response:
    register, posted = request[REGISTER], await request.post()
    try:
        decision = await ask(request, _decision_in(posted))
    except NotAnswered as unanswered:
        return await _show(request, problem=without_answer(register.words, unanswered), status=503)
    if decision.before:
        return await _show(request, problem=_said_before(register, decision), status=409)
    return see_other(address(register, f"{PAGE}?Msg={decision.verdict}"))


async def count_waiting(request: web.Request) -> int:
    """How many pairs wait for this visitor; none where that cannot be had, which must not cost the page."""
    if not request[VISITOR].may(Permission.ADMINISTER):
        return 0
    try:
        return (await ask(request, CountDuplicates())).total
    except NotAnswered:
        return 0


def _decision_in(posted: Posted) -> DecideDuplicate:
    try:
        one, other = (UUID(hex=str(posted.get(side, ""))) for side in ("one", "other"))
        verdict = VERDICTS[str(posted.get("act", ""))]
    except (ValueError, KeyError):
        raise web.HTTPBadRequest from None
    return DecideDuplicate(command_id=command_in(posted.get("command", "")), one=one, other=other, verdict=verdict)


def _said_before(register: Definition, decision: DuplicateDecision) -> str:
    words = register.words.duplicate
    said = words.linked_before if decision.verdict == "linked" else words.dismissed_before
    return said.format(name=decision.decided_by, when=day_and_time(decision.decided_at))


async def _show(request: web.Request, *, said: str = "", problem: str = "", status: int = 200) -> web.Response:
    register = request[REGISTER]
    found = await ask(request, ListDuplicates())
    names = organisation_names(register, await request.config_dict[ORGANISATIONS].of(register.code))
    pairs = [_pair(register, each, names) for each in found.pairs]
    behind = found.total - len(found.pairs)
    page = "duplicates/pairs.html"
    return await show(
        request, page, status=status, register=register, pairs=pairs, said=said, problem=problem, behind=behind
    )


def _pair(register: Definition, found: PossibleDuplicate, names: dict[UUID, str]) -> Pair:
    words, (one, other) = register.words.duplicate, (found.one, found.other)
    labels = (words.compared, one.reference, other.reference, words.result)
    return Pair(
        one,
        other,
        words.found.format(when=day(found.found_at)),
        [Column(label) for label in labels],
        side_by_side(register, one, other, names),
        [(each.reference, record_address(register, each.record_id)) for each in (one, other)],
        new_command(),
    )
