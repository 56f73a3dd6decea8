"""Rules about counts: the answers by which a record is counted, and the panels made from the counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from uuid import UUID

from pydantic_core import from_json

from services.reports.rules.ages import band_of, next_band_on
from services.reports.rules.weeks import Moves, weeks_shown
from shared.contracts.referrals.answers import Answers
from shared.contracts.referrals.feed import FedRecord
from shared.contracts.reports import Count, TileShown, Week
from shared.registers.definition.dashboards import AgeTile, OptionTile, OrganisationTile, Tile, TotalTile, WeekTile
from shared.registers.definition.register import Definition
from shared.registers.load import Registers

# Cannot be the name of a question, since those begin with a letter.
TOTAL = "#total"
AGE = "#age"


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
    shown = register.reporting
    return (*shown.questions_counted, *map(_edges, shown.age_panels), *_rated_by(register))


def _rated_by(register: Definition) -> tuple[str, ...]:
    return (f"moves of {register.rating.question}",) if register.rating else ()


def _edges(tile: AgeTile) -> str:
    return " ".join(band.code for band in tile.bands)


def counts_organisations(register: Definition) -> bool:
    return any(isinstance(tile, OrganisationTile) for tile in register.reporting.tiles)


def counted_of(record: FedRecord, registers: Registers, day: date) -> Counted:
    """Return what a record counts for. A missing answer counts as not recorded; a closed record counts nowhere."""
    if not record.is_open:
        return Counted([], None)
    items = [_counted_answer(TOTAL, "")]
    if record.register_code not in registers:
        return Counted(items, None)
    register = registers.find(record.register_code)
    answers: Answers = from_json(record.answers)
    for name in register.reporting.questions_counted:
        answer = answers.get(name, "")
        items += [_counted_answer(name, code) for code in ([answer] if isinstance(answer, str) else answer or [""])]
    return _with_ages(register, items, record.born, day)


@lru_cache(maxsize=10_000)
def _counted_answer(question: str, answer: str) -> CountedAnswer:
    """Return an answer that many records share."""
    return CountedAnswer(question, answer)


def counted_later(register: Definition, items: Sequence[CountedAnswer], born: date | None, day: date) -> Counted:
    """Return what a record counts for on this day, from what it counted for on an earlier one."""
    return _with_ages(register, [item for item in items if not item.question.startswith(AGE)], born, day)


def _with_ages(register: Definition, items: list[CountedAnswer], born: date | None, day: date) -> Counted:
    changes = []
    for place, tile in enumerate(register.reporting.age_panels):
        band = "" if born is None else str(band_of(tile.bands, born, day))
        items.append(_counted_answer(f"{AGE}{place}", band))
        if born is not None and (change := next_band_on(tile.bands, born, day)):
            changes.append(change)
    return Counted(items, min(changes, default=None))


@dataclass(frozen=True)
class Overdue:
    """A record whose age band has changed since it was counted, and what it was counted for."""

    items: Sequence[CountedAnswer]
    born: date | None = field(repr=False)


@dataclass
class Tallies:
    """The counts of one register in a visitor's scope, at one moment."""

    organisations: dict[UUID, int] = field(default_factory=dict)
    answers: dict[str, dict[str, int]] = field(default_factory=dict)
    moves: dict[date, dict[str, int]] = field(default_factory=dict)

    def add(self, item: CountedAnswer, n: int) -> None:
        found = self.answers.setdefault(item.question, {})
        found[item.answer] = found.get(item.answer, 0) + n

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

    def tiles(self, tallies: Tallies) -> tuple[TileShown, ...]:
        return tuple(self._tile(tile, tallies) for tile in self.editions[0].reporting.tiles)

    def _tile(self, tile: Tile, tallies: Tallies) -> TileShown:
        match tile:
            case TotalTile():
                total = tallies.answers.get(TOTAL, {}).get("", 0)
                return TileShown(kind="total", title=tile.title, counts=(Count(label=tile.title, count=total),))
            case OptionTile():
                counts = self._answers(tile, tallies.answers.get(tile.question, {}))
                return TileShown(kind="by_option", title=tile.title, question=tile.question, counts=tuple(counts))
            case AgeTile():
                return TileShown(kind="by_age", title=tile.title, counts=tuple(self._ages(tile, tallies)))
            case OrganisationTile():
                counts = self._organisations(tallies.organisations)
                return TileShown(kind="by_organisation", title=tile.title, counts=tuple(counts))
            case WeekTile():
                return self._weeks(tile, tallies.moves)

    def _answers(self, tile: OptionTile, found: Mapping[str, int]) -> list[Count]:
        """
        Return a count for every option that is offered, even if it is 0.

        Other options and missing answers are added only if there are any.
        """
        offered = [option.code for option in self.editions[0].form.by_name[tile.question].offered]
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

    def _label(self, question: str, code: str) -> str:
        if not code:
            return self.editions[0].words("page.not_recorded")
        known = (each.form.by_name[question].labels for each in self.editions if question in each.form.by_name)
        return next((labels[code] for labels in known if code in labels), code)

    def _ages(self, tile: AgeTile, tallies: Tallies) -> Iterable[Count]:
        found = tallies.answers.get(f"{AGE}{self.editions[0].reporting.age_panels.index(tile)}", {})
        for place, band in enumerate(tile.bands):
            yield Count(label=band.label, count=found.get(str(place), 0))
        if not_known := found.get("", 0):
            yield Count(label=self.editions[0].words("reporting.age_not_known"), count=not_known)

    def _organisations(self, found: Mapping[UUID, int]) -> list[Count]:
        """Return a count for every organisation in scope, and for one that is no longer listed if it has records."""
        not_recorded = self.editions[0].words("page.not_recorded")
        unlisted = {each: not_recorded for each, n in found.items() if n and each not in self.organisations}
        labels = {**self.organisations, **unlisted}
        return highest_first(
            [Count(label=label, code=each.hex, count=found.get(each, 0)) for each, label in labels.items()]
        )


def highest_first(counts: Iterable[Count]) -> list[Count]:
    """Sort the counts from high to low. Equal counts keep their order."""
    return sorted(counts, key=lambda each: -each.count)
