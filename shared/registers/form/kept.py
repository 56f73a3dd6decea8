"""Answers that a form cannot ask again. They stay on the record, and pages show them with the form's own answers."""

from collections.abc import Iterator, Sequence

from shared.registers.definition.questions import NOT_KNOWN, OPTION_KINDS, Kind, Option, Question, QuestionForm, Section
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer, Answers, codes_of, visible_questions
from shared.values import day_of


def fits(question: Question, answer: Answer) -> bool:
    """Return whether the question's field could hold this stored answer."""
    if question.kind == "choices" or not isinstance(answer, str):
        return question.kind == "choices" and not isinstance(answer, str)
    if question.kind != "date":
        return True
    return bool(question.not_known) if answer == NOT_KNOWN else day_of(answer) is not None


def earlier_answers(form: QuestionForm, answers: Answers) -> dict[str, Answer]:
    """Return the answers that this form cannot ask again: their question is gone, retired, or of another kind now."""
    asked = {question.name: question for question in form.asked}
    return {name: answer for name, answer in answers.items() if name not in asked or not fits(asked[name], answer)}


def carried_over(form: QuestionForm, before: Answers, after: Answers) -> dict[str, Answer]:
    """
    Return the new answers together with those of `before` that no user has taken away.

    These are the answers that the form cannot ask again, and those that it hid already before the change. An answer
    that the change itself hides is left out, as the form has always done.
    """
    if before.keys() <= after.keys():  # as in most changes, and nothing else needs to be found out
        return dict(after)
    was_seen = {question.name for question in visible_questions(form, before)}
    is_seen = {question.name for question in visible_questions(form, after)}
    hidden = {question.name for question in form.asked} - was_seen - is_seen
    kept = earlier_answers(form, before) | {name: before[name] for name in hidden if name in before}
    return kept | dict(after)


def edition_for(register: Definition, answers: Answers, editions: Sequence[Definition] = ()) -> Definition:
    """
    Return the edition with a form that can show every one of these answers.

    `editions` are searched for the labels of questions that this edition does not have.
    """
    others = [each.form for each in editions]
    form = form_for(register.form, answers, register.words("record.earlier"), others)
    return register if form is register.form else register.model_copy(update={"form": form})


def form_for(form: QuestionForm, answers: Answers, title: str, others: Sequence[QuestionForm] = ()) -> QuestionForm:
    """
    Return the form with what these answers need: retired options, and a last section of retired questions.

    It is the same object if they need nothing, as in almost every record.
    """
    lacking = [question for question in form.all_questions if _unknown_codes(question, answers)]
    if lacking:
        form = form.with_questions(lambda question: _with_codes(question, answers))
    gone = tuple(_find(name, answer, others) for name, answer in answers.items() if name not in form.by_name)
    if not gone:
        return form
    section = Section.model_construct(title=title, guidance=(), links=(), questions=gone)
    return form.model_copy(update={"sections": (*form.sections, section)})


def _unknown_codes(question: Question, answers: Answers) -> list[str]:
    if question.kind not in OPTION_KINDS:
        return []
    return [code for code in codes_of(answers.get(question.name)) if code not in question.labels]


def _with_codes(question: Question, answers: Answers) -> Question:
    codes = _unknown_codes(question, answers)
    if not codes:
        return question
    unknown = (Option.model_construct(code=code, label=code, retired=True) for code in codes)
    return question.model_copy(update={"options": (*question.options, *unknown)})


def _find(name: str, answer: Answer, others: Sequence[QuestionForm]) -> Question:
    """Return a question that no longer exists, as another edition has it, or else under its name."""
    known = next(_fitting(name, answer, others), None)
    if known is None:
        kind: Kind = "text" if isinstance(answer, str) else "choices"
        return Question.model_construct(name=name, label=name, kind=kind, retired=True)
    return known.model_copy(update={"retired": True})


def _fitting(name: str, answer: Answer, others: Sequence[QuestionForm]) -> Iterator[Question]:
    found = (form.by_name[name] for form in others if name in form.by_name)
    return (question for question in found if fits(question, answer))
