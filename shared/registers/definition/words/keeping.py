"""What is said of one record as time goes by: its rating, its text for elsewhere, an archive made in error."""

from typing import Annotated

from pydantic import AfterValidator

from shared.registers.definition.base import Gaps, Part, Text, Texts, WhoWhenText


class RatingLineWords(Part):
    """A record's rating over time, as a picture and as a table."""

    heading: Text
    now: Annotated[str, AfterValidator(Gaps("rating", "when"))]
    as_table: Text
    when: Text
    what: Text
    who: Text
    rated: Annotated[str, AfterValidator(Gaps("rating"))]
    reviewed: Text
    outcome: Text
    ending: Text
    today: Text
    older: Text
    older_outcomes: Text
    no_outcomes: Text


class CaseTextWords(Part):
    """A record as plain text, for the case record of the professional's own agency."""

    intro: Text
    label: Text
    button: Text
    copied: Text
    added: WhoWhenText
    rated: Annotated[str, AfterValidator(Gaps("rating", "name", "when"))]
    as_at: Annotated[str, AfterValidator(Gaps("when"))]


class ReversalWords(Part):
    """Reversing an archive that was made in error: one administrator asks, a second one decides."""

    heading: Text
    lead: Texts
    ask_heading: Text
    reference: Text
    reference_hint: Text
    reference_missing: Text
    reason: Text
    reason_hint: Text
    reason_missing: Text
    reason_too_long: Text
    ask: Text
    asked: Text
    not_found: Text
    not_archived: Text
    asked_before: Text
    open_heading: Text
    none: Text
    more: Text
    person: Text
    archived: Text
    asked_by: Text
    yours: Text
    confirm: Text
    decline: Text
    take_back: Text
    confirmed: Text
    declined: Text
    decided: Text
