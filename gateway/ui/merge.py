"""Merging two users' simultaneous updates of one record: no change is lost, and a user decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.reading import RecordChange


@dataclass(frozen=True)
class Difference:
    """
    A question whose typed answer differs from the saved one: before, saved now, typed. `both` means that both users
    changed it.
    """

    name: str
    before: Answer | None = field(repr=False)
    theirs: Answer | None = field(repr=False)
    yours: Answer | None = field(repr=False)
    both: bool


@dataclass(frozen=True)
class Merged:
    """
    `answers` hold both users' changes; where both changed a question, the typed answer.

    `differences` are for the user to check.
    """

    answers: dict[str, Answer] = field(repr=False)
    differences: tuple[Difference, ...]


def as_it_was(theirs: Mapping[str, Answer], changes: Sequence[RecordChange], seen: int) -> dict[str, Answer]:
    """Return the answers of version `seen`: the saved ones with every later change undone, newest first."""
    answers = dict(theirs)
    for change in sorted(changes, key=lambda each: each.version, reverse=True):
        if change.version <= seen:
            break
        for answered in change.changes:
            if answered.before is None:
                answers.pop(answered.name, None)
            else:
                answers[answered.name] = answered.before
    return answers


def merge(before: Mapping[str, Answer], theirs: Mapping[str, Answer], yours: Mapping[str, Answer]) -> Merged:
    """Merge question by question. A change by one user is kept. If both changed an answer, the typed one is kept."""
    answers: dict[str, Answer] = {}
    differences: list[Difference] = []
    for name in dict.fromkeys((*theirs, *yours, *before)):
        was, is_now, typed = before.get(name), theirs.get(name), yours.get(name)
        kept = is_now if typed == was else typed
        if kept is not None:
            answers[name] = kept
        if typed != is_now:
            both = was not in (is_now, typed)
            differences.append(Difference(name, was, is_now, typed, both))
    return Merged(answers, tuple(differences))
