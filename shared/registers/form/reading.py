"""Reading form input: typed answers, and a message for each question with an invalid answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from shared.cleaning import clean_line, says_something
from shared.registers.definition.questions import NOT_KNOWN, AgeRule, Kind, Question, QuestionForm
from shared.registers.definition.words import Words
from shared.registers.form.conditions import Answer, Answers, codes_of, holds, is_asked, visible_questions
from shared.registers.form.consistency import Known, contradictions, unchanged
from shared.values import (
    Unreadable,
    ValueFault,
    age_on,
    day_of,
    read_date,
    read_date_parts,
    read_email,
    read_line,
    read_nhs_number,
    read_phone,
    read_postcode,
    read_text,
    suggest_postcode,
)

Raw = Mapping[str, str | Sequence[str]]
"""Field name → what was typed, as a form sends it; or question name → answer, as a service receives it."""

DATE_PARTS = ("day", "month", "year")
_TEXT_READERS: dict[Kind, Callable[[str], str]] = {
    "text": read_line,
    "long_text": read_text,
    "nhs_number": read_nhs_number,
    "postcode": read_postcode,
    "email": read_email,
    "phone": read_phone,
}


@dataclass(frozen=True, repr=False)
class Checked:
    """
    The result of reading a form.

    `answers` can be stored. `faults` has one sentence for each question that needs another answer. `unknown` are field
    names that the form does not have. `raw` is everything typed, to be shown again.

    `doubts` are those of the faults that the user may confirm, with the answer in doubt. `sure` are the questions whose
    answers the user has confirmed.
    """

    answers: dict[str, Answer]
    faults: dict[str, str]
    unknown: tuple[str, ...]
    raw: Raw
    doubts: Mapping[str, Answer] = field(default_factory=dict)
    sure: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.faults and not self.unknown


def read_answers(
    form: QuestionForm,
    raw: Raw,
    words: Words,
    today: date,
    before: Answers | None = None,
    known: Mapping[str, Known] | None = None,
) -> Checked:
    """
    Return the answers to the questions that are asked, in that order. Answers to questions not asked are dropped.

    Accepts a form post and stored answers alike; reading its own answers again gives the same result. The gateway reads
    what was typed, and the service reads again what the gateway sent.

    `before` are the stored answers. A rule about ages or between answers is not applied where every answer that it
    depends on is unchanged. Retired options stay valid where they were chosen.

    `known` are answers of another form, to which the rules may refer.
    """
    answers: dict[str, Answer] = {}
    faults: dict[str, str] = {}
    for question in form.asked:
        if not is_asked(question, answers):
            continue
        try:
            kept = (before or {}).get(question.name)
            answer = _as_kept(question, _read(question, raw, answers, today), kept)
            _check_offered(question, answer, kept)
        except Unreadable as unreadable:
            faults[question.name] = _say(unreadable.wrong, question, form, raw, words)
            continue
        if answer is not None:
            answers[question.name] = answer
        too_old = _too_old(question, answers, today, before, form, late=False)
        if too_old is not None:
            faults[question.name] = too_old.said
            del answers[question.name]
    if late := _too_old_at_last(form, answers, today, before):
        told = faults | late
        faults = {question.name: told[question.name] for question in form.asked if question.name in told}
        answers = {name: answer for name, answer in answers.items() if name not in late}
    checked = Checked(answers, faults, _unknown(form, raw), raw)
    return _with_contradictions(checked, form, words, today, before, known)


def read_one(question: Question, raw: Raw) -> Answer | None:
    """
    Return the answer to one question, by itself; None if there is none. Raise `Unreadable`.

    Whether an answer is required, and what other answers demand, is not looked at.
    """
    return _READERS[question.kind](question, raw) or None


def _with_contradictions(
    checked: Checked,
    form: QuestionForm,
    words: Words,
    today: date,
    before: Answers | None,
    known: Mapping[str, Known] | None,
) -> Checked:
    """
    Return the result with a fault at each question whose answer contradicts another, unless it is confirmed.

    As with every fault, the answers in question are left out, and so are those that are not asked without them.
    """
    faults, doubts, sure = dict(checked.faults), dict[str, Answer](), list[str]()
    for found in contradictions(form, checked.answers, words, today, known):
        doubted = found.judged[0]
        if unchanged(found, checked.answers, before):
            continue
        if found.asked and _is_sure(checked, doubted):
            sure.append(doubted)
            continue
        shown = [name for name in found.at if name in form.by_name and name not in faults]
        faults |= dict.fromkeys(shown, found.said)
        if found.asked and doubted in shown:
            doubts[doubted] = checked.answers[doubted]
    if faults == checked.faults:
        return replace(checked, sure=tuple(sure))
    sound = {name: answer for name, answer in checked.answers.items() if name not in faults}
    asked = {question.name for question in visible_questions(form, sound)}
    answers = {name: answer for name, answer in sound.items() if name in asked}
    return replace(
        checked,
        answers=answers,
        faults={name: said for name, said in faults.items() if name in asked} or faults,
        doubts=doubts,
        sure=tuple(name for name in sure if name in answers),
    )


def _is_sure(checked: Checked, name: str) -> bool:
    """Return whether the user has confirmed this very answer."""
    confirmed = checked.raw.get(sure_field(name), "")
    return checked.answers.get(name) in ((confirmed,) if isinstance(confirmed, str) else confirmed)


def field_names(question: Question) -> tuple[str, ...]:
    """Return the names of the form fields of a question."""
    if question.kind != "date":
        return (question.name,)
    parts = tuple(f"{question.name}-{part}" for part in DATE_PARTS)
    return (question.name, *parts, not_known_field(question), sure_field(question.name))


def sure_field(name: str) -> str:
    """Return the name of the checkbox that confirms an unlikely answer. Its value is the answer that it confirms."""
    return f"{name}-sure"


def not_known_field(question: Question) -> str:
    """Return the name of the checkbox that says that a date is not known."""
    return f"{question.name}-not-known"


def _unknown(form: QuestionForm, raw: Raw) -> tuple[str, ...]:
    return tuple(name for name in raw if not _is_field(form, name))


def _is_field(form: QuestionForm, name: str) -> bool:
    question = form.by_name.get(name.partition("-")[0])
    return question is not None and not question.retired and name in field_names(question)


def _read(question: Question, raw: Raw, answers: Answers, today: date) -> Answer | None:
    """Return the answer, or None if there is none and none is required. Raise `Unreadable`."""
    answer = _READERS[question.kind](question, raw)
    if question.required and not _says_something(answer):
        raise Unreadable(ValueFault.REQUIRED_CHOICE if question.options else ValueFault.REQUIRED)
    if question.kind == "date" and (day := day_of(answer)):
        _check_date(question, day, answers, today)
    return answer or None


def _says_something(answer: Answer) -> bool:
    return says_something(answer) if isinstance(answer, str) else bool(answer)


def _typed(raw: Raw, field: str) -> str:
    """Return the single value of a field. Raise `Unreadable` when there are several."""
    value = raw.get(field, "")
    if isinstance(value, str):
        return value
    if len(value) > 1:
        raise Unreadable(ValueFault.ONE_ANSWER)
    return value[0] if value else ""


def _read_typed(question: Question, raw: Raw) -> str:
    typed = _typed(raw, question.name)
    if not clean_line(typed):
        return ""
    answer = _TEXT_READERS[question.kind](typed)
    if len(answer) > question.longest:
        raise Unreadable(ValueFault.TOO_LONG)
    return answer


def _read_option(question: Question, raw: Raw) -> str:
    return _offered(question, clean_line(_typed(raw, question.name)))


def _read_options(question: Question, raw: Raw) -> tuple[str, ...]:
    value = raw.get(question.name, ())
    chosen = {_offered(question, clean_line(code)) for code in ([value] if isinstance(value, str) else value)}
    return tuple(code for code in question.labels if code in chosen)


def _offered(question: Question, code: str) -> str:
    if code and code not in question.labels:
        raise Unreadable(ValueFault.UNKNOWN_OPTION)
    return code


def _as_kept(question: Question, answer: Answer | None, kept: Answer | None) -> Answer | None:
    """
    Return the stored answer if this is no other: the same choices in another order, or a text that looks the same.
    """
    if isinstance(answer, tuple) and isinstance(kept, tuple):
        return kept if set(answer) == set(kept) else answer
    if isinstance(answer, str) and isinstance(kept, str) and answer != kept:
        return kept if _looks_like(question, kept, answer) else answer
    return answer


def _looks_like(question: Question, kept: str, answer: str) -> bool:
    """Return whether a stored text, from before texts were cleaned, differs only in what cannot be seen."""
    clean = {"text": clean_line, "long_text": read_text}.get(question.kind)
    return clean is not None and clean(kept) == answer


def _check_offered(question: Question, answer: Answer | None, kept: Answer | None) -> None:
    """Raise `Unreadable` for a retired option, unless the stored answer has it."""
    if answer is None or len(question.offered) == len(question.options):
        return
    offered = {option.code for option in question.offered_to(codes_of(kept))}
    if not offered.issuperset(codes_of(answer)):
        raise Unreadable(ValueFault.UNKNOWN_OPTION)


def _read_date(question: Question, raw: Raw) -> str:
    whole = clean_line(_typed(raw, question.name))
    parts = [clean_line(_typed(raw, f"{question.name}-{part}")) for part in DATE_PARTS]
    not_known = bool(question.not_known) and (
        whole == NOT_KNOWN or bool(clean_line(_typed(raw, not_known_field(question))))
    )
    if not_known:
        if any(parts) or whole not in ("", NOT_KNOWN):
            raise Unreadable(ValueFault.DATE_AND_NOT_KNOWN)
        return NOT_KNOWN
    if any(parts):
        return read_date_parts(*parts).isoformat()
    return read_date(whole).isoformat() if whole else ""


_READERS: dict[Kind, Callable[[Question, Raw], Answer]] = {
    **dict.fromkeys(_TEXT_READERS, _read_typed),
    "yes_no": _read_option,
    "choice": _read_option,
    "choices": _read_options,
    "select": _read_option,
    "date": _read_date,
}


def _check_date(question: Question, day: date, answers: Answers, today: date) -> None:
    if day > today and not question.allow_future:
        raise Unreadable(ValueFault.DATE_FUTURE)
    earliest = day_of(answers.get(question.not_before or ""))
    if earliest and day < earliest:
        raise Unreadable(ValueFault.DATE_ORDER)


def _too_old_at_last(form: QuestionForm, answers: Answers, today: date, before: Answers | None) -> dict[str, str]:
    """Return what is said of dates of birth by rules whose day is asked after them."""
    found = {
        question.name: _too_old(question, answers, today, before, form, late=True)
        for question in form.asked
        if question.ages
    }
    return {name: rule.said for name, rule in found.items() if rule is not None}


def _too_old(
    question: Question, answers: Answers, today: date, before: Answers | None, form: QuestionForm, *, late: bool
) -> AgeRule | None:
    """
    Return the first rule that this date of birth breaks, or None.

    `late`: of the rules whose day is asked after it, else of the others.
    """
    born = day_of(answers.get(question.name)) if question.ages else None
    if born is None:
        return None
    broken = (rule for rule in question.ages if _is_late(rule, question, form) == late)
    return next(
        (
            rule
            for rule in broken
            if _is_too_old(rule, born, answers, today) and not _is_kept(rule, question, answers, before)
        ),
        None,
    )


def _is_late(rule: AgeRule, question: Question, form: QuestionForm) -> bool:
    names = [each.name for each in form.asked]
    return rule.on in names and names.index(rule.on or "") > names.index(question.name)


def _is_kept(rule: AgeRule, question: Question, answers: Answers, before: Answers | None) -> bool:
    """Return whether every answer that the rule depends on is unchanged from the stored ones."""
    on = (rule.on,) if rule.on else ()
    judged = (question.name, *on, *(name for condition in rule.when for name in condition))
    return before is not None and all(before.get(name) == answers.get(name) for name in judged)


def _is_too_old(rule: AgeRule, born: date, answers: Answers, today: date) -> bool:
    day = day_of(answers.get(rule.on or "")) or today
    return holds(rule.when, answers) and age_on(born, day) > rule.last


def _say(wrong: ValueFault, question: Question, form: QuestionForm, raw: Raw, words: Words) -> str:
    """Return the sentence for a fault. It may repeat personal data, so it goes only to the page of that form."""
    if wrong in (ValueFault.REQUIRED, ValueFault.REQUIRED_CHOICE) and question.missing:
        return question.missing
    gaps: dict[str, str | int] = {"label": question.label}
    if wrong is ValueFault.TOO_LONG:
        gaps |= {"most": question.longest, "count": len(_TEXT_READERS[question.kind](_typed(raw, question.name)))}
    elif wrong is ValueFault.POSTCODE_LOOKALIKE:
        gaps |= {"suggestion": suggest_postcode(_typed(raw, question.name)) or ""}
    elif wrong is ValueFault.DATE_ORDER and question.not_before:
        gaps |= {"other": form.by_name[question.not_before].label}
    return words.group("faults")[wrong].format(**gaps)
