"""What of a record may be stored, what changed in it, and by which keys it is compared with others."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.contracts.referrals.reading import FieldChange
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, Answers, consent_verdict
from shared.registers.form.person import match_values
from shared.registers.form.reading import Checked, read_answers
from shared.registers.form.showing import differences, keep_retired
from shared.values import Unreadable, read_text


def checked_answers(register: Definition, sent: Answers, day: date, before: Answers | None = None) -> dict[str, Answer]:
    """
    The answers as they may be stored. Refused as `no_consent` or `invalid_answers`, and then nothing is.

    The gate comes first: to somebody who did not consent, no other question matters.
    """
    checked = read_answers(register.form, sent, register.words, day, before)
    verdict = consent_verdict(register, checked.answers)
    if verdict == "refused":
        raise Refused("no_consent")
    if not checked.ok:
        raise Refused("invalid_answers", faults=_count_faults(checked))
    if verdict != "accepted":
        raise Refused("no_consent")
    return checked.answers


def _count_faults(checked: Checked) -> int:
    return len(checked.faults) + len(checked.unknown)


def changed_answers(register: Definition, before: Answers, sent: Answers, day: date) -> dict[str, Answer]:
    """As `checked_answers`, with what the record has to questions that are no longer asked."""
    asked = {question.name for question in register.form.asked}
    retired = {name for name in before if name not in asked}
    fresh = {name: answer for name, answer in sent.items() if name not in retired}
    return keep_retired(register.form, before, checked_answers(register, fresh, day, before))


def changes_between(register: Definition, before: Answers, after: Answers) -> tuple[FieldChange, ...]:
    """What changed, as codes, in the order of the form. Refused as `unchanged` when nothing did."""
    names = [each.name for each in differences(register.form, before, after)]
    if not names:
        raise Refused("unchanged")
    return tuple(FieldChange(name=name, before=before.get(name), after=after.get(name)) for name in names)


def kept_text(typed: str) -> str:
    """A note, or a reason, as it is kept. Refused as `empty` or `unreadable`."""
    try:
        text = read_text(typed)
    except Unreadable:
        raise Refused("unreadable") from None
    if not text:
        raise Refused("empty")
    return text


@dataclass(frozen=True)
class MatchKey:
    """By which a record is compared, and the rule that it is of: the rule's roles in one line."""

    rule: str
    key: str


def match_keys(register: Definition, answers: Answers) -> tuple[MatchKey, ...]:
    """
    By which a record is compared with others of its register, in the order of the register's rules.

    The rule is part of what is hashed, so that keys of two rules never match. Keys have one length, and no secret is
    needed: the record itself stands in the same schema, in clear.
    """
    rules = zip(register.duplicates.match, match_values(register, answers), strict=True)
    return tuple(_match_key(" ".join(roles), values) for roles, values in rules if values)


def _match_key(rule: str, values: Sequence[str]) -> MatchKey:
    return MatchKey(rule, hashlib.sha256("\n".join((rule, *values)).encode()).hexdigest())
