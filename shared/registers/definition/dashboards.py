"""Dashboard tiles, report filters and reports: three closed vocabularies over the register's own questions."""

from typing import Annotated, Literal

from pydantic import Field

from shared.registers.definition.base import Code, Model, QuestionName, Text


class AgeBand(Model):
    """Ages from one to another, both within; `first` is 0 and `last` is without end when they are not said."""

    label: Text
    first: int = Field(default=0, ge=0, le=150)
    last: int | None = Field(default=None, ge=0, le=150)

    @property
    def code(self) -> str:
        """How a form names the band: 0-17, 18-."""
        return f"{self.first}-{'' if self.last is None else self.last}"

    def holds(self, age: int) -> bool:
        return self.first <= age and (self.last is None or age <= self.last)


class TotalTile(Model):
    """How many active records there are."""

    kind: Literal["total"]
    title: Text


class OptionTile(Model):
    """How many records gave each answer to one question."""

    kind: Literal["by_option"]
    title: Text
    question: QuestionName
    order: Literal["as_listed", "highest_first"] = "as_listed"


class AgeTile(Model):
    """How many people are in each age band; every age is in exactly one."""

    kind: Literal["by_age"]
    title: Text
    bands: tuple[AgeBand, ...] = Field(alias="band", min_length=1)


class OrganisationTile(Model):
    """How many records each organisation has, highest first, those with none too."""

    kind: Literal["by_organisation"]
    title: Text


class WeekTile(Model):
    """How many records stood at each level of the rating at the end of each of the last weeks, as a picture."""

    kind: Literal["by_week"]
    title: Text


Tile = Annotated[TotalTile | OptionTile | AgeTile | OrganisationTile | WeekTile, Field(discriminator="kind")]


class OrganisationFilter(Model):
    """Records of one organisation."""

    kind: Literal["organisation"]
    label: Text
    everything: Text


class AgeFilter(Model):
    """Records of people in one age band. Bands may overlap here."""

    kind: Literal["age"]
    label: Text
    everything: Text
    bands: tuple[AgeBand, ...] = Field(alias="band", min_length=1)


class OptionFilter(Model):
    """Records with one answer to one question."""

    kind: Literal["option"]
    label: Text
    everything: Text
    question: QuestionName


Filter = Annotated[OrganisationFilter | AgeFilter | OptionFilter, Field(discriminator="kind")]


class Report(Model):
    """One report that may be downloaded. Ages that it is bound to take the age filter away."""

    code: Code
    title: Text
    records: Literal["active", "ended"] = "active"
    outcomes: bool = False
    ages: AgeBand | None = None
    questions: tuple[QuestionName, ...] = ()

    def offers(self, choice: OrganisationFilter | AgeFilter | OptionFilter) -> bool:
        return self.ages is None or choice.kind != "age"


class Reporting(Model):
    """The dashboard and what can be downloaded from it."""

    dashboard_filter: OrganisationFilter
    tiles: tuple[Tile, ...] = Field(alias="tile", min_length=1)
    filters: tuple[Filter, ...] = Field(default=(), alias="filter")
    reports: tuple[Report, ...] = Field(default=(), alias="report")
