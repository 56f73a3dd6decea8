"""Tests of the next time at which it is a given hour in London."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import next_london_hour
from shared.values import LONDON


@pytest.mark.parametrize(
    ("moment", "hour", "due"),
    [
        (datetime(2026, 1, 1, 1, 0, tzinfo=UTC), 2, datetime(2026, 1, 1, 2, 0, tzinfo=UTC)),
        (datetime(2026, 1, 1, 2, 0, tzinfo=UTC), 2, datetime(2026, 1, 2, 2, 0, tzinfo=UTC)),
        (datetime(2026, 6, 1, 0, 30, tzinfo=UTC), 2, datetime(2026, 6, 1, 1, 0, tzinfo=UTC)),
        (datetime(2026, 3, 28, 12, 0, tzinfo=UTC), 3, datetime(2026, 3, 29, 2, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, 0, tzinfo=UTC), 3, datetime(2026, 10, 25, 3, 0, tzinfo=UTC)),
    ],
    ids=["winter", "at the hour itself", "summer", "the night summer time begins", "the night it ends"],
)
def test_the_hour_is_that_of_the_clocks_in_london(moment: datetime, hour: int, due: datetime) -> None:
    assert due == next_london_hour(moment, hour)


@pytest.mark.slow
@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.timezones()))  # noqa: DTZ001  they get one
def test_the_next_night_is_within_25_hours(moment: datetime) -> None:
    due = next_london_hour(moment, 2)

    assert (2, 0) == (due.astimezone(LONDON).hour, due.astimezone(LONDON).minute)
    assert timedelta(0) < due - moment.astimezone(UTC) <= timedelta(hours=25)
