"""Checks of how records are loaded from a spreadsheet: each word that a file may have means one thing."""

from collections.abc import Iterable, Iterator

from shared.registers.checks.forms import not_asked, twice
from shared.registers.definition.load import SpreadsheetLoad
from shared.registers.definition.questions import OPTION_KINDS, Question
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault, did_you_mean
from shared.values import match_key


def check_load(register: Definition) -> Iterator[DefinitionFault]:
    """Check the words of `[load]`, and that someone may be given the grant that a load needs."""
    if register.load is None:
        return
    yield from _check_headings(register, register.load)
    yield from _check_values(register, register.load)
    if "bulk_load" not in register.access.grants:
        yield DefinitionFault("load", 'no one can be given the grant for it: under [access], grants = ["bulk_load"]')


def _check_headings(register: Definition, load: SpreadsheetLoad) -> Iterator[DefinitionFault]:
    yield from _check_asked(register, "load, headings", load.headings)
    own = {match_key(question.label): question.name for question in register.form.asked}
    for name, headings in load.headings.items():
        for word in headings:
            other = own.get(match_key(word), name)
            if other != name:
                yield DefinitionFault("load, headings", f"{word} is the label of {other}, and cannot mean {name}")
    yield from _check_once("load, headings", (word for words in load.headings.values() for word in words))


def _check_values(register: Definition, load: SpreadsheetLoad) -> Iterator[DefinitionFault]:
    yield from _check_asked(register, "load, values", load.values)
    for name, spelled in load.values.items():
        question = register.form.by_name.get(name)
        if question is None or question.retired:
            continue
        if question.kind not in OPTION_KINDS:
            yield DefinitionFault("load, values", f"{name} is {question.kind}, which has no options")
            continue
        yield from _check_options(question, spelled)


def _check_options(question: Question, spelled: dict[str, tuple[str, ...]]) -> Iterator[DefinitionFault]:
    place = f"load, values, {question.name}"
    own = {match_key(word): option.code for option in question.options for word in (option.code, option.label)}
    for code, spellings in spelled.items():
        if code not in question.labels:
            yield DefinitionFault(place, f"{code} is not one of its options{did_you_mean(code, question.labels)}")
            continue
        for spelling in spellings:
            other = own.get(match_key(spelling), code)
            if other != code:
                yield DefinitionFault(place, f"{spelling} is the option {other}, and cannot mean {code}")
    yield from _check_once(place, (spelling for spellings in spelled.values() for spelling in spellings))


def _check_asked(register: Definition, place: str, names: Iterable[str]) -> Iterator[DefinitionFault]:
    for name in names:
        question = register.form.by_name.get(name)
        if question is None or question.retired:
            yield DefinitionFault(place, not_asked(register.form, name))


def _check_once(place: str, words: Iterable[str]) -> Iterator[DefinitionFault]:
    for key in twice(map(match_key, words)):
        yield DefinitionFault(place, f"{key} is there twice: a word must mean one thing")
