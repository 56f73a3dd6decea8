"""The type of answers in messages: codes and texts by the names of questions. Also the refusal of invalid answers."""

from typing import ClassVar

from shared.messages import Refusal

Answer = str | tuple[str, ...]
Answers = dict[str, Answer]


class InvalidAnswers(Refusal):
    """The answers have this number of faults."""

    code: ClassVar[str] = "invalid_answers"

    faults: int
