"""The choice between two users' answers to one question: theirs, yours, or both edited."""

from collections.abc import Iterator

from aiohttp import web
from multidict import MultiDict, MultiDictProxy

from gateway.ui.form import Choice, Field, Form, Kind, Posted
from gateway.ui.merge import Difference, Merged
from gateway.ui.register_form import hidden_fields
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import Answer
from shared.registers.form.showing import fill_fields, show_answer

Sent = str | bytes | bytearray | web.FileField

PICK, BOTH, THEIR = "pick:", "both:", "theirs:"  # before the name of a question or field
THEIRS, YOURS, EDITED = "theirs", "yours", "both"
TEXTS = {"text": " ", "long_text": "\n\n"}  # kinds whose two answers can be edited into one, and what joins them


def resolving_form(register: Definition, differences: list[tuple[Question, Difference]]) -> Form:
    """
    Return one choice for each question whose answers differ, and a box where both can be edited.

    What only one user changed is chosen as that user left it. What both wrote is together in the box, which is chosen
    then, so that neither text is lost by a quick press.
    """
    fields: list[Field] = []
    values: dict[str, str] = {}
    for question, each in differences:
        may_edit = question.kind in TEXTS and isinstance(each.theirs, str) and isinstance(each.yours, str)
        fields.append(_pick(register, question, each, may_edit=may_edit))
        values[PICK + question.name] = _suggested(register, each, may_edit=may_edit)
        if may_edit:
            kind: Kind = "long_text" if question.kind == "long_text" else "text"
            fields.append(Field(BOTH + question.name, register.words("conflict.edited", label=question.label), kind))
            values[BOTH + question.name] = TEXTS[question.kind].join((str(each.theirs), str(each.yours)))
    return Form(fields, values)


def _suggested(register: Definition, each: Difference, *, may_edit: bool) -> str:
    """Return the answer to preselect: the only one that changed, both texts, or of two ratings the more urgent one."""
    if each.yours == each.before:
        return THEIRS
    rating = register.rating
    if rating and each.name == rating.question and each.both:
        highest = rating.highest([str(each.theirs), str(each.yours)])
        return THEIRS if highest and highest.code == each.theirs else YOURS
    return EDITED if may_edit and each.both else YOURS


def _pick(register: Definition, question: Question, each: Difference, *, may_edit: bool) -> Field:
    words = register.words

    def shown(answer: Answer | None) -> str:
        return show_answer(question, answer) or words("page.not_recorded")

    choices = [
        Choice(THEIRS, words("conflict.theirs"), hint=shown(each.theirs)),
        Choice(YOURS, words("conflict.yours"), hint=shown(each.yours)),
    ]
    if may_edit:
        choices.append(Choice(EDITED, words("conflict.both")))
    was = words("conflict.was", answer=shown(each.before))
    return Field(PICK + question.name, question.label, "choice", hint=was, choices=tuple(choices))


def your_fields(register: Definition, merged: Merged) -> list[tuple[str, str]]:
    """Return the merged answers as hidden inputs, and what the user typed where the answers differ."""
    typed = {each.name: each.yours for each in merged.differences}
    answers = {**merged.answers, **typed}
    kept = {name: answer for name, answer in answers.items() if answer is not None}
    return hidden_fields(fill_fields(register.form, kept))


def their_fields(register: Definition, differences: list[tuple[Question, Difference]]) -> list[tuple[str, str]]:
    """Return what is saved now as hidden inputs, for the questions where the user decides for it."""
    saved = {question.name: each.theirs for question, each in differences if each.theirs is not None}
    return [(THEIR + name, value) for name, value in hidden_fields(fill_fields(register.form, saved))]


def resolved(posted: Posted) -> Posted:
    """Return the form as if the user had typed what they chose. A form without choices is returned as it is."""
    chosen = {name.removeprefix(PICK): posted[name] for name in posted if name.startswith(PICK)}
    chosen = {name: pick for name, pick in chosen.items() if pick in (THEIRS, EDITED)}
    if not chosen:
        return posted
    kept: MultiDict[Sent] = MultiDict(
        (name, value) for name, value in posted.items() if _question_of(name) not in chosen
    )
    for name, pick in chosen.items():
        kept.extend(list(_their(posted, name)) if pick == THEIRS else [(name, posted.get(BOTH + name, ""))])
    return MultiDictProxy(kept)


def _their(posted: Posted, question: str) -> Iterator[tuple[str, Sent]]:
    for name, value in posted.items():
        if name.startswith(THEIR) and _question_of(name.removeprefix(THEIR)) == question:
            yield name.removeprefix(THEIR), value


def _question_of(field: str) -> str:
    return field.partition("-")[0]
