"""What a record counts for, and the panels that are made from the counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.reports.rules.ages import count_band, edges_of
from shared.contracts.referrals import FedRecord
from shared.contracts.reports import Count, TileShown
from shared.registers.definition import AgeTile, Definition, OptionTile, OrganisationTile, Tile, TotalTile
from shared.registers.load import Registers, UnknownRegister

# No question is called so: names of questions begin with a letter.
TOTAL = "#total"
BORN = "#born"


def questions_counted(register: Definition) -> tuple[str, ...]:
    """The questions whose answers its panels count."""
    return tuple(dict.fromkeys(tile.question for tile in register.reporting.tiles if isinstance(tile, OptionTile)))


def counted_by(registers: Registers) -> str:
    """Says which questions are counted in every register: rows that were counted otherwise must be counted anew."""
    return "; ".join(f"{each.code}: {', '.join(questions_counted(each))}" for each in registers.newest())


def counted_of(record: FedRecord, registers: Registers) -> list[str]:
    """What the record adds to the tallies; an answer that is not there counts too, as not recorded."""
    if record.status != "active":
        return []
    counted = [f"{TOTAL}=", f"{BORN}={record.born.year if record.born else ''}"]
    try:
        names = questions_counted(registers.find(record.register_code))
    except UnknownRegister:
        return counted
    for name in names:
        answer = record.answers.get(name, "")
        counted += [f"{name}={code}" for code in ([answer] if isinstance(answer, str) else answer or [""])]
    return counted


@dataclass(frozen=True)
class Tallies:
    """
    What is counted of one register in somebody's scope, at one moment.

    `births` counts by year, None for those not known; `up_to` within the year of each edge between age bands.
    """

    organisations: Mapping[UUID, int] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    births: Mapping[int | None, int] = field(default_factory=dict)
    up_to: Mapping[date, int] = field(default_factory=dict)


def edges_needed(register: Definition, day: date) -> list[date]:
    bands = [band for tile in register.reporting.tiles if isinstance(tile, AgeTile) for band in tile.bands]
    return edges_of(bands, day)


@dataclass(frozen=True)
class Panels:
    """Makes the panels of one register. `editions`, newest first, know the words for answers of long ago."""

    editions: Sequence[Definition]
    organisations: Mapping[UUID, str]
    day: date

    def tiles(self, tallies: Tallies) -> tuple[TileShown, ...]:
        return tuple(self._tile(tile, tallies) for tile in self.editions[0].reporting.tiles)

    def _tile(self, tile: Tile, tallies: Tallies) -> TileShown:
        match tile:
            case TotalTile():
                total = sum(tallies.organisations.values())
                return TileShown(kind="total", title=tile.title, counts=(Count(label=tile.title, count=total),))
            case OptionTile():
                counts = self._answers(tile, tallies.answers.get(tile.question, {}))
                return TileShown(kind="by_option", title=tile.title, question=tile.question, counts=tuple(counts))
            case AgeTile():
                return TileShown(kind="by_age", title=tile.title, counts=tuple(self._ages(tile, tallies)))
            case OrganisationTile():
                counts = self._organisations(tallies.organisations)
                return TileShown(kind="by_organisation", title=tile.title, counts=tuple(counts))

    def _answers(self, tile: OptionTile, found: Mapping[str, int]) -> list[Count]:
        """Every option that is offered, with 0 too; others, and what was not answered, only where there are any."""
        offered = self.editions[0].form.by_name[tile.question].labels
        counts = [Count(label=label, code=code, count=found.get(code, 0)) for code, label in offered.items()]
        if tile.order == "highest_first":
            counts = highest_first(counts)
        others = sorted(code for code, n in found.items() if n and code not in offered)
        return counts + [Count(label=self._label(tile.question, code), code=code, count=found[code]) for code in others]

    def _label(self, question: str, code: str) -> str:
        if not code:
            return self.editions[0].words.page.not_recorded
        known = (each.form.by_name[question].labels for each in self.editions if question in each.form.by_name)
        return next((labels[code] for labels in known if code in labels), code)

    def _ages(self, tile: AgeTile, tallies: Tallies) -> Iterable[Count]:
        by_year = {year: n for year, n in tallies.births.items() if year is not None}
        for band in tile.bands:
            yield Count(label=band.label, count=count_band(band, self.day, by_year, tallies.up_to))
        if not_known := tallies.births.get(None, 0):
            yield Count(label=self.editions[0].words.reporting.age_not_known, count=not_known)

    def _organisations(self, found: Mapping[UUID, int]) -> list[Count]:
        """Every organisation in scope, and one that is listed no more while it has records."""
        not_recorded = self.editions[0].words.page.not_recorded
        unlisted = {each: not_recorded for each, n in found.items() if n and each not in self.organisations}
        labels = {**self.organisations, **unlisted}
        return highest_first(
            [Count(label=label, code=each.hex, count=found.get(each, 0)) for each, label in labels.items()]
        )


def highest_first(counts: Iterable[Count]) -> list[Count]:
    """Equal ones stay in the order in which they came."""
    return sorted(counts, key=lambda each: -each.count)
