"""What the work list says: what waits for somebody to act, and for the next meeting."""

from typing import Annotated

from pydantic import AfterValidator

from shared.registers.definition.base import CountText, Gaps, Part, Text, WhoWhenText

AgeText = Annotated[str, AfterValidator(Gaps("age"))]
WhenText = Annotated[str, AfterValidator(Gaps("when"))]


class AgeWords(Part):
    """How long something has waited, in its two largest units: "2 hours 5 minutes"."""

    minute: Text
    minutes: CountText
    hour: Text
    hours: CountText
    day: Text
    days: CountText


class RecipientWords(Part):
    """Whom a register tells of what nobody has seen in time, beside its team, which has a name."""

    submitter: Text
    administrators: Text
    others: Text


class TaskWords(Part):
    """
    The work list. `urgent` and `agenda` head its two parts.

    `taken`: somebody else said before that they have seen it. `closed`: it waits no more.
    """

    heading: Text
    as_at: WhenText
    empty: Text
    urgent: Text
    urgent_lead: Text
    urgent_empty: Text
    agenda: Text
    agenda_lead: Text
    agenda_empty: Text
    name: Text
    waiting: AgeText
    waiting_since: Text
    seen: Text
    not_seen: Text
    second_told: Annotated[str, AfterValidator(Gaps("when", "who"))]
    second_told_after: Annotated[str, AfterValidator(Gaps("minutes", "who"))]
    recipients: RecipientWords
    acknowledge: Text
    seen_by: WhoWhenText
    done: Text
    taken: WhoWhenText
    closed: Text
    no_place: Text
    no_names: Text
    unseen: CountText
    all_seen: Text
    age: AgeWords
