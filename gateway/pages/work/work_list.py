"""The work list: urgent tasks with who has seen them, and the agenda of each area's next meeting."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from textwrap import shorten
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from gateway.keys import REGISTER
from gateway.pages.records.linked import linked_lines
from gateway.security.ids import sent_id, task_and_command
from gateway.ui.actions import ask, ask_if_there, notice, see_other
from gateway.ui.ages import age_in_words, days_since
from gateway.ui.form import sent_number
from gateway.ui.formats import day, day_and_time, light, lines, link, rating_mark
from gateway.ui.organisations import names_of_organisations
from gateway.ui.render import show
from gateway.ui.table import Cell, Column
from shared.contracts.outcomes import MOST_TASKS, AcknowledgeTask, DiscussTask, ListTasks, Tasks, TaskShown
from shared.contracts.referrals.naming import NamedRecord, NameRecords
from shared.ids import new_id
from shared.messages import Refused
from shared.registers.definition.lifecycle import Recipient
from shared.registers.definition.register import Definition
from shared.values import show_date

PATH = "work/"
DISCUSSED_PATH = "discussed/"
SEEN_FORM = "seen-form"
LONGEST_UPDATE = 200
DIGITS = 5  # the most that an offset may have

Names = Mapping[UUID, NamedRecord]


@dataclass(frozen=True, repr=False)
class Area:
    """The tasks for one area's next meeting."""

    name: str
    rows: list[list[Cell]]


@dataclass(frozen=True)
class TaskOffsets:
    """How many tasks of each kind the page skips."""

    urgent: int
    agenda: int

    def href(self, register: Definition) -> str:
        asked = [f"{name}={skip}" for name, skip in (("urgent", self.urgent), ("agenda", self.agenda)) if skip]
        return register.address(PATH) + ("?" + "&".join(asked) if asked else "")


async def show_work(request: web.Request) -> web.Response:
    register = _rated(request)
    place = TaskOffsets(*(sent_number(request.query, each, DIGITS, "0") for each in ("urgent", "agenda")))
    tasks = await ask(request, ListTasks(skip_urgent=place.urgent, skip_agenda=place.agenda))
    names = await _names(request, tasks)
    linked, organisations = await asyncio.gather(
        linked_lines(request, [(each.record_id, each.rating) for each in (names or {}).values()]),
        names_of_organisations(request, register),
    )
    rows = TaskCells(register, names or {}, organisations, tasks.as_at, linked)
    words = register.words
    return await show(
        request,
        "work/list.html",
        tasks=tasks,
        as_at=words("tasks.as_at", when=day_and_time(tasks.as_at)),
        said=_said(request, tasks),
        done="seen" in request.query or request.query.get("notice") in ("discussed", "put_back"),
        no_names=names is None,
        form_id=SEEN_FORM,
        urgent_columns=rows.urgent_columns,
        urgent=[rows.urgent(each) for each in rows.standing(tasks.urgent) if not each.is_met],
        met=[rows.urgent(each) for each in rows.standing(tasks.urgent) if each.is_met],
        agenda_columns=rows.agenda_columns,
        areas=_areas(register, rows, rows.standing(tasks.agenda)),
        discussed_columns=rows.discussed_columns,
        discussed=[rows.discussed(each) for each in tasks.discussed],
        urgent_steps=_urgent_steps(register, place, tasks),
        agenda_steps=_agenda_steps(register, place, tasks),
    )


async def acknowledge(request: web.Request) -> web.Response:
    """Mark a task as seen and return to the list. If another user saw it first, the list says who."""
    register = _rated(request)
    task_id, command_id = task_and_command((await request.post()).get("task", ""))
    here = register.address(PATH)
    try:
        seen = await ask(request, AcknowledgeTask(command_id=command_id, task_id=task_id))
    except Refused as refusal:
        if refusal.code != "closed":
            raise
        return see_other(here, "closed")
    return see_other(f"{here}?{'seen' if seen.is_asker else 'taken'}={task_id.hex}")


