"""Tests of the panels of a dashboard: their layout, and what they say that they count."""

from datetime import date

import pytest

from gateway.ui.charts.panels import panel_of, said_of_panels
from gateway.ui.charts.weeks import weeks_of
from shared.contracts.reports import Count, TileShown, Week
from tests.rules.typed import carers


def counted(*labels: str) -> TileShown:
    counts = tuple(Count(label=label, code=label, count=n) for n, label in enumerate(labels))
    return TileShown(kind="by_option", title="NEEDS", question="cares_for", counts=counts)


@pytest.mark.parametrize(
    ("labels", "is_beside"),
    [
        (("Yes", "No", "Not recorded"), True),
        (("One room", "Two rooms", "Three rooms or more"), True),
        (("1", "2", "3", "4", "5"), False),
        (("Communication", "Transportation"), False),
        (("1: fell far short, contributed to death", "2"), False),
    ],
)
def test_counts_are_side_by_side_only_where_a_narrow_phone_has_room(labels: tuple[str, ...], is_beside: bool) -> None:
    panel = panel_of(carers(), counted(*labels))

    assert (is_beside, not is_beside) == (bool(panel.heads), bool(panel.columns))


def test_a_panel_of_several_choices_says_that_a_record_can_be_under_more_than_one() -> None:
    tile = counted("A parent", "A child")
    once = tile.model_copy(update={"question": "nearness"})

    assert ("A carer can be counted under more than one.",) == panel_of(carers(), tile).notes
    assert () == panel_of(carers(), once).notes
    assert "unless the panel says otherwise" in said_of_panels(carers(), [tile, once])
    assert "in each panel" in said_of_panels(carers(), [once])


def test_a_panel_says_what_else_it_counts() -> None:
    tile = counted("1", "2").model_copy(update={"question": "nearness"})
    ended = tile.model_copy(update={"of": "ended", "by_outcome": True})
    everything = tile.model_copy(update={"of": "all", "at": "began"})

    assert (
        "Carers that have ended.",
        "By the latest answer in the outcomes of each carer.",
    ) == panel_of(carers(), ended).notes
    assert (
        "Caring carers and carers that have ended.",
        "Age on the date of “Began caring”.",
    ) == panel_of(carers(), everything).notes
    assert "Caring carers only, unless the panel says otherwise." in said_of_panels(carers(), [tile, ended])


def test_active_records_are_not_spoken_of_where_nothing_ends() -> None:
    endless = carers().model_copy(update={"lifecycle": carers().lifecycle.model_copy(update={"transitions": ()})})

    assert [True, False] == ["Caring carers only." in said_of_panels(each, []) for each in (carers(), endless)]


@pytest.mark.parametrize(("levels", "is_stacked"), [(3, False), (5, True)])
def test_weeks_of_many_levels_are_named_in_each_line_on_a_phone(levels: int, is_stacked: bool) -> None:
    counts = tuple(Count(label=f"Level {n}", code=f"level{n}", count=n) for n in range(levels))
    tile = TileShown(kind="by_week", title="WEEKS", weeks=(Week(ends=date(2026, 1, 4), counts=counts),))

    weeks = weeks_of(carers(), tile)

    assert (is_stacked, is_stacked) == (weeks.stacked, "nhsuk-table__heading" in weeks.rows)
