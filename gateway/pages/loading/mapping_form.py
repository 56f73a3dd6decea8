"""The fields of the mapping page: one for each column, and one for each value of a column that answers with options."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final, Literal

from gateway.pages.loading.reading_words import column_name
from gateway.ui.form import Choice, Field, Form, number_of
from shared.contracts.referrals.loading import (
    SPECIALS,
    ColumnFound,
    Special,
    UploadPurpose,
    UploadShown,
    ValueFound,
    tracing_targets,
)
from shared.registers.definition.register import Definition
from shared.registers.definition.words import Words
from shared.registers.form.load_columns import has_rating_date_column
from shared.values import day_of, show_date

DAY_ORDER, SHEET, REST = "day_order", "sheet", "rest"
DAY_ORDERS: Final = ("day_first", "month_first")
LEAVE_OUT = "leave_out"
NO_ANSWER = "no_answer"
CODE = "code-"  # so that no option's code is taken for one of the two above
EXAMPLES, LONGEST_EXAMPLE = 3, 60


@dataclass(frozen=True, repr=False)
class AskedValues:
    """The values of one question: the names of the fields of those that are unknown, and of the known ones."""

    label: str
    unknown: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class MappingForm:
    """
    The form, and the names of its fields in the order of the page.

    `to_choose` counts the columns for which nothing is chosen yet.
    """

    form: Form
    columns: tuple[str, ...]
    values: tuple[AskedValues, ...]
    to_choose: int

    @property
    def has_day_order(self) -> bool:
        return DAY_ORDER in self.form.fields

    @cached_property
    def has_unknown(self) -> bool:
        return any(each.unknown for each in self.values)


def field_of_column(place: int) -> str:
    return f"column-{place}"


def field_of_value(question: str, written: str) -> str:
    """Return the name of a field. It is made of what the value is, so that no other value can take its place."""
    return f"value-{hashlib.sha256(f'{question}={written}'.encode()).hexdigest()[:16]}"


def mapping_form(register: Definition, upload: UploadShown) -> MappingForm:
    """Return the form, filled with what is known."""
    words = register.words
    targets = _targets(register, upload.purpose)
    columns = [_column_field(words, column, targets) for column in upload.columns]
    values = [
        (value, _value_field(register, value)) for value in upload.values if value.question in register.form.by_name
    ]
    further = [*_day_order_field(words, upload), *_sheet_field(words, upload)]
    form = Form([*further, *(field for _, field in values), *columns], dict(_known(upload)))
    return MappingForm(
        form=form,
        columns=tuple(field.name for field in columns),
        values=tuple(_asked_values(register, upload.values)),
        to_choose=sum(column.target is None for column in upload.columns),
    )


def ask_day_order(words: Words, form: Form) -> None:
    """Add the question of how dates are written, which the chosen columns have made necessary."""
    form.fields = {**form.fields, DAY_ORDER: _field_of_day_order(words)}


def _known(upload: UploadShown) -> Iterator[tuple[str, str]]:
    for column in upload.columns:
        if column.target is not None:
            yield field_of_column(column.place), column.target or LEAVE_OUT
    for value in upload.values:
        if value.code is not None:
            chosen = CODE + value.code if value.code else NO_ANSWER
            yield field_of_value(value.question, value.written), chosen
    if upload.reading is not None:
        yield SHEET, "0"
        if upload.reading.day_order != "mixed":
            yield DAY_ORDER, upload.reading.day_order


def _targets(register: Definition, purpose: UploadPurpose) -> tuple[Choice, ...]:
    """Return what a column can hold: the questions by section, and what besides answers a row can say."""
    traced = tracing_targets(register) if purpose == "tracing" else None
    words = register.words
    specials = {
        "reference": words("load.map.specials.reference"),
        "organisation": words("load.map.specials.organisation"),
        "added_on": words("load.map.specials.added_on"),
        "rated_on": words("load.map.specials.rated_on"),
        "whole_name": words("load.map.specials.whole_name"),
    }
    offered: Sequence[Special] = [each for each in SPECIALS if each != "rated_on" or has_rating_date_column(register)]
    asked = {question.name for question in register.form.asked}
    return (
        Choice("", words("load.map.choose")),
        Choice(LEAVE_OUT, words("load.map.leave_out")),
        *(
            Choice(each, specials[each], group=words("load.map.others"))
            for each in offered
            if traced is None or each in traced
        ),
        *(
            Choice(question.name, question.label, group=section.title)
            for section in register.form.sections
            for question in section.questions
            if question.name in asked and (traced is None or question.name in traced)
        ),
    )


def _column_field(words: Words, column: ColumnFound, targets: tuple[Choice, ...]) -> Field:
    label = column_name(words, column.place, column.heading)
    return Field(field_of_column(column.place), label, "select", hint=_examples(words, column), choices=targets)


def _examples(words: Words, column: ColumnFound) -> str:
    examples = [_as_shown(each) for each in column.examples]
    shown = [each if len(each) <= LONGEST_EXAMPLE else f"{each[:LONGEST_EXAMPLE]}…" for each in examples]
    if not shown:
        return words("load.map.no_examples")
    return words("load.map.examples", examples="; ".join(shown[:EXAMPLES]))


def _as_shown(example: str) -> str:
    """Return a value of the file. A workbook's dates, which have no form of their own, are as elsewhere on pages."""
    day = day_of(example)
    return show_date(day) if day else example


