"""Checks of the dashboard and the reports."""

from collections.abc import Iterator, Sequence

from shared.registers.checks.forms import not_asked, twice
from shared.registers.definition.dashboards import AgeBand, AgeFilter, AgeTile, OptionFilter, OptionTile, WeekTile
from shared.registers.definition.questions import OPTION_KINDS
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


def check_bands(register: Definition) -> Iterator[DefinitionFault]:
    """Check that every age is in exactly one band of a tile, so that its numbers add up to the total."""
    for tile in register.reporting.tiles:
        if isinstance(tile, AgeTile):
            for age in _ages_missed(tile.bands):
                yield DefinitionFault(f"reporting, tile {tile.title}", f"age {age} is not in exactly one band")


def _ages_missed(bands: tuple[AgeBand, ...]) -> list[int]:
    edges = {0, 150} | {band.first for band in bands} | {band.last + 1 for band in bands if band.last is not None}
    return [age for age in sorted(edges) if sum(band.holds(age) for band in bands) != 1][:1]


def check_reports(register: Definition) -> Iterator[DefinitionFault]:
    for code in twice(report.code for report in register.reporting.reports):
        yield DefinitionFault("reporting", f"has the report {code} more than once")
    for report in register.reporting.reports:
        for name in report.questions:
            if name not in register.form.by_name:
                yield DefinitionFault(f"reporting, report {report.code}", not_asked(register.form, name))


def check_counted(register: Definition) -> Iterator[DefinitionFault]:
    """Check that tiles and filters count by questions with options."""
    tiles = [(f"tile {tile.title}", tile.question) for tile in register.reporting.tiles if isinstance(tile, OptionTile)]
    choices = [each for each in register.reporting.filters if isinstance(each, OptionFilter)]
    for called, name in [*tiles, *((f"filter {choice.label}", choice.question) for choice in choices)]:
        question = register.counted_question(name)
        if register.is_of_outcomes(name) and called.startswith("filter"):
            told = f"{name} is a question of the outcome form: a filter goes by answers of the form"
            yield DefinitionFault(f"reporting, {called}", told)
        elif question is None or question.retired:
            asked_in = register.outcome if register.outcome and register.is_of_outcomes(name) else register.form
            yield DefinitionFault(f"reporting, {called}", not_asked(asked_in, name))
        elif question.kind not in OPTION_KINDS:
            yield DefinitionFault(f"reporting, {called}", f"{name} is not a question with options")


def check_weeks(register: Definition) -> Iterator[DefinitionFault]:
    """Check that a tile by week has a rating to count by, and that there is only one: others would show the same."""
    tiles = [each for each in register.reporting.tiles if isinstance(each, WeekTile)]
    if tiles and register.rating is None:
        yield DefinitionFault(f"reporting, tile {tiles[0].title}", "the register has no rating to count by")
    for tile in tiles[1:]:
        yield DefinitionFault(f"reporting, tile {tile.title}", "there is a tile by_week already")


def check_standing(register: Definition) -> Iterator[DefinitionFault]:
    """Check that ended records are counted only where records end."""
    for tile in register.reporting.tiles:
        if not isinstance(tile, WeekTile) and tile.of != "active" and not register.lifecycle.transitions:
            told = f'counts {tile.of} records, and no record ends: the register has no transition; leave out of = "…"'
            yield DefinitionFault(f"reporting, tile {tile.title}", told)


def check_ages_at(register: Definition) -> Iterator[DefinitionFault]:
    """Check that an age is taken on a date of the form, and that a report says of which ages it is."""
    reporting = register.reporting
    dated = [(f"tile {each.title}", each.at) for each in reporting.tiles if isinstance(each, AgeTile)]
    dated += [(f"filter {each.label}", each.at) for each in reporting.filters if isinstance(each, AgeFilter)]
    dated += [(f"report {each.code}", each.at) for each in reporting.reports]
    for called, name in dated:
        question = register.form.by_name.get(name or "")
        if name and (question is None or question.retired):
            yield DefinitionFault(f"reporting, {called}, at", not_asked(register.form, name))
        elif name and question and question.kind != "date":
            yield DefinitionFault(f"reporting, {called}, at", f"{name} is {question.kind}, and must be a date")
    for report in reporting.reports:
        if report.at and report.ages is None:
            yield DefinitionFault(f"reporting, report {report.code}", "says at, which belongs to ages")
    yield from _check_age_filters([each for each in reporting.filters if isinstance(each, AgeFilter)])


def _check_age_filters(filters: Sequence[AgeFilter]) -> Iterator[DefinitionFault]:
    """Check that a chosen age has one meaning: a request names the band alone."""
    if any(each.at for each in filters):
        for second in filters[1:]:
            told = "there is an age filter already, and a report takes one age: today's, or that on a date"
            yield DefinitionFault(f"reporting, filter {second.label}", told)
