"""Checks within one form: names, options, and conditions that refer only to earlier questions."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches

from shared.registers.definition.questions import (
    NOT_KNOWN,
    OPTION_KINDS,
    AgeRange,
    Condition,
    ConsistencyRule,
    Kind,
    Question,
    QuestionForm,
)
from shared.registers.faults import DefinitionFault, did_you_mean
from shared.values import fold

OWN_OPTION_KINDS: frozenset[Kind] = OPTION_KINDS - {"yes_no"}


def check_form(
    called: str, form: QuestionForm, beside: Mapping[str, Question] | None = None
) -> Iterator[DefinitionFault]:
    """
    Return the faults of a form. `called` is its key in the definition.

    `beside` are questions of another form that its rules may name.
    """
    yield from _check_names(called, form)
    for number, rule in enumerate(form.rules, start=1):
        yield from _check_rule(f"{called}, rule {number}", rule, form, beside or {})
    earlier: dict[str, Question] = {}
    for section in form.sections:
        for question in section.questions:
            place = f"{called}, section {section.title}, question {question.name}"
            yield from _check_options(place, question)
            yield from _check_editable(place, question)
            yield from _check_dates(place, question, earlier)
            yield from _check_ages(place, question, form)
            yield from _check_conditions(place, question, earlier, form)
            earlier[question.name] = question


def twice(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once."""
    return [name for name, times in Counter(names).items() if times > 1]


def not_asked(form: QuestionForm, name: str) -> str:
    """Say that a name is no question that the form asks, with the one that was probably meant."""
    if name in form.by_name:
        return f"{name} is retired, and this depends on it"
    return f"{name} is not a question of the form{did_you_mean(name, [each.name for each in form.asked])}"


def _check_names(called: str, form: QuestionForm) -> Iterator[DefinitionFault]:
    for name in twice(question.name for question in form.all_questions):
        places = [
            f"section {section.title} (question {number})"
            for section in form.sections
            for number, question in enumerate(section.questions, start=1)
            if question.name == name
        ]
        told = f"{name} is the name of more than one question: {' and '.join(places)}"
        yield DefinitionFault(called, told, frozenset({name}))


def check_condition(
    place: str,
    condition: Condition,
    known: dict[str, Question],
    lead: str,
    where: str = "asked before it",
    *,
    every: Collection[str] = (),
) -> Iterator[DefinitionFault]:
    """
    Check that a condition names known questions with options, and only options that they offer.

    An empty condition would always hold, and a question without answers never.

    For a name that is among `every` question of the form no other is offered: it is known, but not here.
    """
    if not condition:
        yield DefinitionFault(place, 'has an empty condition, which always holds: write { question = "answer" }')
    for name, codes in condition.items():
        question = known.get(name)
        if question is None or question.retired:
            near = "" if name in known or name in every else did_you_mean(name, known)
            yield DefinitionFault(place, f"{lead} {name}, which is not {where}{near}")
        elif question.kind not in OPTION_KINDS:
            yield DefinitionFault(place, f"{lead} {name}, which has no options to choose from")
        elif not codes:
            yield DefinitionFault(place, f"{lead} {name}, and names no answer of it, so it never holds")
        else:
            yield from _check_codes(place, question, codes)


def _check_codes(place: str, question: Question, codes: Collection[str]) -> Iterator[DefinitionFault]:
    for code in codes:
        if code not in {option.code for option in question.options}:
            why = f"{code} is not one of the answers of {question.name}{_codes(question, code)}"
            yield DefinitionFault(place, why)
        elif code not in {option.code for option in question.offered}:
            yield DefinitionFault(place, f"{code} of {question.name} is retired, and this depends on it")


def _check_rule(
    place: str, rule: ConsistencyRule, form: QuestionForm, beside: Mapping[str, Question]
) -> Iterator[DefinitionFault]:
    own = {question.name: question for question in form.asked}
    known = {**beside, **own}
    dates = (rule.birth, *filter(None, (rule.on,))) if isinstance(rule, AgeRange) else (rule.first, *rule.then)
    for name in dates:
        if name not in known and name in form.by_name:
            yield DefinitionFault(place, not_asked(form, name))
        elif name not in known or known[name].kind != "date":
            yield DefinitionFault(place, f"{name} is not a date of the form")
    if isinstance(rule, AgeRange):
        yield from _check_range(place, rule, own, form)
    elif not own.keys() & set(rule.then):
        yield DefinitionFault(place, "compares no date of its own form")


