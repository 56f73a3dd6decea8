"""Rules about the summary of a report: the counts of the register's dashboard, for the records in the report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.reports.rules.ages import OLDEST, births_of
from services.reports.workbook.plan import Source, Tallied
from shared.registers.definition.dashboards import (
    AgeTile,
    OptionTile,
    OrganisationTile,
    Report,
    ReviewTile,
    Tile,
    TotalTile,
    WeekTile,
)
from shared.registers.definition.register import Definition

FIRST, LAST = "0000-00-00", "9999-99-99"


@dataclass(frozen=True)
class Summing:
    """
    Plans the summary of one register on a day. `organisations` are those that the report covers.

    A tile of ended records belongs to reports of these, and one of outcomes to reports with outcomes.
    """

    editions: Sequence[Definition]
    organisations: Mapping[UUID, str]
    day: date
    report: Report

    def tables(self) -> Iterator[Tallied]:
        """Yield the tables. Totals and the days of reviews are shown elsewhere, and the file covers no weeks."""
        if self.report.records == "incomplete":
            yield self._table(self.editions[0].words("workbook.gaps"), "gaps", gap_labels(self.editions))
        for tile in filter(self._belongs, self.editions[0].reporting.tiles):
            match tile:
                case OptionTile():
                    yield self._options(tile)
                case AgeTile():
                    yield self._ages(tile)
                case OrganisationTile():
                    labels = {str(each): label for each, label in self.organisations.items()}
                    yield self._table(tile.title, "organisation_id", labels)
                case TotalTile() | WeekTile() | ReviewTile():
                    pass

    def _belongs(self, tile: Tile) -> bool:
        if isinstance(tile, WeekTile) or (tile.of == "ended" and self.report.records != "ended"):
            return False
        by_outcome = isinstance(tile, OptionTile) and self.editions[0].is_of_outcomes(tile.question)
        return self.report.outcomes or not by_outcome

    def _options(self, tile: OptionTile) -> Tallied:
        newest = self.editions[0]
        question = newest.counted_question(tile.question)
        labels = question.labels if question else {}
        source: Source = "outcome_answer" if newest.is_of_outcomes(tile.question) else "answer"
        is_rating = newest.rating is not None and newest.rating.question == tile.question
        levels = newest.rating.levels if newest.rating and is_rating else ()
        colours = {level.code: level.colour for level in levels}
        return Tallied(
            tile.title, self._count, source, tile.question, labels, newest.words("page.not_recorded"), dict(colours)
        )

    def _ages(self, tile: AgeTile) -> Tallied:
        labels = {band.code: band.label for band in tile.bands}
        not_known = self.editions[0].words("reporting.age_not_known")
        if tile.at:
            ages = tuple((band.code, band.first, OLDEST if band.last is None else band.last) for band in tile.bands)
            return Tallied(tile.title, self._count, "record", "born", labels, not_known, at=tile.at, ages=ages)
        bands = []
        for band in tile.bands:
            births = births_of(band, self.day)
            after, until = births.after, births.until
            bands.append((band.code, after.isoformat() if after else FIRST, until.isoformat() if until else LAST))
        return Tallied(tile.title, self._count, "record", "born", labels, not_known, bands=tuple(bands))

    def _table(self, title: str, name: str, labels: dict[str, str]) -> Tallied:
        return Tallied(title, self._count, "record", name, labels, self.editions[0].words("page.not_recorded"))

    @property
    def _count(self) -> str:
        return self.editions[0].words("reporting.count")


def gap_labels(editions: Sequence[Definition]) -> dict[str, str]:
    """Return the labels of the questions that a record may lack an answer to, as the newest edition has them."""
    labels: dict[str, str] = {}
    for register in reversed(editions):
        labels |= {each.name: each.label for each in register.form.asked if each.required}
    return labels