async def discuss(request: web.Request) -> web.Response:
    """Take a task off the agenda, or put it back, and return to the list."""
    register = _rated(request)
    task, version, wanted, command = _discussed_in(str((await request.post()).get("discuss", "")))
    here = register.address(PATH)
    try:
        await ask(
            request, DiscussTask(command_id=command, task_id=task, version=version, discussed=wanted == "discussed")
        )
    except Refused as refusal:
        if refusal.code not in ("closed", "changed"):
            raise
        return see_other(here, refusal.code)
    return see_other(here, wanted)


def _discussed_in(sent: str) -> tuple[UUID, int, str, UUID]:
    """Return the task, the version, what is wanted, and the command id of a button. Raise 400 if malformed."""
    task, version, wanted, command = (*sent.split("-"), "", "", "", "")[:4]
    if wanted not in ("discussed", "put_back") or not (version.isascii() and version.isdigit() and len(version) < 10):
        raise web.HTTPBadRequest
    return sent_id(task), int(version), wanted, sent_id(command)


def _rated(request: web.Request) -> Definition:
    """Return the register. Raise 404 for a register without a rating, which has no work list."""
    register = request[REGISTER]
    if register.rating is None:
        raise web.HTTPNotFound
    return register


async def _names(request: web.Request, tasks: Tasks) -> Names | None:
    """Return who the tasks are about; None if referrals does not answer, so that the tasks still appear."""
    record_ids = tuple(each.record_id for each in (*tasks.urgent, *tasks.agenda, *tasks.discussed))
    if not record_ids:
        return {}
    named = await ask_if_there(request, NameRecords(record_ids=record_ids))
    return {each.record_id: each for each in named.records} if named else None


def _said(request: web.Request, tasks: Tasks) -> str:
    """Return what the last pressed button did."""
    words = request[REGISTER].words
    texts = {
        "closed": words("tasks.closed"),
        "changed": words("tasks.changed"),
        "discussed": words("tasks.discussed"),
        "put_back": words("tasks.put_back"),
    }
    if said := notice(request, texts):
        return said
    if "seen" in request.query:
        return words("tasks.done")
    taken = next((each for each in tasks.urgent if each.task_id.hex == request.query.get("taken")), None)
    if taken is None or taken.seen_by is None or taken.seen_at is None:
        return ""
    return words("tasks.taken", name=taken.seen_by, when=day_and_time(taken.seen_at))


