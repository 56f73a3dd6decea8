"""What rows have in common: which questions they answer, and the answers on which other questions depend."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from shared.cleaning import says_something
from shared.registers.definition.questions import AgeRange, Condition, OrderRule
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, Answers, codes_of, holds
from shared.registers.form.reading import read_one
from shared.values import Unreadable, age_on, day_of

Shape = tuple[tuple[str, Answer | None], ...]


class Shapes:
    """Tells rows apart by what matters to the rules of a form."""

    def __init__(self, register: Definition, today: date) -> None:
        form = register.form
        self._questions = {question.name: question for question in form.asked}
        self._today = today
        self.deciding = frozenset(_deciding(register))
        self._texts = tuple(each.name for each in form.asked if each.required and not each.options)
        self._by_age_at_the_gate = bool(register.consent and any(rule.goes_by_age for rule in register.consent.rules))
        self._retired = {
            each.name: frozenset(option.code for option in each.options if option.retired)
            for each in form.asked
            if len(each.offered) < len(each.options)
        }
        self._in_order = tuple(_ordered_days(register))
        self._ranges = tuple(rule for rule in form.rules if isinstance(rule, AgeRange))
        self._limits = tuple((each.name, rule) for each in form.asked for rule in each.ages)
        self._ages = {(rule.birth, rule.on) for rule in self._ranges} | {(name, rule.on) for name, rule in self._limits}
        self._sound: dict[tuple[str, Answer], bool] = {}
        self._day_of = lru_cache(maxsize=50_000)(day_of)

    def shape_of(self, answers: Answers) -> Shape:
        """Return what the form's rules go by, apart from dates."""
        deciding = self.deciding
        return tuple([(name, answer if name in deciding else None) for name, answer in answers.items()])

    def are_plain(self, answers: Answers, before: Answers | None) -> bool:
        """
        Return whether the form judges these answers by their shape alone.

        It does not if a date breaks a rule, a needed text has no letters, an option is retired, or an answer that the
        record has `before` would not be accepted today.
        """
        if self._by_age_at_the_gate:
            return False
        for name in self._texts:
            if self._is_blank(answers.get(name)):
                return False
        if any(retired.intersection(codes_of(answers.get(name))) for name, retired in self._retired.items()):
            return False
        if before and not all(self._is_sound(name, answer) for name, answer in before.items()):
            return False
        return self._are_in_order(answers) and not self._break_ages(answers)

    @staticmethod
    def _is_blank(answer: Answer | None) -> bool:
        return isinstance(answer, str) and not answer[:1].isalnum() and not says_something(answer)

    def _is_sound(self, name: str, answer: Answer) -> bool:
        known = self._sound.get((name, answer))
        if known is None:
            known = self._sound[name, answer] = self._is_read_again(name, answer)
        return known

    def _is_read_again(self, name: str, answer: Answer) -> bool:
        try:
            return name in self._questions and read_one(self._questions[name], {name: answer}) == answer
        except Unreadable:
            return False

    def _are_in_order(self, answers: Answers) -> bool:
        for first, then in self._in_order:
            earlier, later = answers.get(first), answers.get(then)
            if isinstance(earlier, str) and isinstance(later, str) and later < earlier:
                return False
        return True

    def _break_ages(self, answers: Answers) -> bool:
        ages = {key: self._age(answers, *key) for key in self._ages}
        for rule in self._ranges:
            age = ages[rule.birth, rule.on]
            is_within = age is None or rule.youngest <= age <= rule.oldest
            if not is_within and holds(rule.when, answers) and not any(answers.get(name) for name in rule.without):
                return True
        for name, limit in self._limits:
            age = ages[name, limit.on]
            if age is not None and age > limit.last and holds(limit.when, answers):
                return True
        return False

    def _age(self, answers: Answers, birth: str, on: str | None) -> int | None:
        born = self._day_of(answers.get(birth))
        return None if born is None else age_on(born, self._day_of(answers.get(on or "")) or self._today)


def _deciding(register: Definition) -> Iterator[str]:
    """Yield the questions on whose answers it depends what else is asked, or allowed."""
    form = register.form
    conditions: list[Condition] = []
    for question in form.asked:
        conditions += [*question.show_if, *question.unless, *(each for rule in question.ages for each in rule.when)]
        if question.kind == "yes_no":
            yield question.name
    for rule in form.rules:
        conditions += rule.when if isinstance(rule, AgeRange) else ()
    for gate in register.consent.rules if register.consent else ():
        conditions += gate.when
    yield from (name for condition in conditions for name in condition)


def _ordered_days(register: Definition) -> Iterator[tuple[str, str]]:
    """Yield the pairs of dates of which the second must not be before the first."""
    for question in register.form.asked:
        if question.kind == "date" and question.not_before:
            yield question.not_before, question.name
    for rule in register.form.rules:
        if isinstance(rule, OrderRule):
            yield from ((rule.first, name) for name in rule.then)
