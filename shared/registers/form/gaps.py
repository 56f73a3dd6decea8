"""Which answers a record lacks that its form demands (R-LOAD-004)."""

from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answers, is_asked


def gaps_in(register: Definition, answers: Answers) -> tuple[str, ...]:
    """
    Return the mandatory questions that are asked and have no answer, in the order of the form.

    A form saves no record with a gap. A spreadsheet may, and so may a later edition that asks for more.
    """
    asked = register.form.asked
    return tuple(
        each.name for each in asked if each.required and not answers.get(each.name) and is_asked(each, answers)
    )