# ------------------------------------------------------------------------------------------------------------ the rows
class TaskCells:
    """Makes the cells of both tables. A task whose record has no name here appears by its reference."""

    def __init__(
        self,
        register: Definition,
        names: Names,
        organisations: Mapping[UUID, str],
        now: datetime,
        linked: Mapping[UUID, str],
    ) -> None:
        self._register = register
        self._linked = linked
        self._words = register.words
        self._names = names
        self._organisations = organisations
        self._now = now
        self._locality = register.form.by_name.get(register.person.get("locality", ""))
        self._lead = register.form.by_name.get(register.person.get("lead_professional", ""))
        self._update = register.form.by_name.get(register.person.get("latest_update", ""))
        self._told_again = told_again(register)

    @property
    def urgent_columns(self) -> list[Column]:
        return [*self._first_columns(), *self._last_columns(), self._news, Column(self._words("tasks.seen"))]

    @property
    def agenda_columns(self) -> list[Column]:
        return [*self._first_columns(), *self._last_columns(), self._news, self._talked]

    @property
    def discussed_columns(self) -> list[Column]:
        return [*self._first_columns(), self._news, self._talked]

    @property
    def _news(self) -> Column:
        return Column(self._update.label if self._update else self._words("tasks.last_outcome_column"))

    @property
    def _talked(self) -> Column:
        return Column(self._words("tasks.discussed_column"))

    def standing(self, tasks: Sequence[TaskShown]) -> tuple[TaskShown, ...]:
        """
        Return the tasks without those of a person who stands on the list with a more urgent record.

        An urgent record that no one has seen stays, since somebody must say that they have seen it.
        """
        return tuple(each for each in tasks if self._stands(each))

    def _stands(self, task: TaskShown) -> bool:
        named = self._names.get(task.record_id)
        is_unseen = named is not None and self._is_urgent(named) and task.seen_at is None
        return named is None or named.stands or is_unseen

    def _is_urgent(self, named: NamedRecord) -> bool:
        level = self._register.rating.level(named.rating) if self._register.rating and named.rating else None
        return level is not None and level.urgency == "urgent"

    def urgent(self, task: TaskShown) -> list[Cell]:
        waiting = lines(day_and_time(task.opened_at), self._age(task), self._second(task))
        first = self._first(task, area=self.area(task.locality) if self._locality else "")
        return [*first, *self._lead_of(task), waiting, self._news_of(task), self._seen(task)]

    def agenda(self, task: TaskShown) -> list[Cell]:
        rated = self._words("records.rated", when=days_since(task.opened_at, self._now, self._words))
        button = self._discuss_button(task, "discussed", self._words("tasks.discuss"))
        waiting = lines(day(task.opened_at), rated)
        return [*self._first(task), *self._lead_of(task), waiting, self._news_of(task), button]

    def discussed(self, task: TaskShown) -> list[Cell]:
        """Return a row of the tasks that are off the agenda."""
        when = day_and_time(task.discussed_at) if task.discussed_at else ""
        said = self._words("tasks.discussed_by", name=task.discussed_by or "", when=when)
        button = self._discuss_button(task, "put_back", self._words("tasks.undo"))
        return [*self._first(task), self._news_of(task), lines(said, button)]

    def _news_of(self, task: TaskShown) -> Cell:
        """Return the beginning of the latest update, and the last outcome."""
        named = self._names.get(task.record_id)
        update = shorten(named.latest_update, LONGEST_UPDATE, placeholder=" …") if named else ""
        return lines(update, self._last_outcome(task))

    def _last_outcome(self, task: TaskShown) -> str:
        if task.last_outcome is None:
            return ""
        said = ", ".join(filter(None, (day(task.last_outcome.recorded_at), task.last_outcome.said)))
        return self._words("tasks.last_outcome", said=said)

    def area(self, code: str | None) -> str:
        """Return the name of a locality."""
        labels = self._locality.labels if self._locality else {}
        return labels.get(code or "", code or self._words("tasks.no_place"))

    def _first_columns(self) -> list[Column]:
        organisation = [] if self._register.scope else [Column(self._register.words("administration.organisation"))]
        return [Column(self._words("tasks.name")), *organisation]

    def _last_columns(self) -> list[Column]:
        lead = [Column(self._lead.label)] if self._lead else []
        return [*lead, Column(self._words("tasks.waiting_since"))]

    def _first(self, task: TaskShown, area: str = "") -> list[Cell]:
        named = self._names.get(task.record_id)
        href = self._register.record_address(task.record_id)
        reference = Markup('<span class="ics-work__reference">{}</span>').format(task.reference)
        name = Markup('<a class="nhsuk-link" href="{}">{}</a>').format(href, named.name if named else reference)
        born = light(show_date(named.born)) if named and named.born else ""
        linked = light(self._linked.get(task.record_id, ""))
        rating = rating_mark(self._register, named.rating) if named else ""
        if task.organisation_id is None:
            return [lines(name, born, rating, linked, reference, area) if named else lines(name, area)]
        whom = lines(name, born, rating, linked, reference) if named else name
        return [whom, lines(self._organisations.get(task.organisation_id, ""), area)]

    def _lead_of(self, task: TaskShown) -> list[Cell]:
        named = self._names.get(task.record_id)
        lead = lines(named.lead_professional, named.lead_professional_contact) if named else ""
        return [lead] if self._lead else []

    def _age(self, task: TaskShown) -> str:
        return self._words("tasks.waiting", age=age_in_words(task.opened_at, self._now, self._words))

    def _second(self, task: TaskShown) -> str:
        """
        Return who was alerted because the task was unseen, and when; or who will be, and after how many minutes.

        No one will be where no one was mailed about the rating.
        """
        if not self._told_again:
            return ""
        if task.told_again_at:
            return self._words("tasks.second_told", when=day_and_time(task.told_again_at), who=self._told_again)
        if task.seen_at:
            return ""
        if not task.is_told:
            return self._words("tasks.second_not_told")
        minutes = self._register.lifecycle.urgent_minutes
        return self._words("tasks.second_told_after", minutes=minutes, who=self._told_again)

    def _seen(self, task: TaskShown) -> Cell:
        if task.seen_by and task.seen_at:
            return self._words("tasks.seen_by", name=task.seen_by, when=day_and_time(task.seen_at))
        named = self._names.get(task.record_id)
        return lines(self._not_seen(), self._button(task, named.name if named else task.reference))

    def _not_seen(self) -> Markup:
        return Markup("<strong>{}</strong>").format(self._words("tasks.not_seen"))

    def _button(self, task: TaskShown, about: str) -> Markup:
        """Return the "seen" button of the page's only form. Each button sends its own command id."""
        return Markup(
            '<button class="nhsuk-button nhsuk-button--small ics-work__button" data-module="nhsuk-button"'
            ' data-prevent-double-click="true" type="submit" form="{}" name="task" value="{}-{}">{}'
            '<span class="nhsuk-u-visually-hidden"> {}</span></button>'
        ).format(SEEN_FORM, task.task_id.hex, new_id().hex, self._words("tasks.acknowledge"), about)

    def _discuss_button(self, task: TaskShown, wanted: str, label: str) -> Markup:
        """Return a button that takes the task off the agenda or puts it back, as the page shows the record."""
        named = self._names.get(task.record_id)
        return Markup(
            '<button class="nhsuk-button nhsuk-button--small nhsuk-button--secondary ics-work__button"'
            ' data-module="nhsuk-button" data-prevent-double-click="true" type="submit" form="{}" formaction="{}"'
            ' name="discuss" value="{}-{}-{}-{}">{}<span class="nhsuk-u-visually-hidden"> {}</span></button>'
        ).format(
            SEEN_FORM,
            self._register.address(DISCUSSED_PATH),
            task.task_id.hex,
            task.version,
            wanted,
            new_id().hex,
            label,
            named.name if named else task.reference,
        )


