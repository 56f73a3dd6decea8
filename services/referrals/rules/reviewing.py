"""Rules about reviews: the answers that a review may give, and the rating that it confirms."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.contracts.referrals.answers import InvalidAnswers
from shared.contracts.referrals.reviews import Due
from shared.contracts.referrals.saving import ReviewRecord
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.definition.reviews import ReviewRules
from shared.registers.form.conditions import Answer, Answers, visible_questions
from shared.registers.form.consistency import contradictions, unchanged
from shared.registers.form.kept import edition_for
from shared.registers.form.person import rating_of
from shared.registers.form.reading import read_answers
from shared.registers.form.reviewing import SOON
from shared.registers.form.showing import differences
from shared.values import LONDON

YEARS_AHEAD = 2
FIRST_HOUR, LAST_HOUR = 7, 20  # when reminders are sent, in London
ONE_DAY = timedelta(days=1)


def reviewed_answers(register: Definition, before: Answers, asked: ReviewRecord, day: date) -> Answers:
    """
    Return the record's answers with those that the review gives. Refused as `invalid_answers`.

    Only what the review gives can be wrong with it: its own answers, its day, and rules that it newly breaks. What else
    the form would ask is asked at the next update.
    """
    given: dict[str, str] = {name: answer for name, answer in _given(register, asked) if answer and answer.strip()}
    faults = _faults_of_day(asked.next_review, day)
    edition = edition_for(register, before)
    names = {question.name for question in edition.form.asked}
    given |= _given_on(edition, before, given, day)
    sent = {name: answer for name, answer in {**before, **given}.items() if name in names}
    after: dict[str, Answer] = dict(before)
    if given:
        checked = read_answers(edition.form, sent, register.words, day, before)
        after |= {name: checked.answers[name] for name in given if name in checked.answers}
        lost = {name for name in given if name not in checked.answers}
        faults += len(lost | _newly_wrong(edition, before, sent, day))
    if faults:
        raise Refused(InvalidAnswers(faults=faults))
    return after


def _given(register: Definition, asked: ReviewRecord) -> tuple[tuple[str, str | None], ...]:
    """Return the answers that a review gives, by question. A question that the register lacks has no name."""
    rating = register.rating.question if register.rating else ""
    return (rating, asked.rating), (register.person.get("latest_update", ""), asked.update)


def _given_on(edition: Definition, before: Answers, given: Answers, day: date) -> dict[str, str]:
    """Return the day of a rating that the review changes, if the form asks for one: the earlier day is not its day."""
    rating = edition.rating
    if rating is None or rating.given_on is None or given.get(rating.question) in (None, before.get(rating.question)):
        return {}
    asked = {question.name for question in visible_questions(edition.form, {**before, **given})}
    return {rating.given_on: day.isoformat()} if rating.given_on in asked else {}


@dataclass(frozen=True)
class DueTime:
    """
    Reviews due from the first day until before the last, and the intervals by level that say when.

    None as the first day is the beginning. None as the last day asks for every record, and the intervals only sort.
    """

    from_day: date | None
    until_day: date | None
    levels: tuple[str, ...]
    days: tuple[int, ...]


def due_time(register: Definition, dues: Collection[Due], day: date) -> DueTime:
    """Return which reviews are due in one of these ways, as the store asks for them. Without any: every record."""
    reviews = register.reviews or ReviewRules()
    days = {name: each for name in reviews.names if (each := reviews.days(name)) is not None}
    last = day + SOON + ONE_DAY if "soon" in dues else day
    return DueTime(
        day if "overdue" not in dues and dues else None,
        last if dues else None,
        tuple(days),
        tuple(days.values()),
    )


def is_time_to_remind(moment: datetime) -> bool:
    """Check whether it is day in London. What an evening's restart would send waits for the next morning."""
    return FIRST_HOUR <= moment.astimezone(LONDON).hour < LAST_HOUR


def _faults_of_day(next_review: date | None, day: date) -> int:
    return int(next_review is not None and not day <= next_review <= _latest(day))


def _latest(day: date) -> date:
    """Return the last day that may be agreed for the next review. Two years after 29 February it is 28 February."""
    is_leap = (day.month, day.day) == (2, 29)
    return date(day.year + YEARS_AHEAD, day.month, 28 if is_leap else day.day)


def _newly_wrong(edition: Definition, before: Answers, sent: Answers, day: date) -> set[str]:
    """Return the questions whose answers break a rule that they did not break before."""
    names = {question.name for question in edition.form.asked}
    kept = {name: answer for name, answer in before.items() if name in names}
    earlier = read_answers(edition.form, kept, edition.words, day, before).faults
    faults = read_answers(edition.form, sent, edition.words, day, before).faults
    broken = {name for name in faults if name in sent and name not in earlier}
    for found in contradictions(edition.form, sent, edition.words, day):
        if not unchanged(found, sent, before):
            broken.update(found.at)
    return broken


def changes_of(
    register: Definition, before: Answers, after: Answers
) -> tuple[tuple[str, Answer | None, Answer | None], ...]:
    """Return what a review changes: each question with its answers before and after."""
    names = [each.name for each in differences(register.form, before, after)]
    return tuple((name, before.get(name), after.get(name)) for name in names)


def rating_that_stands(register: Definition, answers: Answers, *, is_reviewed: bool) -> str | None:
    """
    Return the code of the rating that a review confirms or gives. None without ratings, if the register reviews.

    Refused as `no_rating` if there is no rating, or nothing to review.
    """
    level = rating_of(register, answers)
    if level is not None:
        return level.code
    if register.rating or not is_reviewed:
        raise Refused("no_rating")
    return None
