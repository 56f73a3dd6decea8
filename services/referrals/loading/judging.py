"""Whether a row can be loaded: the form's rules over the whole row, together with what the record has already."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.referrals.loading import sentences
from services.referrals.loading.cells import is_no_answer
from services.referrals.loading.rows import ReadRow
from services.referrals.loading.shapes import Shape, Shapes
from shared.cleaning import says_something
from shared.contracts.referrals.loading import CellFault
from shared.registers.definition.questions import Question
from shared.registers.definition.register import Definition
from shared.registers.form.conditions import (
    Answer,
    Answers,
    codes_of,
    consent_question,
    consent_verdict,
    speaks_against,
)
from shared.registers.form.consistency import Contradiction, contradictions
from shared.registers.form.kept import carried_over
from shared.registers.form.reading import Checked, read_answers


@dataclass(frozen=True)
class Judged:
    """
    A row after every rule. `answers` are those of the record when it is loaded.

    `missing` are the labels of mandatory answers that the row lacks and that may be filled in later (R-LOAD-004).
    `unconsented` says what keeps the row from being loaded for want of evidence of consent alone: questions about it
    are unanswered, and no answer speaks against it (R-LOAD-003).
    """

    answers: dict[str, Answer] = field(repr=False)
    faults: tuple[CellFault, ...] = ()
    missing: tuple[str, ...] = ()
    unconsented: tuple[CellFault, ...] = ()

    @property
    def every_fault(self) -> tuple[CellFault, ...]:
        return (*self.faults, *self.unconsented)


def judge(register: Definition, row: ReadRow, before: Answers | None, today: date) -> Judged:
    """Return what loading one row gives. `RowJudge` does the same for many rows, and faster."""
    return RowJudge(register, today).judge(row, before)


class RowJudge:
    """
    Judges the rows of a file. An empty cell keeps the answer that the record has before.

    A mandatory answer may be missing, unless it belongs to the register's floor or to consent.

    Most rows of a file are alike: the same questions are answered, with the same answers to those on which others
    depend. What the form says of such rows is found out once, as long as no date breaks a rule.
    """

    def __init__(self, register: Definition, today: date) -> None:
        self._register = register
        self._today = today
        self._shapes = Shapes(register, today)
        self._alike: dict[Shape, Judged] = {}
        self._headings: Mapping[str, str] = {}

    def judge(self, row: ReadRow, before: Answers | None) -> Judged:
        """Return what loading a row gives, with every fault."""
        merged = _merged(row, before)
        if row.faults or row.cleared or not self._shapes.are_plain(merged, before):
            return self._judge_alone(row, merged, before)
        if row.headings is not self._headings:
            self._alike, self._headings = {}, row.headings
        shape = self._shapes.shape_of(merged)
        alike = self._alike.get(shape)
        if alike is None or (before and len(alike.answers) < len(merged)):
            judged = self._judge_alone(row, merged, before)
            if self._is_common(merged, judged, before):
                self._alike[shape] = judged
            return judged
        answers = {name: merged[name] for name in alike.answers}
        return Judged(answers, alike.faults, alike.missing, alike.unconsented)

    def _is_common(self, merged: Answers, judged: Judged, before: Answers | None) -> bool:
        """Return whether every row of this shape is judged in this way, whatever else it says."""
        left_out = merged.keys() - judged.answers.keys()
        return self._shapes.deciding.issuperset(left_out) and not (before and left_out)

    def _judge_alone(self, row: ReadRow, merged: dict[str, Answer], before: Answers | None) -> Judged:
        register = self._register
        checked = read_answers(register.form, merged, register.words, self._today, before)
        lacking = [name for name in checked.faults if _is_lacking(register.form.by_name[name], merged)]
        faults = list(row.faults)
        if checked.faults:
            faults += _faults_of(register, row, checked, lacking, self._today)
        refused, unconsented = _consent_faults(register, row, checked, merged)
        faults += refused
        faults += _not_asked(register, row, checked)
        missing = tuple(register.form.by_name[name].label for name in lacking if _may_lack(register, row, name))
        answers = carried_over(register.form, before, checked.answers) if before else checked.answers
        return Judged(answers, tuple(faults), missing, unconsented)


def _merged(row: ReadRow, before: Answers | None) -> dict[str, Answer]:
    merged = {**before, **row.answers} if before else dict(row.answers)
    for name in row.cleared:
        merged.pop(name, None)
    return merged


def _is_lacking(question: Question, merged: Answers) -> bool:
    answer = merged.get(question.name)
    return question.required and not (says_something(answer) if isinstance(answer, str) else answer)


def _may_lack(register: Definition, row: ReadRow, name: str) -> bool:
    needed = register.consent.needed if register.consent else frozenset[str]()
    return name not in register.minimum and name not in needed and name not in row.faulty


def _faults_of(
    register: Definition, row: ReadRow, checked: Checked, lacking: list[str], today: date
) -> Iterator[CellFault]:
    """Yield the faults of single answers. The form's words about contradictions repeat dates, so others are used."""
    contradicted = _contradicted(register, row, checked, today)
    for name, said in checked.faults.items():
        question = register.form.by_name[name]
        if name in row.faulty or (name in lacking and name not in register.minimum):
            continue
        if name in lacking:
            yield _fault(row, question, question.missing or sentences.REQUIRED)
        elif name in contradicted:
            yield _fault(row, question, contradicted[name])
        else:
            yield _fault(row, question, said)


