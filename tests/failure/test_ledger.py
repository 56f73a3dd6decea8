"""The ledger finds what it looks for: each kind of difference has its own sentence."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest

from tests.failure.journal import Entry, Journal
from tests.failure.ledger import Held, faults_of_events, faults_of_facts, faults_of_records
from tests.failure.streams import Kept

pytestmark = pytest.mark.failure

ONE, TWO = UUID(int=1), UUID(int=2)
HELD = Held(ONE, "Round-1", "DSR-2222-2222", False, ["e"], ["n"], versions=1, audited=1, commands=1, endings=0, tasks=1)
ENDED = replace(
    HELD,
    ended=True,
    events=["e", "f", "g"],
    notices=["n", "m", "o"],
    versions=2,
    audited=2,
    commands=2,
    endings=1,
    tasks=0,
)
STREAMS = {"EVENTS": [Kept("s", {"ce-id": "e"}, b"")], "NOTICES": [Kept("s", {"ce-id": "n"}, b"")]}


def told(record_id: UUID | None, *answers: int, ended: bool | None = None) -> Journal:
    return Journal("Round", [Entry("Round-1", UUID(int=9), record_id, list(answers), ended)])


def test_what_is_as_it_was_told_makes_no_sentence() -> None:
    found = [*faults_of_records(told(ONE), [HELD]), *faults_of_facts(HELD), *faults_of_events([HELD], STREAMS)]

    assert [] == found + told(ONE, 503, 0, 303).faults()
    assert [] == [*faults_of_records(told(ONE, ended=True), [ENDED]), *faults_of_facts(ENDED)]


@pytest.mark.parametrize(
    ("journal", "held", "sentence"),
    [
        (told(ONE), [], "Round-1: acknowledged and not there"),
        (told(TWO), [HELD], "Round-1: acknowledged and not there"),
        (told(ONE), [HELD, replace(HELD, record_id=TWO)], "Round-1: there 2 times"),
        (told(None), [HELD, replace(HELD, record_id=TWO)], "Round-1: there 2 times"),
        (told(ONE, ended=True), [HELD], "Round-1: archiving acknowledged and not done"),
        (Journal("Round"), [HELD], "Round-1: there, and nobody sent it"),
    ],
)
def test_records_lost_doubled_or_unheard_of(journal: Journal, held: list[Held], sentence: str) -> None:
    assert [sentence] == list(faults_of_records(journal, held))


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        (replace(HELD, versions=0), "0 in history and not 1"),
        (replace(HELD, audited=2), "2 in audit and not 1"),
        (replace(HELD, commands=0), "0 in command and not 1"),
        (replace(HELD, events=[]), "0 in events and not 1"),
        (replace(HELD, notices=["n", "m"]), "2 in notices and not 1"),
        (replace(HELD, endings=1), "1 in outcomes and not 0"),
        (replace(ENDED, endings=0), "0 in outcomes and not 1"),
        (replace(ENDED, events=["e", "f"]), "2 in events and not 3"),
        (replace(ENDED, notices=["n", "m"]), "2 in notices and not 3"),
        (replace(HELD, tasks=0), "0 in tasks and not 1"),
        (replace(ENDED, tasks=1), "1 in tasks and not 0"),
    ],
)
def test_records_that_are_there_by_half(held: Held, sentence: str) -> None:
    assert [sentence] == list(faults_of_facts(held))


@pytest.mark.parametrize(("stream", "count"), [("EVENTS", 0), ("EVENTS", 2), ("NOTICES", 0)])
def test_events_lost_or_doubled(stream: str, count: int) -> None:
    kept = {**STREAMS, stream: STREAMS[stream] * count}

    assert [f"Round-1: {count} times in {stream}"] == list(faults_of_events([HELD], kept))


def test_people_who_were_told_nothing_or_something_else() -> None:
    assert ["1 were never acknowledged", "answered with 500"] == told(None, 503, 500).faults()
    assert ["1 were never archived"] == told(ONE, 303, 503, ended=False).faults()
    assert Counter({503: 1, 500: 1}) == told(None, 503, 500).answers
