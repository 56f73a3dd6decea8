"""Dashboard tiles, report filters and reports: three fixed sets of kinds, applied to the register's own questions."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from shared.registers.definition.base import Code, Flag, Model, Number, QuestionName, Text


class AgeBand(Model):
    """A range of ages, both ends included. `first` defaults to 0; without `last` the range is open-ended."""

    label: Text
    first: Number = Field(default=0, ge=0, le=150)
    last: Number | None = Field(default=None, ge=0, le=150)

    @property
    def code(self) -> str:
        """The code of the band in a form: 0-17, 18-."""
        return f"{self.first}-{'' if self.last is None else self.last}"

    def holds(self, age: int) -> bool:
        return self.first <= age and (self.last is None or age <= self.last)


RecordsCounted = Literal["active", "ended", "all"]


class TotalTile(Model):
    """The number of records."""

    kind: Literal["total"]
    title: Text
    of: RecordsCounted = "active"


class OptionTile(Model):
    """
    The number of records by answer to one question.

    For a question of the outcome form, a record counts by the latest of its outcomes that has an answer.
    """

    kind: Literal["by_option"]
    title: Text
    question: QuestionName
    of: RecordsCounted = "active"
    order: Literal["as_listed", "highest_first"] = "as_listed"


class AgeTile(Model):
    """
    The number of people in each age band. Every age is in exactly one band.

    The age is that of today, or that on the date answered to `at`.
    """

    kind: Literal["by_age"]
    title: Text
    of: RecordsCounted = "active"
    at: QuestionName | None = None
    bands: tuple[AgeBand, ...] = Field(alias="band", min_length=1)


class OrganisationTile(Model):
    """The number of records of each organisation, highest first, including those with none."""

    kind: Literal["by_organisation"]
    title: Text
    of: RecordsCounted = "active"


class WeekTile(Model):
    """A chart of how many records had each level of the rating at the end of each recent week."""

    kind: Literal["by_week"]
    title: Text


class ReviewTile(Model):
    """The number of active records by when their next review is due, in a register that reviews its records."""

    kind: Literal["reviews"]
    title: Text

    @property
    def of(self) -> RecordsCounted:
        return "active"


Tile = Annotated[
    TotalTile | OptionTile | AgeTile | OrganisationTile | WeekTile | ReviewTile, Field(discriminator="kind")
]


class OrganisationFilter(Model):
    """Records of one organisation."""

    kind: Literal["organisation"]
    label: Text
    everything: Text


class BodyFilter(Model):
    """Records that name one body, in a register whose scope is made of bodies."""

    kind: Literal["body"]
    label: Text
    everything: Text
    question: QuestionName


class AgeFilter(Model):
    """Records of people in one age band, today or on the date answered to `at`. Bands may overlap here."""

    kind: Literal["age"]
    label: Text
    everything: Text
    at: QuestionName | None = None
    bands: tuple[AgeBand, ...] = Field(alias="band", min_length=1)


class OptionFilter(Model):
    """Records with one answer to one question."""

    kind: Literal["option"]
    label: Text
    everything: Text
    question: QuestionName


Filter = Annotated[OrganisationFilter | BodyFilter | AgeFilter | OptionFilter, Field(discriminator="kind")]
ScopeFilter = Annotated[OrganisationFilter | BodyFilter, Field(discriminator="kind")]


class Report(Model):
    """
    One report for download. A report limited to `ages`, today or on the date `at`, offers no age filter.

    `incomplete` records are the active ones that lack answers which their form demands.
    """

    code: Code
    title: Text
    records: Literal["active", "ended", "incomplete"] = "active"
    outcomes: Flag = False
    ages: AgeBand | None = None
    at: QuestionName | None = None
    questions: tuple[QuestionName, ...] = ()

    def offers(self, choice: Filter) -> bool:
        return self.ages is None or choice.kind != "age"


class Reporting(Model):
    """The dashboard and the reports that can be downloaded from it."""

    dashboard_filter: ScopeFilter
    tiles: tuple[Tile, ...] = Field(alias="tile", min_length=1)
    filters: tuple[Filter, ...] = Field(default=(), alias="filter")
    reports: tuple[Report, ...] = Field(default=(), alias="report")

    @cached_property
    def age_panels(self) -> tuple[AgeTile, ...]:
        return tuple(tile for tile in self.tiles if isinstance(tile, AgeTile))
