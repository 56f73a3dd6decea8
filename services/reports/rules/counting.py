"""Rules about counts: the answers by which a record is counted, and the panels made from the counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from uuid import UUID

from pydantic_core import from_json

from services.reports.rules.ages import band_of, next_band_on
from services.reports.rules.tiles import counts_ended, questions_counted, reports_gaps
from services.reports.rules.weeks import Moves, weeks_shown
from services.reports.workbook.due import counted_review, due_on, is_review
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.feed import FedRecord
from shared.contracts.reports import Count, TileShown, Week
from shared.registers.definition.dashboards import (
    AgeTile,
    OptionTile,
    OrganisationTile,
    RecordsCounted,
    ReviewTile,
    Tile,
    TotalTile,
    WeekTile,
)
from shared.registers.definition.register import Definition
from shared.registers.definition.reviews import EVERY_RECORD
from shared.registers.form.gaps import gaps_in
from shared.registers.form.person import rating_of
from shared.registers.form.reviewing import SOON
from shared.registers.load import Registers
from shared.values import day_of, london_day

# Cannot be the name of a question, since those begin with a letter.
TOTAL = "#total"
AGE = "#age"
DATED = "#dated"
GAP = "#gap"
OUTCOME = "#outcome:"
ENDED = "#ended:"
# Not stored: ended records of people who have an active one too. A tile that counts both takes them off.
ALSO_ACTIVE = "#also_active:"


@dataclass(frozen=True)
class CountedAnswer:
    """An answer to a question, by which a record is counted once."""

    question: str
    answer: str = field(repr=False)


@dataclass(frozen=True)
class Counted:
    """What a record adds to the tallies, until the day on which an age band of the person changes."""

    items: list[CountedAnswer]
    until: date | None


def counted_by(registers: Registers) -> str:
    """Return a text that says what every register counts. If it changes, all rows must be counted again."""
    return "; ".join(f"{each.code}: {', '.join(_counted_in(each))}" for each in registers.newest())


def _counted_in(register: Definition) -> tuple[str, ...]:
    panels = register.reporting.age_panels
    ended = [f"{ENDED}{each}" for each in questions_counted(register, "ended")]
    away = [f"{ENDED}{_edges(tile)}" for tile in panels if tile.of != "active"]
    total = (f"{ENDED}{TOTAL}",) if counts_ended(register) else ()
    bands = [_edges(tile) for tile in panels if tile.of != "ended"]
    gaps = tuple(f"{GAP} {each.name}" for each in register.form.asked if each.required and reports_gaps(register))
    return (
        *questions_counted(register, "active"),
        *bands,
        *_rated_by(register),
        *_reviewed_by(register),
        *total,
        *ended,
        *away,
        *gaps,
    )


def _rated_by(register: Definition) -> tuple[str, ...]:
    return (f"moves of {register.rating.question}",) if register.rating else ()


def _reviewed_by(register: Definition) -> tuple[str, ...]:
    return ("reviews",) if register.reviews else ()


def _edges(tile: AgeTile) -> str:
    at = f" at {tile.at}" if tile.at else ""
    return " ".join(band.code for band in tile.bands) + at


def counted_of(record: FedRecord, registers: Registers, day: date) -> Counted:
    """
    Return what a record counts for. A missing answer counts as not recorded.

    A record that is not open counts only for tiles of ended records, under names of its own.
    """
    if record.register_code not in registers:
        return Counted([_counted_answer(TOTAL, "")] if record.is_open else [], None)
    register = registers.find(record.register_code)
    if not (record.is_open or counts_ended(register)):
        return Counted([], None)
    lead = "" if record.is_open else ENDED
    items = [_counted_answer(f"{lead}{TOTAL}", "")]
    answers: Answers = from_json(record.answers)
    for name in questions_counted(register, "active" if record.is_open else "ended"):
        answer = answers.get(name, "")
        codes = [answer] if isinstance(answer, str) else answer or [""]
        items += [_counted_answer(f"{lead}{name}", code) for code in codes]
    items += [_counted_answer(GAP, name) for name in _gaps_of(record, registers, answers)]
    items += [
        _counted_answer(f"{lead}{DATED}{place}", _band_at(tile, tile.at, record.born, answers))
        for place, tile in _age_tiles(register, lead)
        if tile.at
    ]
    if register.reviews and record.is_open:
        items.append(_review_counted(register, record, answers))
    return _with_ages(register, items, record.born, day, lead)


def _review_counted(register: Definition, record: FedRecord, answers: Answers) -> CountedAnswer:
    """Return the one answer by which a record counts for its next review."""
    level = rating_of(register, answers)
    name, text = counted_review(
        level.code if level else "" if register.rating else EVERY_RECORD,
        london_day(record.rated_at),
        record.next_review,
        is_agreed=record.review_agreed_at == record.rated_at,
    )
    return _counted_answer(name, text)


def _gaps_of(record: FedRecord, registers: Registers, answers: Answers) -> tuple[str, ...]:
    """Return which mandatory answers an open record lacks, by the form that its next update fills in."""
    if not record.is_open or not reports_gaps(registers.find(record.register_code)):
        return ()
    editions = {each.edition: each for each in registers.editions(record.register_code)}
    return gaps_in(editions[record.edition], answers) if record.edition in editions else ()


def _age_tiles(register: Definition, lead: str) -> list[tuple[int, AgeTile]]:
    """Return the tiles by age that count ended records, if `lead` says so, or else open ones; each with its place."""
    other = "active" if lead else "ended"
    return [(place, tile) for place, tile in enumerate(register.reporting.age_panels) if tile.of != other]


def _band_at(tile: AgeTile, at: str, born: date | None, answers: Answers) -> str:
    """Return the band of the age on the date that is answered; empty if it is not known."""
    answer = answers.get(at, "")
    day = day_of(answer) if isinstance(answer, str) else None
    return "" if born is None or day is None or day < born else str(band_of(tile.bands, born, day))


@lru_cache(maxsize=10_000)
def _counted_answer(question: str, answer: str) -> CountedAnswer:
    """Return an answer that many records share."""
    return CountedAnswer(question, answer)


def counted_later(register: Definition, items: Sequence[CountedAnswer], born: date | None, day: date) -> Counted:
    """Return what a record counts for on this day, from what it counted for on an earlier one."""
    lead = ENDED if any(item.question.startswith(ENDED) for item in items) else ""
    kept = [item for item in items if not item.question.startswith(f"{lead}{AGE}")]
    return _with_ages(register, kept, born, day, lead)


def _with_ages(register: Definition, items: list[CountedAnswer], born: date | None, day: date, lead: str) -> Counted:
    changes = []
    for place, tile in _age_tiles(register, lead):
        if tile.at:
            continue
        band = "" if born is None else str(band_of(tile.bands, born, day))
        items.append(_counted_answer(f"{lead}{AGE}{place}", band))
        if born is not None and (change := next_band_on(tile.bands, born, day)):
            changes.append(change)
    return Counted(items, min(changes, default=None))


@dataclass(frozen=True)
class Overdue:
    """A record whose age band has changed since it was counted, and what it was counted for."""

    items: Sequence[CountedAnswer]
    born: date | None = field(repr=False)


@dataclass(frozen=True)
class LatestAnswer:
    """How many records have these codes as the latest answer in their outcomes. `lead` is that of their tallies."""

    lead: str
    codes: Sequence[str]
    count: int


def _leads(of: RecordsCounted) -> tuple[str, ...]:
    leads: dict[RecordsCounted, tuple[str, ...]] = {"active": ("",), "ended": (ENDED,), "all": ("", ENDED, ALSO_ACTIVE)}
    return leads[of]


@dataclass
class Tallies:
    """
    The counts of one register in a visitor's scope, at one moment.

    `organisations` are the totals of each organisation, of open and of ended records by their names.
    """

    organisations: dict[str, dict[UUID, int]] = field(default_factory=dict)
    answers: dict[str, dict[str, int]] = field(default_factory=dict)
    moves: dict[date, dict[str, int]] = field(default_factory=dict)

    def add(self, item: CountedAnswer, n: int) -> None:
        found = self.answers.setdefault(item.question, {})
        found[item.answer] = found.get(item.answer, 0) + n

    def take(self, item: CountedAnswer, organisation_id: UUID) -> None:
        """Take away what one record counts for; from the totals of its organisation too."""
        self.add(item, -1)
        if item.question.endswith(TOTAL):
            totals = self.organisations.setdefault(item.question, {})
            totals[organisation_id] = totals.get(organisation_id, 0) - 1

    def add_outcomes(self, question: str, latest: Iterable[LatestAnswer]) -> None:
        """
        Add how many records have each latest answer in their outcomes. All others count as not recorded.

        The totals must be those of people already: each person counts by one record here, as in the other panels.
        """
        for lead in _leads("all"):
            without = self.answers.get(f"{lead}{TOTAL}", {}).get("", 0)
            name = f"{lead}{OUTCOME}{question}"
            for each in latest:
                if each.lead == lead:
                    without -= each.count
                    for code in each.codes or ("",):
                        self.add(_counted_answer(name, code), each.count)
            self.add(_counted_answer(name, ""), without)

    def found(self, name: str, of: RecordsCounted) -> dict[str, int]:
        """
        Return the counts by answer of open records, of ended ones, or of both.

        None is below 0, even if outcomes were read a moment after the records.
        """
        found: dict[str, int] = {}
        for each in _leads(of):
            for answer, n in self.answers.get(f"{each}{name}", {}).items():
                found[answer] = found.get(answer, 0) + n
        return {answer: max(n, 0) for answer, n in found.items()}

    def move(self, week: date, level: str, n: int) -> None:
        """Add to the moves of a week."""
        found = self.moves.setdefault(week, {})
        found[level] = found.get(level, 0) + n

    def put_right(self, register: Definition, overdue: Iterable[Overdue], day: date) -> None:
        """Recount the records whose age band has changed but whose copies are not yet updated."""
        for each in overdue:
            for item in each.items:
                self.add(item, -1)
            for item in counted_later(register, each.items, each.born, day).items:
                self.add(item, 1)


@dataclass(frozen=True)
class Panels:
    """The panels of one register on a day. `editions` are newest first; older ones have labels for old answers."""

    editions: Sequence[Definition]
    organisations: Mapping[UUID, str]
    day: date

    def tiles(self, tallies: Tallies, shown: Iterable[Tile]) -> tuple[TileShown, ...]:
        return tuple(self._tile(tile, tallies) for tile in shown)

    def _tile(self, tile: Tile, tallies: Tallies) -> TileShown:
        match tile:
            case TotalTile():
                total = tallies.found(TOTAL, tile.of).get("", 0)
                return self._shown(tile, (Count(label=tile.title, count=total),))
            case OptionTile():
                return self._shown(tile, self._answers(tile, tallies))
            case AgeTile():
                return self._shown(tile, self._ages(tile, tallies))
            case OrganisationTile():
                return self._shown(tile, self._organisations(tile, tallies))
            case ReviewTile():
                return TileShown(kind=tile.kind, title=tile.title, counts=tuple(self._reviews(tallies)))
            case WeekTile():
                return self._weeks(tile, tallies.moves)

    def _shown(self, tile: TotalTile | OptionTile | AgeTile | OrganisationTile, counts: Iterable[Count]) -> TileShown:
        question = tile.question if isinstance(tile, OptionTile) else ""
        return TileShown(
            kind=tile.kind,
            title=tile.title,
            question=question,
            of=tile.of,
            by_outcome=self.editions[0].is_of_outcomes(question),
            at=tile.at or "" if isinstance(tile, AgeTile) else "",
            counts=tuple(counts),
        )

    def _answers(self, tile: OptionTile, tallies: Tallies) -> list[Count]:
        """
        Return a count for every option that is offered, even if it is 0.

        Other options and missing answers are added only if there are any.
        """
        by_outcome = self.editions[0].is_of_outcomes(tile.question)
        found = tallies.found(f"{OUTCOME}{tile.question}" if by_outcome else tile.question, tile.of)
        question = self.editions[0].counted_question(tile.question)
        offered = [option.code for option in question.offered] if question else []
        counts = self._counts(tile.question, offered, found)
        if tile.order == "highest_first":
            counts = highest_first(counts)
        return counts + self._counts(
            tile.question, sorted(each for each in found if found[each] and each not in offered), found
        )

    def _counts(self, question: str, codes: Iterable[str], found: Mapping[str, int]) -> list[Count]:
        return [Count(label=self._label(question, each), code=each, count=found.get(each, 0)) for each in codes]

    def _weeks(self, tile: WeekTile, moves: Moves) -> TileShown:
        """
        Return the panel of weeks, with every level that is offered.

        Another level is shown in all weeks if there is a record at it in any of them.
        """
        rating = self.editions[0].rating
        if rating is None:
            return TileShown(kind="by_week", title=tile.title)
        weeks = weeks_shown(moves, self.day)
        offered = [level.code for level in rating.levels]
        others = sorted({code for _, standing in weeks for code, n in standing.items() if n and code not in offered})
        shown = (
            Week(ends=ends, counts=tuple(self._counts(rating.question, [*offered, *others], standing)))
            for ends, standing in weeks
        )
        return TileShown(kind="by_week", title=tile.title, question=rating.question, weeks=tuple(shown))

    def _reviews(self, tallies: Tallies) -> list[Count]:
        """Return how many reviews are overdue, due soon and due later, and of how many records no day can be given."""
        register = self.editions[0]
        days = register.reviews.intervals.days if register.reviews and register.reviews.intervals else {}
        found = dict.fromkeys(("overdue", "soon", "later", "none"), 0)
        for name, answers in tallies.answers.items():
            for text, n in answers.items() if is_review(name) else ():
                found[self._due(due_on(name, text, days))] += n
        words = register.words
        labels = {
            **words.group("records.reviews"),
            "later": words("reporting.later"),
            "none": words("reporting.no_review"),
        }
        return [Count(label=labels[each], count=max(n, 0)) for each, n in found.items()]

    def _due(self, due: date | None) -> str:
        if due is None:
            return "none"
        return "overdue" if due < self.day else "soon" if due <= self.day + SOON else "later"

    def _label(self, question: str, code: str) -> str:
        if not code:
            return self.editions[0].words("page.not_recorded")
        known = filter(None, (each.counted_question(question) for each in self.editions))
        return next((each.labels[code] for each in known if code in each.labels), code)

    def _ages(self, tile: AgeTile, tallies: Tallies) -> Iterable[Count]:
        place = self.editions[0].reporting.age_panels.index(tile)
        found = tallies.found(f"{DATED if tile.at else AGE}{place}", tile.of)
        for number, band in enumerate(tile.bands):
            yield Count(label=band.label, count=found.get(str(number), 0))
        if not_known := found.get("", 0):
            yield Count(label=self.editions[0].words("reporting.age_not_known"), count=not_known)

    def _organisations(self, tile: OrganisationTile, tallies: Tallies) -> list[Count]:
        """Return a count for every organisation in scope, and for one that is no longer listed if it has records."""
        found: dict[UUID, int] = {}
        for lead in _leads(tile.of):
            for organisation_id, n in tallies.organisations.get(f"{lead}{TOTAL}", {}).items():
                found[organisation_id] = found.get(organisation_id, 0) + n
        not_recorded = self.editions[0].words("page.not_recorded")
        unlisted = {each: not_recorded for each, n in found.items() if n and each not in self.organisations}
        labels = {**self.organisations, **unlisted}
        return highest_first(
            [Count(label=label, code=each.hex, count=found.get(each, 0)) for each, label in labels.items()]
        )


def highest_first(counts: Iterable[Count]) -> list[Count]:
    """Sort the counts from high to low. Equal counts keep their order."""
    return sorted(counts, key=lambda each: -each.count)
