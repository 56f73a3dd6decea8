"""Two users' minutes about one person: what both wrote is brought together, so that no word is lost."""

from dataclasses import dataclass, field

from shared.contracts.meetings import Minutes
from shared.contracts.referrals.answers import Answer
from shared.registers.definition.questions import QuestionForm
from shared.registers.form.conditions import Answers

TEXTS = {"text": " ", "long_text": "\n\n"}  # the kinds whose two answers can stand together, and what joins them


@dataclass(frozen=True)
class BothMinutes:
    """
    The saved minutes and the typed ones in one. `is_typed`: everything that is saved is in what was typed.
    """

    answers: dict[str, Answer] = field(repr=False)
    is_typed: bool


def bring_together(questions: QuestionForm, saved: Answers, typed: Answers) -> BothMinutes:
    """
    Return both. Texts that differ stand one after the other, the saved one first. Of other answers the typed one
    stands.
    """
    answers: dict[str, Answer] = dict(saved) | dict(typed)
    is_typed = True
    for name, theirs in saved.items():
        yours, question = typed.get(name), questions.by_name.get(name)
        joint = TEXTS.get(question.kind) if question else None
        if yours == theirs:
            continue
        if joint is None or not (isinstance(theirs, str) and isinstance(yours, str)):
            is_typed = False
        elif theirs not in yours:
            is_typed = False
            answers[name] = theirs if yours in theirs else joint.join((theirs, yours))
    return BothMinutes(answers, is_typed)


def is_own(saved: Minutes, typed: Answers, questions: QuestionForm, visitor: str) -> bool:
    """
    Return whether the saved minutes are an earlier state of the typed ones, by the same user.

    It is so after an answer got lost on its way: the save was made, and the page does not know it.
    """
    texts = {name: said for name, said in saved.answers.items() if _is_text(questions, name)}
    return saved.saved_by == visitor and bring_together(questions, texts, typed).is_typed


def _is_text(questions: QuestionForm, name: str) -> bool:
    question = questions.by_name.get(name)
    return question is None or question.kind in TEXTS