def _check_range(place: str, rule: AgeRange, own: dict[str, Question], form: QuestionForm) -> Iterator[DefinitionFault]:
    for name in (*rule.without, *rule.at):
        if name not in own:
            yield DefinitionFault(place, not_asked(form, name))
    for condition in rule.when:
        yield from check_condition(place, condition, own, "depends on", "in the form")
    if rule.youngest > rule.oldest:
        yield DefinitionFault(place, "allows no age: youngest is above oldest")
    if rule.asked and (rule.birth not in own or rule.birth not in rule.at):
        yield DefinitionFault(place, f"is asked about, so {rule.birth} must be a question of the form and among `at`")


def _check_conditions(
    place: str, question: Question, earlier: dict[str, Question], form: QuestionForm
) -> Iterator[DefinitionFault]:
    told = {
        "show_if": question.show_if,
        "unless": question.unless,
        "age": tuple(condition for rule in question.ages for condition in rule.when),
    }
    for word, conditions in told.items():
        for condition in conditions:
            lead = f"{question.name} depends on"
            yield from check_condition(f"{place}, {word}", condition, earlier, lead, every=form.by_name)


MOST_CODES = 12


def _codes(question: Question, written: str) -> str:
    """Return the codes of a question, or the nearest ones if there are many."""
    codes = [option.code for option in question.options]
    if len(codes) <= MOST_CODES:
        return f": {', '.join(codes)}"
    near = get_close_matches(written, codes, n=3) or codes[:3]
    return f", which has {len(codes)}, among them {', '.join(near)}"


def _check_options(place: str, question: Question) -> Iterator[DefinitionFault]:
    if question.kind not in OPTION_KINDS:
        if question.options or question.list_name:
            yield DefinitionFault(place, f"offers options, which {question.kind} cannot have")
        return
    if len(question.options) < 2 and not question.list_name:
        yield DefinitionFault(place, "needs two options at least, or the name of a list")
    elif question.options and not question.offered:
        yield DefinitionFault(place, "offers nothing: one option at least must not be retired")
    for code in twice(option.code for option in question.options):
        yield DefinitionFault(place, f"has the option {code} more than once")
    if question.not_known and any(option.code == NOT_KNOWN for option in question.options):
        yield DefinitionFault(place, f"has the option {NOT_KNOWN} and says not_known too")


def check_apart(called: str, form: QuestionForm, other: QuestionForm, other_called: str) -> Iterator[DefinitionFault]:
    """Check that two forms share no editable name: an overlay finds a question by its name, in any form."""
    for name in other.by_name.keys() & form.by_name.keys():
        if any(each.editable or each.guidance for each in (other.by_name[name], form.by_name[name])):
            yield DefinitionFault(
                called, f"{name} is a question of {other_called} too, and can be reworded: give it another name"
            )


def check_labels(called: str, form: QuestionForm) -> Iterator[DefinitionFault]:
    """Check that users can tell options apart. Not for overlays, which check the lists that administrators write."""
    for section in form.sections:
        for question in section.questions:
            for label in twice_told(question):
                place = f"{called}, section {section.title}, question {question.name}"
                yield DefinitionFault(place, f"has two options called {label}")


def twice_told(question: Question) -> list[str]:
    """Return the labels that two options of one group have which are offered."""
    shown: dict[tuple[str, str | None], list[str]] = {}
    for option in question.offered:
        shown.setdefault((fold(option.label), option.group), []).append(option.label)
    return [labels[0] for labels in shown.values() if len(labels) > 1]


def _check_editable(place: str, question: Question) -> Iterator[DefinitionFault]:
    if question.editable and (question.kind not in OWN_OPTION_KINDS or question.list_name):
        yield DefinitionFault(place, "is editable, which belongs to questions that write out their own options")


def _check_ages(place: str, question: Question, form: QuestionForm) -> Iterator[DefinitionFault]:
    """Check that an age is taken on a date of the form, before or after the date of birth."""
    for rule in question.ages:
        on = form.by_name.get(rule.on or "")
        if rule.on and (on is None or on.retired or on.kind != "date" or on is question):
            yield DefinitionFault(place, f"takes the age on {rule.on}, which is no other date that the form asks")


def _check_dates(place: str, question: Question, earlier: dict[str, Question]) -> Iterator[DefinitionFault]:
    if question.kind != "date" and (question.not_known or question.allow_future or question.not_before):
        yield DefinitionFault(place, "says not_known, allow_future or not_before, which belong to dates")
    if question.kind != "date" and question.ages:
        yield DefinitionFault(place, "says age, which belongs to dates")
    start = earlier.get(question.not_before or "")
    if question.not_before and (start is None or start.kind != "date"):
        yield DefinitionFault(place, f"may not be before {question.not_before}, which is no date asked before it")
