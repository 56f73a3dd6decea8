"""The form of a record's page when another button of the page was pressed: what was typed in it is kept."""

from dataclasses import dataclass

from gateway.pages.records.record_page import Opened, drawn_form, open_record, opened_in
from gateway.ui.form import Posted
from gateway.ui.register_form import RegisterForm, hidden_fields, typed
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.form.showing import fill_fields


@dataclass(frozen=True)
class Beside:
    """The record's form as it was when the button was pressed. `changed` means that it has unsaved changes."""

    drawn: RegisterForm
    opened: Opened
    changed: bool


def beside(register: Definition, record: RecordShown, posted: Posted) -> Beside:
    """Return the form as it was sent, or as it is saved if it was not sent."""
    raw, saved = typed(posted, register.form), fill_fields(register.form, record.answers)
    if not raw:
        return Beside(drawn_form(register, record), open_record(record), changed=False)
    opened = opened_in(posted)
    changed = opened.version != record.version or sorted(hidden_fields(raw)) != sorted(hidden_fields(saved))
    return Beside(drawn_form(register, record, raw), opened, changed)
