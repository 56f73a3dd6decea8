"""Checks of `[reviews]` in a definition."""

from pathlib import Path

import pytest

from tests.rules.test_definitions import DSR, faults_after

LEVELS = 'levels = ["green", "amber", "red"]'


@pytest.mark.requirement("R-USE-007")
@pytest.mark.parametrize(
    ("new", "fault"),
    [
        ('levels = ["green", "purple"]', "reviews: purple is no level of the rating"),
        ('levels = ["red", "red"]', "reviews: names the level red more than once"),
        ("", "reviews: needs the levels that are reviewed, since the register has a rating"),
        (
            'levels = ["red"]\nintervals = { days = { green = 7 }, source = "Policy, June 2026" }',
            "reviews, intervals: green is not reviewed: the intervals are for red",
        ),
    ],
)
def test_a_slip_in_the_reviews_is_told_with_its_place(tmp_path: Path, new: str, fault: str) -> None:
    assert fault in faults_after(tmp_path, DSR, (LEVELS, new))


def test_a_tile_of_reviews_needs_reviews_and_stands_once(tmp_path: Path) -> None:
    tile = '{ kind = "reviews", title = "REVIEWS" },'

    assert "reporting, tile REVIEWS: the register has no [reviews]" in faults_after(
        tmp_path, DSR, (f"[reviews]\n{LEVELS}\n", "")
    )
    assert "reporting, tile REVIEWS: there is a tile of reviews already" in faults_after(
        tmp_path, DSR, (tile, f"{tile}\n  {tile}")
    )
