"""How a register meets about its people: the form of the minutes, and which decisions bring a person back."""

from collections.abc import Callable
from typing import Self

from pydantic import Field

from shared.registers.definition.base import Code, Model, QuestionName
from shared.registers.definition.questions import Question, QuestionForm


class MeetingRules(Model):
    """
    The meetings of a register. A register without them does not meet.

    `minutes` is the form that is filled in for each person. The person's rating and next review are asked beside it.
    `decision` is its question of what was decided. An answer in `carried_by` puts the person on the next agenda.
    """

    minutes: QuestionForm
    decision: QuestionName
    carried_by: tuple[Code, ...] = Field(default=())

    def with_questions(self, changed: Callable[[Question], Question]) -> Self:
        """Return the rules with each question of the minutes replaced."""
        return self.model_copy(update={"minutes": self.minutes.with_questions(changed)})