def _value_field(register: Definition, value: ValueFound) -> Field:
    words = register.words
    label = (
        words("load.map.value_once", written=value.written)
        if value.times == 1
        else words("load.map.value", written=value.written, count=f"{value.times:,}")
    )
    question = register.form.by_name[value.question]
    choices = (
        Choice("", words("load.map.choose")),
        *(Choice(CODE + option.code, option.label, group=option.group or "") for option in question.offered),
        Choice(NO_ANSWER, words("load.map.no_answer")),
    )
    return Field(field_of_value(value.question, value.written), label, "select", choices=choices)


def _asked_values(register: Definition, values: Sequence[ValueFound]) -> Iterator[AskedValues]:
    """Yield the values of each question, in the order of the file."""
    for question, found in groupby(values, lambda value: value.question):
        if question in register.form.by_name:
            each = [(value.code is None, field_of_value(question, value.written)) for value in found]
            unknown = tuple(name for is_unknown, name in each if is_unknown)
            known = tuple(name for is_unknown, name in each if not is_unknown)
            yield AskedValues(register.form.by_name[question].label, unknown, known)


def _day_order_field(words: Words, upload: UploadShown) -> list[Field]:
    """Return the question of how dates are written: where they can be read in both ways, and to correct the answer."""
    order = upload.reading.day_order if upload.reading else ""
    return [_field_of_day_order(words)] if order == "mixed" or (order and upload.state == "checked") else []


def _field_of_day_order(words: Words) -> Field:
    choices = (Choice("day_first", words("load.map.day_first")), Choice("month_first", words("load.map.month_first")))
    return Field(
        DAY_ORDER, words("load.map.day_order"), "choice", hint=words("load.map.day_order_hint"), choices=choices
    )


def _sheet_field(words: Words, upload: UploadShown) -> list[Field]:
    if upload.reading is None or not upload.reading.other_sheets:
        return []
    choices = tuple(Choice(str(number), sheet) for number, sheet in enumerate(_sheets(upload)))
    return [Field(SHEET, words("load.map.sheet"), "select", choices=choices)]


def _sheets(upload: UploadShown) -> tuple[str, ...]:
    """Return the sheets of a workbook, that which was read first."""
    return (upload.reading.sheet, *upload.reading.other_sheets) if upload.reading else ()


def sheet_in(form: Form, upload: UploadShown) -> str:
    """Return the sheet that was chosen; empty for one that there is not."""
    number, sheets = number_of(form.value(SHEET)), _sheets(upload)
    return sheets[number] if number is not None and number < len(sheets) else ""


# ------------------------------------------------------------------------------------------------- what was chosen
def say_what_is_missing(register: Definition, upload: UploadShown, asked: MappingForm, *, leave_rest: bool) -> None:
    """
    Say at each field what is still to be chosen, and which question has been chosen twice.

    With `leave_rest`, the columns for which nothing was chosen are left out.
    """
    form, words = asked.form, register.words
    chosen = Counter(form.value(name) for name in asked.columns)
    labels = {choice.code: choice.label for choice in _targets(register, upload.purpose)}
    for name in asked.columns:
        target = form.value(name)
        if not target and not leave_rest:
            form.wrong(name, words("load.map.column_missing", column=form.fields[name].label))
        elif target and target != LEAVE_OUT and chosen[target] > 1:
            form.wrong(name, words("load.map.twice", label=labels.get(target, target)))
    if asked.has_day_order and not form.value(DAY_ORDER):
        form.wrong(DAY_ORDER, words("load.map.day_order_missing"))


def columns_in(form: Form, upload: UploadShown) -> dict[int, str]:
    """Return the target of each column by its place; empty for one that is left out."""
    chosen = {each.place: form.value(field_of_column(each.place)) for each in upload.columns}
    return {place: "" if target in ("", LEAVE_OUT) else target for place, target in chosen.items()}


def values_in(form: Form, upload: UploadShown) -> dict[str, dict[str, str]]:
    """Return the option of each value by question and by what is written. Left out: values without a choice."""
    asked, codes = set(columns_in(form, upload).values()), dict[str, dict[str, str]]()
    for value in upload.values:
        if value.question not in asked:
            continue
        chosen = form.value(field_of_value(value.question, value.written))
        if chosen:
            codes.setdefault(value.question, {})[value.written] = (
                "" if chosen == NO_ANSWER else chosen.removeprefix(CODE)
            )
    return codes


def day_order_in(form: Form) -> Literal["", "day_first", "month_first"]:
    return next((each for each in DAY_ORDERS if each == form.value(DAY_ORDER)), "")
