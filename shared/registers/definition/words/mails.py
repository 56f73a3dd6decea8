"""What the page about mails says."""

from typing import Annotated, get_args

from pydantic import AfterValidator

from shared.registers.definition.base import Gaps, Part, Text, Texts
from shared.registers.definition.lifecycle import Occasion


def _every_occasion(words: dict[Occasion, str]) -> dict[Occasion, str]:
    missing = [occasion for occasion in get_args(Occasion) if occasion not in words]
    if missing:
        raise ValueError(f"is missing {', '.join(missing)}")
    return words


class MailListWords(Part):
    """What has become of the mails about records."""

    heading: Text
    intro: Texts
    open: Text
    queued: Text
    what: Text
    record: Text
    recipient: Text
    state: Text
    urgent: Text
    instead: Text
    occasions: Annotated[dict[Occasion, Text], AfterValidator(_every_occasion)]
    waiting: Text
    accepted: Text
    accepted_when: Annotated[str, AfterValidator(Gaps("when"))]
    failed: Text
    given_up: Text
    expired: Text
    answered: Annotated[str, AfterValidator(Gaps("answer"))]
    not_reached: Text
    send_again: Text
    sent_again: Text
    not_ended: Text
    no_words: Text
    everything: Text
    undelivered: Text
    empty: Text
    all_delivered: Text
    newest: Text
    older: Text
