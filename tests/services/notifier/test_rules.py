"""The rules of sending mails, without a clock, a database or a network."""

from datetime import timedelta

import pytest

from services.notifier import rules
from services.notifier.rules import Lane, ServerAnswer, TryAgain

NO_ANSWER = ServerAnswer("connection", "no_answer")


def waits(lane: Lane) -> list[timedelta]:
    """Return the waiting time after each attempt, until the mail is given up."""
    found: list[timedelta] = []
    while isinstance(
        following := rules.what_follows(NO_ANSWER, lane, len(found) + 1, sum(found, timedelta(0))), TryAgain
    ):
        found.append(following.after)
    return found


def test_bulk_mail_waits_longer_from_try_to_try() -> None:
    assert [0, 1, 2, 5, 10, 30, 30] == [each / timedelta(minutes=1) for each in waits("bulk")[:7]]


def test_codes_and_urgent_mail_are_tried_again_within_seconds() -> None:
    assert [0, 2, 5, 15, 30, 60] == [each / timedelta(seconds=1) for each in waits("now")[:6]]


@pytest.mark.parametrize("lane", rules.LANES)
def test_tries_go_on_for_three_days_and_no_longer(lane: Lane) -> None:
    total = sum(waits(lane), timedelta(0))

    assert timedelta(hours=71.5) < total <= timedelta(hours=72)


@pytest.mark.parametrize("lane", rules.LANES)
def test_a_mail_that_was_held_for_longer_is_tried_once_after_each_wait(lane: Lane) -> None:
    """Many mail servers refuse the first attempt of a server that they do not know."""
    held, tries = timedelta(days=4), len(rules.BACK_OFF[lane])

    found = [rules.what_follows(NO_ANSWER, lane, attempts, held) for attempts in range(1, tries + 2)]

    assert [*(TryAgain(wait) for wait in rules.BACK_OFF[lane]), "given_up"] == found


@pytest.mark.parametrize(
    ("stage", "code", "expected"),
    [
        ("mail", "250", "accepted"),
        ("mail", "251", "accepted"),
        ("mail", "550", "failed"),
        ("mail", "552", "failed"),
        ("mail", "451", TryAgain(timedelta(minutes=1))),
        ("mail", "timed_out", TryAgain(timedelta(minutes=1))),
        ("mail", "-1", TryAgain(timedelta(minutes=1))),
        ("connection", "535", TryAgain(timedelta(minutes=1))),
        ("connection", "250", TryAgain(timedelta(minutes=1))),
    ],
)
def test_what_follows_from_an_answer(stage: rules.Stage, code: str, expected: rules.Ending | TryAgain) -> None:
    assert expected == rules.what_follows(ServerAnswer(stage, code), "bulk", 2, timedelta(minutes=1))


def test_codes_and_urgent_records_alone_travel_in_the_quick_lane() -> None:
    assert {"pin", "urgent_record"} == {each for each in rules.TEMPLATES if rules.lane_of(each) == "now"}
