"""A record's rating over time, drawn as a line through bands from its history; reviews and outcomes are dots."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate
from typing import Literal

from gateway.ui.formats import day, day_and_time
from gateway.ui.table import Column
from shared.contracts.outcomes import Outcomes, OutcomeShown
from shared.contracts.referrals.reading import History, Past, RecordShown
from shared.registers.definition.lifecycle import Level, Rating
from shared.registers.definition.register import Definition

BAND = 32  # pixels; also the height of the labels next to the bands
EDGE = 2.0  # per cent left free at both ends, so that no dot is cut off

MarkKind = Literal["reviewed", "outcome", "ending", "in_error"]


@dataclass(frozen=True)
class Band:
    level: Level
    top: int


@dataclass(frozen=True)
class Step:
    """How long one rating held. `left` and `right` are per cent of the picture; `height` is in pixels from the top."""

    left: str
    right: str
    height: int


@dataclass(frozen=True)
class Mark:
    """Something that happened at one moment, shown on the line."""

    kind: MarkKind
    left: str
    height: int


@dataclass(frozen=True)
class Legend:
    kind: MarkKind
    words: str


@dataclass(frozen=True)
class RatingLine:
    """The picture, and the same facts as the rows of a table. `notes` say what is left out."""

    title: str
    height: int
    bands: tuple[Band, ...]
    steps: tuple[Step, ...]
    marks: tuple[Mark, ...]
    legends: tuple[Legend, ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    first: str
    last: str
    notes: tuple[str, ...]

    @property
    def has_changed(self) -> bool:
        """Whether there is a second rating, or perhaps an older one that is not shown here."""
        return len(self.steps) > 1 or bool(self.notes)


@dataclass(frozen=True)
class Moment:
    """One thing that happened. A `level` means that the record had this rating from then on."""

    at: datetime
    who: str = field(repr=False)
    level: Level | None = None
    kind: MarkKind | None = None


def rating_line(
    register: Definition, record: RecordShown, past: Past, outcomes: Outcomes | None, now: datetime
) -> RatingLine | None:
    """
    Return the line of a record, until now or until it ended; None if it has no rating.

    Pass None for `outcomes` if they are not shown.
    """
    rating, history = register.rating, past.history
    moments = [*_ratings(rating, record, past), *_reviews(history)] if rating else []
    rated = [moment for moment in moments if moment.level]
    if rating is None or not rated:
        return None
    start = min(moment.at for moment in rated)
    moments += [moment for moment in _outcomes(outcomes) if moment.at >= start]
    end = max(record.ended_at or now, start)
    drawing = _Drawing(rating, start, end, sorted(rated, key=lambda moment: moment.at))
    line = _line(register, drawing, sorted(moments, key=lambda moment: moment.at), _notes(register, history, outcomes))
    return replace(line, last=day(record.ended_at)) if record.ended_at else line


def _ratings(rating: Rating, record: RecordShown, past: Past) -> list[Moment]:
    """Return the ratings, oldest first. None begins before the one that it replaces, whatever its own date is."""
    found = list(_newest_first(rating, record, past))[::-1]
    moments = accumulate((each.at for each in found), max)
    return [replace(each, at=at) for each, at in zip(found, moments, strict=True)]


def _newest_first(rating: Rating, record: RecordShown, past: Past) -> Iterator[Moment]:
    """Yield the ratings. Each change says what was before it."""
    history, code = past.history, record.answers.get(rating.question)
    for change in (*history.updates, *(past.older_ratings or ())):
        for answered in change.changes:
            if answered.name == rating.question:
                given = change.rated_at or change.changed_at
                yield Moment(given, change.changed_by, _level(rating, answered.after))
                code = answered.before
    if history.older and past.older_ratings is None:
        yield Moment(history.updates[-1].changed_at, "", _level(rating, code))
    else:
        yield Moment(history.rated_at or history.created_at, history.created_by, _level(rating, code))


def _level(rating: Rating, code: object) -> Level | None:
    return rating.level(code) if isinstance(code, str) else None


def _reviews(history: History) -> Iterator[Moment]:
    for change in history.updates:
        if change.act == "reviewed":
            yield Moment(change.changed_at, change.changed_by, kind="reviewed")


def _outcomes(outcomes: Outcomes | None) -> Iterator[Moment]:
    for each in outcomes.outcomes if outcomes else ():
        if each.counted:
            yield Moment(each.recorded_at, each.recorded_by, kind=_kind_of(each))


def _kind_of(outcome: OutcomeShown) -> MarkKind:
    if not outcome.ending:
        return "outcome"
    return "in_error" if outcome.reversed else "ending"


def _notes(register: Definition, history: History, outcomes: Outcomes | None) -> tuple[str, ...]:
    words = register.words
    older = (words("rating_line.older"),) if history.older else ()
    return (*older, words("rating_line.older_outcomes")) if outcomes and outcomes.more else older


@dataclass(frozen=True)
class _Drawing:
    """Positions in the picture. Time runs from left to right, and the rating's last level is at the top."""

    rating: Rating
    start: datetime
    end: datetime
    rated: Sequence[Moment]

    def left(self, moment: datetime) -> str:
        whole = (self.end - self.start).total_seconds()
        share = (min(moment, self.end) - self.start).total_seconds() / whole if whole else 0.0
        return f"{EDGE + share * (100 - 2 * EDGE):.2f}%"

    def top(self, level: Level) -> int:
        return BAND * (len(self.rating.levels) - 1 - self.rating.levels.index(level))

    def height(self, level: Level) -> int:
        return self.top(level) + BAND // 2

    def steps(self) -> Iterator[Step]:
        ends = [moment.at for moment in self.rated[1:]] + [self.end]
        for moment, end in zip(self.rated, ends, strict=True):
            if moment.level:
                yield Step(self.left(moment.at), self.left(end), self.height(moment.level))

    def mark(self, kind: MarkKind, at: datetime) -> Mark:
        holding = [moment.level for moment in self.rated if moment.at <= at and moment.level]
        return Mark(kind, self.left(at), self.height(holding[-1]))


