"""When the next review of a record is due, as its page and the list of records say it."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.form.person import rating_of
from shared.values import london_day, show_date


@dataclass(frozen=True)
class NextReview:
    """The day of the next review as a sentence, and whether it was agreed; empty in a register that does not review."""

    said: str = ""
    agreed: str = ""
    is_overdue: bool = False


def next_review_of(register: Definition, record: RecordShown, now: datetime) -> NextReview:
    """Return when an open record is reviewed next, or that no day can be given and why."""
    if register.reviews is None or not record.is_open:
        return NextReview()
    words = register.words
    if record.review_due is None:
        level = rating_of(register, record.answers)
        is_reviewed = register.rating is None or (level is not None and level.code in register.reviews.levels)
        return NextReview(words("record.review_unset") if is_reviewed else "")
    agreed = words("record.review_agreed") if record.review_agreed else ""
    return NextReview(review_said(register, record.review_due, now), agreed, record.review_due < london_day(now))


def review_said(register: Definition, due: date | None, now: datetime) -> str:
    """Return on which day the next review is due, or since when it is overdue; empty without a day."""
    if due is None:
        return ""
    words, when = register.words, show_date(due)
    return (
        words("records.review_overdue", when=when) if due < london_day(now) else words("records.review_due", when=when)
    )
