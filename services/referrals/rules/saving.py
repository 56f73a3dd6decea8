"""Rules about saving a record: who may, what may be stored, and what follows from records that match."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from shared.contracts.referrals.answers import InvalidAnswers
from shared.contracts.referrals.saving import MOST_ALIKE, Duplicate, LikelyDuplicate
from shared.messages import Refusal, Refused
from shared.permissions import Permission, Role, Visitor
from shared.registers.bodies import Compartment
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, Answers, consent_verdict
from shared.registers.form.reading import Checked, read_answers, sure_field


def organisation_for(visitor: Visitor) -> UUID:
    """
    Return the organisation of a new record.

    Refused as `no_organisation` if the visitor's own is missing or out of reach.
    """
    if visitor.submits_for is None:
        raise Refused("no_organisation")
    return visitor.submits_for


def check_reaches(visitor: Visitor, compartment: Compartment) -> None:
    """Check that the visitor acts for a body that may see the record. Refused as `out_of_reach`."""
    if not visitor.may_reach(compartment):
        raise Refused("out_of_reach")


def may_update(visitor: Visitor, created_by: UUID, *, is_held: bool) -> bool:
    """
    Check whether the visitor may update a record (R-DSR-114, R-DSR-115).

    Its creator may, and so may an administrator who sees it. `is_held` says that the visitor holds or covers it today,
    which gives them the rights of its creator. A register may let every standard user who sees it update it.
    """
    is_theirs = created_by == visitor.user_id or is_held or visitor.role is Role.ADMINISTRATOR
    is_theirs = is_theirs or visitor.standard_updates == "scope"
    return visitor.may(Permission.UPDATE_RECORD) and is_theirs


def checked_answers(
    register: Definition, sent: Answers, day: date, before: Answers | None = None, sure: Collection[str] = ()
) -> dict[str, Answer]:
    """
    Return the answers as they may be stored. Refused as `no_consent` or `invalid_answers`.

    Consent is checked first: if the person does not consent, no other answer matters. `sure` are the questions whose
    unlikely answers the user has confirmed.
    """
    confirmed = {sure_field(name): sent[name] for name in sure if name in sent}
    checked = read_answers(register.form, {**sent, **confirmed}, register.words, day, before)
    verdict = consent_verdict(register, checked.answers)
    if verdict == "refused":
        raise Refused("no_consent")
    if not checked.ok:
        raise Refused(InvalidAnswers(faults=_count_faults(checked)))
    if verdict != "accepted":
        raise Refused("no_consent")
    return checked.answers


def _count_faults(checked: Checked) -> int:
    return len(checked.faults) + len(checked.unknown)


@dataclass(frozen=True)
class Match:
    """An open record that shares a key with the one to be saved. `rules` are the rules whose keys they share."""

    record_id: UUID
    rules: tuple[str, ...]
    has_nhs_number: bool


class DuplicateRefused(Refused):
    """The refusal of a record that matches others. `counted` are those others, and the user may not see all of them."""

    def __init__(self, reason: str | Refusal, counted: Collection[UUID]) -> None:
        super().__init__(reason)
        self.counted = frozenset(counted)


def check_matches(
    register: Definition,
    answers: Answers,
    matches: Sequence[Match],
    seen: Sequence[UUID],
    shown: Collection[UUID] = (),
    fresh: Collection[str] | None = None,
) -> None:
    """
    Decide about the records that match: the one to be saved may be stored as well, or it is refused.

    `seen` are those of the matches that the user may see, the newest first. `shown` are those that they were shown
    before. With `fresh` only matches by one of these rules count.

    Refused as `likely_duplicate` (with the newest ten ids in `records`), as `duplicate` (the same, where duplicates are
    refused), or as `duplicate_unseen`.
    """
    counted = {match.record_id for match in matches if counts(register, answers, match, fresh)}
    visible = tuple(each for each in seen if each in counted)[:MOST_ALIKE]
    if register.duplicates.entry == "refused" and visible:
        raise DuplicateRefused(Duplicate(records=visible), counted)
    if not shown_all(visible, shown):
        raise DuplicateRefused(LikelyDuplicate(records=visible), counted)
    if register.duplicates.unseen == "said" and counted - set(seen):
        raise DuplicateRefused("duplicate_unseen", counted)


def unjudged(matches: Iterable[Match], judged: Iterable[Match]) -> list[Match]:
    """Return the matches with the rules by which they were not judged yet, if there are any."""
    known = {(match.record_id, rule) for match in judged for rule in match.rules}
    left = [replace(each, rules=tuple(r for r in each.rules if (each.record_id, r) not in known)) for each in matches]
    return [each for each in left if each.rules]


def shown_all(visible: Sequence[UUID], shown: Collection[UUID]) -> bool:
    return set(visible) <= set(shown)


def counts(register: Definition, answers: Answers, match: Match, fresh: Collection[str] | None) -> bool:
    """Check whether one of the rules by which the records match counts for this pair."""
    number = answers.get(register.person.get("nhs_number", ""))
    both_known = bool(number) and match.has_nhs_number
    rules = {" ".join(rule.match): rule for rule in register.duplicates.rules}
    found = [rules[name] for name in match.rules if name in rules and (fresh is None or name in fresh)]
    return any(rule.only_without is None or not both_known for rule in found)