def _line(register: Definition, drawing: _Drawing, moments: Sequence[Moment], notes: tuple[str, ...]) -> RatingLine:
    words, levels, said = register.words, drawing.rating.levels, _said(register)
    marks = tuple(drawing.mark(moment.kind, moment.at) for moment in moments if moment.kind)
    newest = drawing.rated[-1]
    now = words("rating_line.now", rating=newest.level.label if newest.level else "", when=day(newest.at))
    return RatingLine(
        title=f"{words('rating_line.heading')}: {now}",
        height=BAND * len(levels),
        bands=tuple(Band(level, drawing.top(level)) for level in reversed(levels)),
        steps=tuple(drawing.steps()),
        marks=marks,
        legends=tuple(Legend(kind, text) for kind, text in said.items() if kind in {mark.kind for mark in marks}),
        columns=(
            Column(words("rating_line.when")),
            Column(words("rating_line.what")),
            Column(words("rating_line.who")),
        ),
        rows=tuple(_row(register, said, moment) for moment in reversed(moments)),
        first=day(drawing.start),
        last=words("rating_line.today"),
        notes=notes,
    )


def _said(register: Definition) -> dict[MarkKind, str]:
    words = register.words
    return {
        "reviewed": words("rating_line.reviewed"),
        "outcome": words("rating_line.outcome"),
        "ending": words("rating_line.ending"),
        "in_error": words("rating_line.in_error"),
    }


def _row(register: Definition, said: Mapping[MarkKind, str], moment: Moment) -> tuple[str, ...]:
    rated = register.words("rating_line.rated", rating=moment.level.label) if moment.level else ""
    what = said[moment.kind] if moment.kind else rated
    return (day_and_time(moment.at), what, moment.who or register.words("page.not_recorded"))
