"""Rules about answers: what may be stored, what changed, and by which keys records are compared."""

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
    Return the answers as they may be stored. Refused as `no_consent` or `invalid_answers`.

    Consent is checked first: if the person does not consent, no other answer matters.
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
    """
    Check the new answers as `checked_answers` does, and keep the record's answers to questions that are no longer
    asked.
    """
    asked = {question.name for question in register.form.asked}
    retired = {name for name in before if name not in asked}
    fresh = {name: answer for name, answer in sent.items() if name not in retired}
    return keep_retired(register.form, before, checked_answers(register, fresh, day, before))


def changes_between(register: Definition, before: Answers, after: Answers) -> tuple[FieldChange, ...]:
    """Return the changed answers as codes, in the order of the form. Refused as `unchanged` if there are none."""
    names = [each.name for each in differences(register.form, before, after)]
    if not names:
        raise Refused("unchanged")
    return tuple(FieldChange(name=name, before=before.get(name), after=after.get(name)) for name in names)


def kept_text(typed: str) -> str:
    """Return the text of a note or a reason as it is stored. Refused as `empty` or `unreadable`."""
    try:
        text = read_text(typed)
    except Unreadable:
        raise Refused("unreadable") from None
    if not text:
        raise Refused("empty")
    return text


@dataclass(frozen=True)
class MatchKey:
    """A key by which records are compared. `rule` holds the roles of its rule, separated by spaces."""

    rule: str
    key: str


def match_keys(register: Definition, answers: Answers) -> tuple[MatchKey, ...]:
    """
    Return the keys by which a record is compared with others of its register, in the order of the register's rules.

    The rule is part of the hash, so keys of two rules never match. The hash needs no secret: the same schema holds the
    record in clear text.
    """
    rules = zip(register.duplicates.match, match_values(register, answers), strict=True)
    return tuple(_match_key(" ".join(roles), values) for roles, values in rules if values)


def _match_key(rule: str, values: Sequence[str]) -> MatchKey:
    return MatchKey(rule, hashlib.sha256("\n".join((rule, *values)).encode()).hexdigest())