def _contradicted(register: Definition, row: ReadRow, checked: Checked, today: date) -> dict[str, str]:
    """Return what is said of each answer that contradicts another, without repeating the answers."""
    typed = {name: answer for name, answer in checked.raw.items() if isinstance(answer, (str, tuple))}
    found: dict[str, str] = {}
    for each in contradictions(register.form, typed, register.words, today):
        said = _without_answers(register, each)
        found |= {name: said for name in each.at if checked.faults.get(name) == each.said}
    return found


def _without_answers(register: Definition, found: Contradiction) -> str:
    if found.asked:
        return sentences.CHECK_THE_YEAR
    names = dict.fromkeys((*found.at, *found.judged))
    labels = ", ".join(register.form.by_name[name].label for name in names)
    return sentences.CONTRADICTION.format(labels=labels)


def _consent_faults(
    register: Definition, row: ReadRow, checked: Checked, merged: Answers
) -> tuple[tuple[CellFault, ...], tuple[CellFault, ...]]:
    """
    Return what is wrong with consent, and beside it what is wrong only because questions about it are unanswered.

    Nothing is said while a cell that it depends on cannot be read.
    """
    verdict = consent_verdict(register, checked.answers)
    if verdict == "accepted" or register.consent is None or row.faulty & register.consent.needed:
        return (), ()
    if verdict == "refused":
        name = consent_question(register, checked.answers)
        return (CellFault(heading=_heading(row, register, name) if name else "", says=sentences.NO_CONSENT),), ()
    name = next((name for name in checked.faults if name in register.consent.needed), "")
    question = register.form.by_name.get(name)
    said = question.missing if question and question.missing else sentences.CONSENT_OPEN
    found = (CellFault(heading=_heading(row, register, name) if question else "", says=said),)
    return (found, ()) if speaks_against(register.consent, merged) else ((), found)


def _not_asked(register: Definition, row: ReadRow, checked: Checked) -> Iterator[CellFault]:
    """Yield the cells whose questions the form would not ask. A plain no to one of these says nothing."""
    for name, answer in row.answers.items():
        if name in checked.answers or name in checked.faults or _says_nothing(answer):
            continue
        question = register.form.by_name[name]
        gate = next((other for condition in (*question.show_if, *question.unless) for other in condition), None)
        if gate is not None and gate not in row.faulty and gate not in checked.faults:
            label = register.form.by_name[gate].label
            yield _fault(row, question, sentences.NOT_ASKED.format(label=label))


def _says_nothing(answer: Answer) -> bool:
    return all(code == "no" or is_no_answer(code) for code in codes_of(answer))


def _fault(row: ReadRow, question: Question, says: str) -> CellFault:
    return CellFault(heading=row.headings.get(question.name, question.label), says=says)


def _heading(row: ReadRow, register: Definition, name: str) -> str:
    return row.headings.get(name, register.form.by_name[name].label)
