"""Which questions are asked, given the answers before them, and whether a person may be put on the register."""

from collections.abc import Collection, Mapping
from typing import Literal

from shared.registers.definition.lifecycle import ConsentGate, GateRule
from shared.registers.definition.questions import Condition, Question, QuestionForm
from shared.registers.definition.register import Definition
from shared.values import age_on, day_of

Answer = str | tuple[str, ...]
"""A stored answer: a code, a text, or a date as 2022-06-17; several codes for `choices`."""
Answers = Mapping[str, Answer]

Verdict = Literal["accepted", "refused", "open"]


def holds(conditions: tuple[Condition, ...], answers: Answers) -> bool:
    """Return whether one of the conditions holds. An empty tuple always holds."""
    if not conditions:  # as in most questions
        return True
    return any(_holds(condition, answers) for condition in conditions)


def _holds(condition: Condition, answers: Answers) -> bool:
    for name, codes in condition.items():
        answer = answers.get(name)
        if not (answer in codes if isinstance(answer, str) else set(answer or ()).intersection(codes)):
            return False
    return True


def codes_of(answer: Answer | None) -> tuple[str, ...]:
    """Return the chosen codes of an answer, whether one or several; an empty tuple without an answer."""
    if answer is None:
        return ()
    return (answer,) if isinstance(answer, str) else tuple(answer)


def is_asked(question: Question, answers: Answers) -> bool:
    """Return whether the question is asked, given the answers to the questions before it."""
    excused = question.unless and holds(question.unless, answers)
    return holds(question.show_if, answers) and not excused


def visible_questions(form: QuestionForm, answers: Answers) -> tuple[Question, ...]:
    """Return the questions that are asked, given these answers. Answers to questions not asked are ignored."""
    seen: dict[str, Answer] = {}
    visible: list[Question] = []
    for question in form.asked:
        if is_asked(question, seen):
            visible.append(question)
            if question.name in answers:
                seen[question.name] = answers[question.name]
    return tuple(visible)


def consent_verdict(register: Definition, answers: Answers) -> Verdict:
    """
    Return whether the consent gate accepts a person; `open` while a question that it depends on is unanswered.

    Only `accepted` may be stored. If every question is answered and no rule holds, the verdict is `refused`.
    """
    gate = register.consent
    if gate is None or gate.gate == "off":
        return "accepted"
    asked = {question.name for question in visible_questions(register.form, answers)}
    counted = {name: answer for name, answer in answers.items() if name in asked}
    for rule in gate.rules:
        if not holds(rule.when, counted):
            continue
        fits = _fits_age(register, rule, counted, asked)
        if fits is None:
            return "open"
        if fits:
            return rule.verdict
    return "open" if (gate.needed & asked) - counted.keys() else "refused"


def speaks_against(gate: ConsentGate, answers: Answers) -> bool:
    """
    Return whether an answer about consent is one with which no rule of the gate accepts a person.

    It counts even where the form would not ask its question, for instance because one before it is unanswered.
    """
    favourable: dict[str, set[str]] = {}
    for rule in gate.rules:
        for condition in rule.when if rule.verdict == "accepted" else ():
            for name, codes in condition.items():
                favourable.setdefault(name, set()).update(codes)
    return any(
        not favourable.get(name, set()).issuperset(codes_of(answers[name])) for name in gate.needed & answers.keys()
    )


def consent_question(register: Definition, answers: Answers) -> str | None:
    """Return the last question of the consent gate that was asked and answered: the one whose answer decided."""
    needed = register.consent.needed if register.consent else frozenset()
    asked = [question.name for question in visible_questions(register.form, answers)]
    return next((name for name in reversed(asked) if name in needed and name in answers), None)


def _fits_age(register: Definition, rule: GateRule, answers: Answers, asked: Collection[str]) -> bool | None:
    """Return whether the person has the rule's age; None while a date that it depends on is unanswered."""
    if not rule.goes_by_age:
        return True
    names = (register.person["born"], rule.on or "")
    if any(name in asked and name not in answers for name in names):
        return None
    born, day = (day_of(answers.get(name)) for name in names)
    return born is not None and day is not None and born <= day and rule.holds_age(age_on(born, day))
