"""Showing one person to a meeting on a screen: no numbers, no date of birth, and no other person's name."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.meetings.addresses import meeting_address, meeting_id_in, meeting_rules, present_address
from gateway.pages.meetings.item import minutes_rows, read_about
from gateway.ui.formats import day_and_time, rating_mark
from gateway.ui.render import show
from gateway.ui.table import Cell
from shared.contracts.referrals.reading import RecordShown
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.person import person_of, rating_of


async def present(request: web.Request) -> web.Response:
    """Show the person. Whoever has declared an interest is led back to the agenda."""
    meeting_rules(request)
    register, words = request[REGISTER], request[REGISTER].words
    try:
        about = await read_about(request)
    except Refused as refusal:
        if refusal.code != "interest":
            raise
        return await show(
            request, "meetings/interest.html", declared=True, back=meeting_address(register, meeting_id_in(request))
        )
    item, record = about.item, about.record
    meeting_id = item.meeting.meeting_id
    return await show(
        request,
        "meetings/present.html",
        name=person_of(register, record.answers).full_name if record else words("meetings.present.not_here"),
        rating=_rating(register, record),
        update=_update(register, record),
        last=minutes_rows(request, item.last) if item.last else [],
        last_heading=words("meetings.item.last", when=day_and_time(item.last.starts_at)) if item.last else "",
        place=words("meetings.item.place", place=item.place, count=item.of),
        before=present_address(register, meeting_id, item.before) if item.before else "",
        after=present_address(register, meeting_id, item.after) if item.after else "",
        back=meeting_address(register, meeting_id),
    )


def _rating(register: Definition, record: RecordShown | None) -> Cell:
    level = rating_of(register, record.answers) if record else None
    return rating_mark(register, level.code) if level else ""


def _update(register: Definition, record: RecordShown | None) -> tuple[str, str]:
    """Return the question of the latest update with its answer; empty without one."""
    question = register.form.by_name.get(register.person.get("latest_update", ""))
    answer = record.answers.get(question.name, "") if record and question else ""
    return (question.label, answer) if question and isinstance(answer, str) and answer else ("", "")