def told_again(register: Definition) -> str:
    """Return whom the register alerts if an urgent record is not seen in time."""
    words = register.words
    who: dict[Recipient, str] = {
        "team": register.contact.team,
        "submitter": words("tasks.recipients.submitter"),
        "administrators": words("tasks.recipients.administrators"),
        "colleague": "",  # is never told of what no one has seen
    }
    rules = [each for each in register.notifications if each.concerns("urgent_not_seen", "urgent")]
    named = dict.fromkeys(who[to] for each in rules for to in each.to)
    return ", ".join((*named, *([words("tasks.recipients.others")] if any(each.addresses for each in rules) else [])))


def _areas(register: Definition, rows: TaskCells, tasks: tuple[TaskShown, ...]) -> list[Area]:
    """Group the agenda by locality. Tasks arrive sorted by locality."""
    return [
        Area(rows.area(code), [rows.agenda(task) for task in of_area])
        for code, of_area in groupby(tasks, key=lambda task: task.locality)
    ]


# ------------------------------------------------------------------------------------------------- further than 50 rows
def _urgent_steps(register: Definition, place: TaskOffsets, tasks: Tasks) -> list[Markup]:
    more = place.urgent + len(tasks.urgent) < tasks.counts.urgent
    before, after = (TaskOffsets(skip, place.agenda) for skip in _around(place.urgent))
    return _steps(register, register.words("tasks.urgent"), before if place.urgent else None, after if more else None)


def _agenda_steps(register: Definition, place: TaskOffsets, tasks: Tasks) -> list[Markup]:
    before, after = (TaskOffsets(place.urgent, skip) for skip in _around(place.agenda))
    more = after if tasks.more_agenda else None
    return _steps(register, register.words("tasks.agenda"), before if place.agenda else None, more)


def _around(skip: int) -> tuple[int, int]:
    return max(skip - MOST_TASKS, 0), skip + MOST_TASKS


def _steps(register: Definition, about: str, before: TaskOffsets | None, after: TaskOffsets | None) -> list[Markup]:
    words = register.words
    steps = ((words("table.previous"), before), (words("table.next"), after))
    return [link(text, place.href(register), about) for text, place in steps if place]
