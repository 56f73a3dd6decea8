"""Rules about changed answers and other text."""

from collections.abc import Collection
from datetime import date

from services.referrals.rules.saving import checked_answers
from shared.cleaning import says_something
from shared.contracts.referrals.reading import FieldChange
from shared.messages import Refused
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, Answers
from shared.registers.form.kept import carried_over, edition_for
from shared.registers.form.showing import differences
from shared.values import read_text


def changed_answers(
    register: Definition, before: Answers, sent: Answers, day: date, sure: Collection[str] = ()
) -> dict[str, Answer]:
    """
    Check the new answers as `checked_answers` does, and keep the record's answers that the form cannot ask again.

    What a page still sends for such a question is ignored: the page may be older than the definition.
    """
    edition = edition_for(register, before)
    asked = {question.name for question in edition.form.asked}
    fresh = {name: answer for name, answer in sent.items() if name in asked or name not in before}
    return carried_over(edition.form, before, checked_answers(edition, fresh, day, before, sure))


def changes_between(register: Definition, before: Answers, after: Answers) -> tuple[FieldChange, ...]:
    """Return the changed answers as codes, in the order of the form. Refused as `unchanged` if there are none."""
    names = [each.name for each in differences(register.form, before, after)]
    if not names:
        raise Refused("unchanged")
    return tuple(FieldChange(name=name, before=before.get(name), after=after.get(name)) for name in names)


def kept_text(typed: str) -> str:
    """Return the text of a note or a reason as it is stored. Refused as `empty` without a letter or digit."""
    text = read_text(typed)
    if not says_something(text):
        raise Refused("empty")
    return text
