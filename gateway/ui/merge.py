"""What to do with an update that was typed while somebody else saved: nobody's change is lost, and a person decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.reading import RecordChange


@dataclass(frozen=True)
class Difference:
    """A question on which the two differ: as it was, as it is saved now, as it was typed. `both`: both changed it."""

    name: str
    before: Answer | None
    theirs: Answer | None
    yours: Answer | None
    both: bool


@dataclass(frozen=True)
class Merged:
    """`answers` hold what either changed; where both did, what was typed. `differences` is for a person to look at."""

    answers: dict[str, Answer]
    differences: tuple[Difference, ...]


def as_it_was(theirs: Mapping[str, Answer], changes: Sequence[RecordChange], seen: int) -> dict[str, Answer]:
    """The answers of version `seen`: what is saved now, with every later change undone, the newest first."""
    answers = dict(theirs)
    for change in sorted(changes, key=lambda each: each.version, reverse=True):
        if change.version <= seen:
            break
        for field in change.changes:
            if field.before is None:
                answers.pop(field.name, None)
            else:
                answers[field.name] = field.before
    return answers


def merge(before: Mapping[str, Answer], theirs: Mapping[str, Answer], yours: Mapping[str, Answer]) -> Merged:
    """Question by question: who changed it keeps their change; where both changed it differently, yours stands."""
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
