"""The rules of meetings: areas and their next meeting, the cut-off, the minutes, and who is missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from shared.contracts.meetings import Attendee
from shared.contracts.referrals.answers import Answers, InvalidAnswers
from shared.messages import Refused
from shared.registers.definition.meetings import MeetingRules
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import codes_of
from shared.registers.form.reading import read_answers
from shared.values import LONDON, fold, london_day

# In bytes: the minutes of one item, those of the meeting before and the addenda of both fit into one message.
MOST_TYPED = 150_000
MOST_ADDED = 60_000


# ------------------------------------------------------------------------------------------------------- days and areas
def day_start(day: date) -> datetime:
    """Return the moment at which a day begins in London."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


def cut_off(starts_at: datetime, days: int) -> datetime:
    """Return the last moment of the London day that is so many days before the meeting."""
    return day_start(london_day(starts_at) - timedelta(days=days - 1)) - timedelta(microseconds=1)


@dataclass(frozen=True)
class AreaSeries:
    """A series as far as it decides which people its meetings take."""

    series_id: UUID
    locality: str | None
    cut_off_days: int
    is_active: bool


@dataclass(frozen=True)
class PlannedMeeting:
    """A meeting that is planned."""

    meeting_id: UUID
    series_id: UUID
    starts_at: datetime


@dataclass(frozen=True)
class WantedAgenda:
    """
    The agenda of a planned meeting in the form that the SQL function `agenda_ids` reads.

    It says what `after` and `cut_off` mean. `others` are the localities of other active series. `whole_is_free`: no
    active series covers the whole register.
    """

    register_code: str
    series_id: UUID
    meeting_id: UUID
    locality: str | None
    others: Sequence[str]
    whole_is_free: bool
    after: datetime | None
    cut_off: datetime | None
    today: datetime


@dataclass(frozen=True)
class MeetingPlan:
    """The series of a register and its planned meetings, from which each meeting's part of the people follows."""

    register_code: str
    series: Sequence[AreaSeries]
    planned: Sequence[PlannedMeeting]

    def agenda(self, meeting: PlannedMeeting, today: date) -> WantedAgenda:
        """
        Return the agenda that a planned meeting has now.

        Only a meeting of an active series that is still to come takes people by itself. So nobody waits for a meeting
        that was forgotten.
        """
        coming = self.coming(meeting.series_id, today)
        if meeting not in coming:
            return self._wanted(meeting, today, takes=False)
        place = coming.index(meeting)
        return self._wanted(meeting, today, before=coming[place - 1] if place else None)

    def agenda_at_start(self, meeting: PlannedMeeting, today: date) -> WantedAgenda:
        """Return the agenda with which a meeting starts: that of the next one of its area, though its day is past."""
        return self._wanted(meeting, today, takes=self._series(meeting).is_active)

    def coming(self, series_id: UUID, today: date) -> list[PlannedMeeting]:
        """Return the meetings of an active series that are planned for today or later, the next first."""
        if not any(each.series_id == series_id and each.is_active for each in self.series):
            return []
        found = [each for each in self.planned if each.series_id == series_id and london_day(each.starts_at) >= today]
        return sorted(found, key=lambda each: (each.starts_at, each.meeting_id))

    def without_meeting(self, localities: Iterable[str], today: date) -> tuple[str, ...]:
        """Return those of the localities whose area has no meeting that is still to come."""
        meeting = {each.locality for each in self._active() if self.coming(each.series_id, today)}
        own = {each.locality for each in self._active()}
        return tuple(each for each in localities if (each if each in own else None) not in meeting)

    def _active(self) -> list[AreaSeries]:
        return [each for each in self.series if each.is_active]

    def _series(self, meeting: PlannedMeeting) -> AreaSeries:
        return next(each for each in self.series if each.series_id == meeting.series_id)

    def _wanted(
        self, meeting: PlannedMeeting, today: date, *, before: PlannedMeeting | None = None, takes: bool = True
    ) -> WantedAgenda:
        series, active = self._series(meeting), self._active()
        return WantedAgenda(
            register_code=self.register_code,
            series_id=series.series_id,
            meeting_id=meeting.meeting_id,
            locality=series.locality,
            others=[each.locality for each in active if each.locality is not None],
            whole_is_free=all(each.locality is not None for each in active),
            after=cut_off(before.starts_at, series.cut_off_days) if before else None,
            cut_off=cut_off(meeting.starts_at, series.cut_off_days) if takes else None,
            today=day_start(today),
        )


# -------------------------------------------------------------------------------------------------------------- minutes
@dataclass(frozen=True, repr=False)
class CheckedMinutes:
    """Minutes to store. `decision` is a code, and `carries` says whether it puts the person on the next agenda."""

    edition: str
    answers: Answers
    is_done: bool
    decision: str = ""
    carries: bool = False


def meetings_of(register: Definition) -> MeetingRules:
    """Return the rules of the register's meetings. Refused as `no_meetings`."""
    if register.meetings is None:
        raise Refused("no_meetings")
    return register.meetings


def checked_minutes(register: Definition, answers: Answers, day: date, *, done: bool) -> CheckedMinutes:
    """Return the minutes to store. Refused as `unknown_edition` or `invalid_answers`."""
    if register.meetings is None:
        raise Refused("unknown_edition")
    if sum(len(part.encode()) for answer in answers.values() for part in codes_of(answer)) > MOST_TYPED:
        raise Refused(InvalidAnswers(faults=1))
    if not done:
        return CheckedMinutes(register.edition, _draft(register.meetings, answers), is_done=False)
    checked = read_answers(register.meetings.minutes, answers, register.words, day)
    if not checked.ok:
        raise Refused(InvalidAnswers(faults=len(checked.faults) + len(checked.unknown)))
    decision = checked.answers.get(register.meetings.decision, "")
    code = decision if isinstance(decision, str) else ""
    return CheckedMinutes(register.edition, checked.answers, True, code, code in register.meetings.carried_by)


def _draft(rules: MeetingRules, answers: Answers) -> Answers:
    """Return a draft as it was typed. Refused as `invalid_answers` for what the form does not ask."""
    unknown = answers.keys() - rules.minutes.by_name.keys()
    if unknown:
        raise Refused(InvalidAnswers(faults=len(unknown)))
    return answers


def decided(register: Definition, code: str) -> str:
    """Return a decision in words."""
    question = register.meetings.minutes.by_name.get(register.meetings.decision) if register.meetings else None
    return question.labels.get(code, code) if question and code else code


# --------------------------------------------------------------------------------------------------- agenda, attendance
def missing(services: Iterable[str], attendance: Iterable[Attendee]) -> tuple[str, ...]:
    """Return the required services without anyone present. Capitals and accents make no difference."""
    present = {fold(each.service) for each in attendance if each.presence == "present"}
    return tuple(each for each in services if fold(each) not in present)


def neighbours(opened: Sequence[UUID | None], place: int) -> tuple[UUID | None, UUID | None]:
    """Return the records before and after a place, counted from 0. None stands for one that may not be opened."""
    before = (each for each in reversed(opened[:place]) if each is not None)
    after = (each for each in opened[place + 1 :] if each is not None)
    return next(before, None), next(after, None)
