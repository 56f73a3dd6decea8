"""Downloading the list as it is filtered, searched and scoped now: a report of its records (R-USE-005)."""

import asyncio
from uuid import UUID

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.records.record_list import show_list, wanted_in
from gateway.pages.reporting.dashboard import job_address
from gateway.security.ids import command_in
from gateway.ui.actions import ask, see_other
from shared.contracts.referrals.listing import ListRecords, RecordPage
from shared.contracts.reports import MOST_CHOSEN, StartReport
from shared.messages import Refused
from shared.registers.definition.dashboards import Report
from shared.registers.definition.register import Definition

PAGE_LENGTH = 100
ATTEMPTS = 3


class _Changing(Exception):
    """Users save records so quickly that no reading of the list is whole."""


async def download_list(request: web.Request) -> web.Response:
    """Start the report, and lead to its page. If the list cannot be downloaded, show it with the reason."""
    register, posted = request[REGISTER], await request.post()
    command, words = command_in(posted), register.words
    wanted = (await wanted_in(request, posted)).model_copy(update={"page": 1})
    report = list_report(register, ended=wanted.ended)
    if report is None:
        raise web.HTTPNotFound
    try:
        chosen = await _chosen(request, wanted)
    except _Changing:
        return await show_list(request, wanted, words("records.changing"))
    except Refused as refusal:
        if refusal.code != "too_many":
            raise
        return await show_list(request, wanted, words("records.too_many", count=f"{MOST_CHOSEN:,}"))
    if chosen == ():
        return await show_list(request, wanted, words("records.none_to_download"))
    try:
        job = await ask(request, StartReport(command_id=command, report=report.code, record_ids=chosen))
    except Refused as refusal:
        if refusal.code != "too_many":
            raise
        return await show_list(request, wanted, words("reporting.too_many"))
    return see_other(job_address(register, job.job_id), "started")


def list_report(register: Definition, *, ended: bool) -> Report | None:
    """Return the report that holds what the list can hold: the first without an age limit, of open or ended records."""
    records = "ended" if ended else "active"
    return next((each for each in register.reporting.reports if each.records == records and each.ages is None), None)


async def _chosen(request: web.Request, wanted: ListRecords) -> tuple[UUID, ...] | None:
    """
    Return the records of the list; None for a list without filter or search, which needs no ids.

    The pages are read together. If they do not add up, a record moved from one to another meanwhile: they are read
    again. Refused as `too_many`.
    """
    if wanted.ended or not (wanted.search or wanted.narrowing.is_any):
        return None
    for _ in range(ATTEMPTS):
        first = await _page(request, wanted, 1)
        if first.capped or first.matches > MOST_CHOSEN:
            raise Refused("too_many")
        later = range(2, -(-first.matches // PAGE_LENGTH) + 1)
        pages = [first, *await asyncio.gather(*(_page(request, wanted, number) for number in later))]
        found = dict.fromkeys(row.record_id for page in pages for row in page.rows)
        if {len(found)} == {page.matches for page in pages}:
            return tuple(found)
    raise _Changing


async def _page(request: web.Request, wanted: ListRecords, number: int) -> RecordPage:
    return await ask(request, wanted.model_copy(update={"page": number, "length": PAGE_LENGTH}))
