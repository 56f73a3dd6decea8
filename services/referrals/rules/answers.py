"""Rules about changed answers and other text."""

from datetime import date

from services.referrals.rules.saving import checked_answers
from shared.contracts.referrals.reading import FieldChange
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, Answers
from shared.registers.form.showing import differences, keep_retired
from shared.values import Unreadable, read_text


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
