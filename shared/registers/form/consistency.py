"""Answers that contradict each other: dates in an impossible order, and ages that do not fit another answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from shared.registers.definition.questions import AgeRange, OrderRule, Question, QuestionForm
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.conditions import Answer, Answers, holds, visible_questions
from shared.values import age_on, day_of, show_date


@dataclass(frozen=True, repr=False)
class Known:
    """A question of another form with its answer, to which a rule of this form may refer."""

    question: Question
    answer: Answer


@dataclass(frozen=True, repr=False)
class Contradiction:
    """
    Answers that cannot all be right: those to the questions `judged`. `said` is shown at the questions `at`.

    If `asked`, the answer to the first question judged may be right: the user is asked to confirm it.
    """

    judged: tuple[str, ...]
    at: tuple[str, ...]
    said: str
    asked: bool = False


def birth_known(register: Definition, born: date | None) -> dict[str, Known]:
    """Return the person's date of birth as the rules of an outcome form may name it."""
    question = register.form.by_name.get(register.person.get("born", ""))
    return {question.name: Known(question, born.isoformat())} if question and born else {}


def contradictions(
    form: QuestionForm, answers: Answers, words: Words, today: date, known: Mapping[str, Known] | None = None
) -> Iterator[Contradiction]:
    """
    Yield what the rules of a form find in these answers. `known` are answers of another form about the person.

    An answer counts only if its question is asked: nobody could put right one that the form hides.
    """
    beside = known or {}
    asked = {
        question.name: answers[question.name]
        for question in visible_questions(form, answers)
        if question.name in answers
    }
    seen = {**{name: each.answer for name, each in beside.items()}, **asked}
    labels = {name: each.question.label for name, each in beside.items()}
    labels |= {name: question.label for name, question in form.by_name.items()}
    for rule in form.rules:
        if isinstance(rule, OrderRule):
            yield from _out_of_order(rule, seen, labels, words)
        elif (found := _out_of_range(rule, seen, today)) is not None:
            yield found


def unchanged(found: Contradiction, answers: Answers, before: Answers | None) -> bool:
    """Return whether every answer that contradicts another is as it was stored, so that it is no new mistake."""
    return before is not None and all(before.get(name) == answers.get(name) for name in found.judged)


def _out_of_order(
    rule: OrderRule, answers: Answers, labels: Mapping[str, str], words: Words
) -> Iterator[Contradiction]:
    first = day_of(answers.get(rule.first))
    for name in rule.then:
        then = day_of(answers.get(name))
        if first is None or then is None or then >= first:
            continue
        said = (rule.said or words.unfilled("contradictions.order")).format(
            first=labels[rule.first], first_day=show_date(first), then=labels[name], then_day=show_date(then)
        )
        yield Contradiction((rule.first, name), (rule.first, name), said)


def _out_of_range(rule: AgeRange, answers: Answers, today: date) -> Contradiction | None:
    born = day_of(answers.get(rule.birth))
    if born is None or not holds(rule.when, answers) or any(answers.get(name) for name in rule.without):
        return None
    day = day_of(answers.get(rule.on or "")) or today
    age = age_on(born, day)
    if day < born or rule.youngest <= age <= rule.oldest:  # dates out of order are the business of an order rule
        return None
    said = rule.said.format(born=show_date(born), age=age, day=show_date(day))
    return Contradiction(rule.judged, rule.at, said, rule.asked)
