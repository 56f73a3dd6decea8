"""The receipt: what happens next at a record's rating, when the register is watched, and what to do in a crisis."""

from aiohttp import web
from markupsafe import Markup

from gateway.ui.render import show_part
from shared.contracts.referrals.reading import RecordShown
from shared.registers.definition.register import Definition
from shared.registers.form.person import rating_of


def receipt_of(request: web.Request, register: Definition, record: RecordShown, *, is_new: bool) -> Markup:
    """Return the receipt of a new record, or of a change of its rating."""
    level = rating_of(register, record.answers)
    steps = () if level is None else level.next_steps if is_new else level.steps_after_change
    return show_part(request, "records/receipt.html", register=register, level=level, steps=steps)
