"""What the columns and values of a file mean: suggestions, what an organisation's files meant before, and checks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.referrals.loading.cells import CLEAR, bare, is_no_answer
from services.referrals.loading.dates import DayColumn, DayOrder, UnreadableDay, find_day_order, read_day
from services.referrals.loading.headings import (
    RATED_ON_HEADINGS,
    RATING_HEADINGS,
    ROLE_HEADINGS,
    SPECIAL_HEADINGS,
    heading_keys,
)
from services.referrals.loading.options import OptionReader
from services.referrals.loading.table import FileTable
from shared.contracts.referrals.loading import MOST_VALUES, REASONS, SPECIALS, ColumnFound, Special, ValueFound
from shared.messages import Refused
from shared.registers.definition.questions import OPTION_KINDS, Question
from shared.registers.definition.register import ALWAYS_KNOWN, Definition
from shared.registers.form.load_columns import has_rating_date_column
from shared.values import fold, match_key

_EXAMPLES = 3
_LONGEST_EXAMPLE = 100
_SAMPLE = 200
_ENOUGH = 0.5

ByKey = dict[str, set[str]]


@dataclass(frozen=True)
class FileMapping:
    """
    What a file means: the target of each column by its place, and the option's code by question and by what is written.

    Columns that are ignored are left out. An empty code is no answer.
    """

    columns: dict[int, str]
    values: dict[str, dict[str, str]] = field(repr=False)
    day_order: DayOrder = ""


@dataclass(frozen=True)
class KeptMapping:
    """What an organisation's files meant before, by folded heading, and by question and folded value."""

    by_heading: dict[str, str]
    by_value: dict[str, dict[str, str]] = field(repr=False)


@dataclass(frozen=True)
class Suggestion:
    """
    What a file probably means. `missing` names questions of the form's minimum without a column.

    `mapping` is None if something is not known, so that the user must say it.
    """

    columns: tuple[ColumnFound, ...] = field(repr=False)
    values: tuple[ValueFound, ...] = field(repr=False)
    missing: tuple[str, ...]
    mapping: FileMapping | None


NOTHING_KEPT = KeptMapping({}, {})


def suggest(register: Definition, table: FileTable, kept: KeptMapping | None) -> Suggestion:
    """Return what columns and values mean, where only one meaning is possible. What was kept comes first."""
    known = kept or NOTHING_KEPT
    targets = _find_targets(register, table, known)
    columns = tuple(
        ColumnFound(place=place, heading=heading, target=targets.get(place), examples=_examples(table, place))
        for place, heading in enumerate(table.headings)
    )
    mapped = {place: target for place, target in targets.items() if target}
    values = _find_values(register, table, mapped, known.by_value)
    missing = _missing(register, mapped.values())
    order = find_order(register, table, mapped)
    clear = (
        len(targets) == len(columns)
        and all(value.code is not None for value in values)
        and not _lacks_columns(register, missing)
        and order != "mixed"
    )
    mapping = FileMapping(mapped, _by_question(values), order) if clear else None
    return Suggestion(columns, values[:MOST_VALUES], missing, mapping)


def keep(table: FileTable, mapping: FileMapping) -> KeptMapping:
    """Return what to keep of a mapping for the next file. Of two columns with one heading, nothing is kept."""
    counted = Counter(map(fold, table.headings))
    by_heading = {
        fold(heading): mapping.columns.get(place, "")
        for place, heading in enumerate(table.headings)
        if counted[fold(heading)] == 1
    }
    by_value = {
        question: {fold(written): code for written, code in values.items()}
        for question, values in mapping.values.items()
    }
    return KeptMapping(by_heading, by_value)


def check(register: Definition, table: FileTable, mapping: FileMapping) -> FileMapping:
    """
    Return the mapping that a user said, with the values that need no saying. Refused with the codes of `MapUpload`.

    Values that are still not known stay out: their rows are faulty.
    """
    columns = {place: target for place, target in mapping.columns.items() if target}
    check_columns(register, table, columns)
    _check_values(register, mapping.values, set(columns.values()))
    if _lacks_columns(register, _missing(register, columns.values())):
        raise Refused("columns_missing")
    order = mapping.day_order or find_order(register, table, columns)
    if order == "mixed":
        raise Refused("day_order")
    said = {name: {fold(written): code for written, code in values.items()} for name, values in mapping.values.items()}
    found = _by_question(_find_values(register, table, columns, said))
    values = {name: found.get(name, {}) | mapping.values.get(name, {}) for name in found.keys() | mapping.values.keys()}
    return FileMapping(columns, values, order)


# ------------------------------------------------------------------------------------------------------------- columns
def _find_targets(register: Definition, table: FileTable, kept: KeptMapping) -> dict[int, str]:
    """Return the target of each column that has one, empty where it was ignored before."""
    before = _kept_targets(register, table, kept)
    taken = set(before.values())
    tiers = _tiers(register)
    found: dict[str, list[tuple[int, int]]] = {}
    for place, heading in enumerate(table.headings):
        target, tier = _target_of(heading, tiers)
        if place in before or target in taken or target == "":
            continue
        if _fits(register, table, place, target):
            found.setdefault(target, []).append((tier, place))
    chosen = {places[0][1]: target for target, places in found.items() if _is_alone(places)}
    return _without_two_names(register, before | chosen)


def _is_alone(places: list[tuple[int, int]]) -> bool:
    """Return whether one column has a better heading than all others, and put it first."""
    places.sort()
    return len(places) == 1 or places[0][0] < places[1][0]


def _without_two_names(register: Definition, targets: dict[int, str]) -> dict[int, str]:
    """Return the targets without a column of whole names, if another column has a part of the name."""
    parts = {register.person["given_name"], register.person["family_name"]}
    if parts.isdisjoint(targets.values()):
        return targets
    return {place: target for place, target in targets.items() if target != "whole_name"}


def _kept_targets(register: Definition, table: FileTable, kept: KeptMapping) -> dict[int, str]:
    counted = Counter(map(fold, table.headings))
    known = kept.by_heading | {fold(REASONS): ""}
    found = {
        place: known[fold(heading)]
        for place, heading in enumerate(table.headings)
        if counted[fold(heading)] == 1 and fold(heading) in known
    }
    times = Counter(filter(None, found.values()))
    return {
        place: target
        for place, target in found.items()
        if not target or (times[target] == 1 and _is_target(register, target))
    }


def _is_target(register: Definition, target: str) -> bool:
    question = register.form.by_name.get(target)
    return target in _specials(register) or (question is not None and not question.retired)


def _specials(register: Definition) -> tuple[Special, ...]:
    return tuple(each for each in SPECIALS if each != "rated_on" or has_rating_date_column(register))


def _tiers(register: Definition) -> list[ByKey]:
    """Return what headings mean, the surest first: the form's own words, those of its definition, and common ones."""
    own, said, common = dict[str, set[str]](), dict[str, set[str]](), dict[str, set[str]]()
    for question in register.form.asked:
        _add(own, (question.label, question.name.replace("_", " ")), question.name)
    for name, words in (register.load.headings if register.load else {}).items():
        _add(said, words, name)
    for role, name in register.person.items():
        _add(common, ROLE_HEADINGS[role], name)
    if register.rating:
        _add(common, RATING_HEADINGS, register.rating.question)
    for special in _specials(register):
        _add(common, SPECIAL_HEADINGS[special], special)
    noun, code = register.identity.record, register.code
    _add(common, (f"{code} reference", f"{code} ref", f"{code} number", f"{noun} reference", f"{code} id"), "reference")
    _add(common, _added_words(noun, code), "added_on")
    if register.rating:
        _add(common, (f"date of {code} rating", *RATED_ON_HEADINGS), register.rating.given_on or "rated_on")
    return [own, said, common]


def _added_words(noun: str, code: str) -> tuple[str, ...]:
    on = (f"date added to {code}", f"date added to the {code}", f"date on {code}", f"date placed on {code}")
    return (f"date of {noun}", f"{noun} date", *on, f"{code} date", f"{code} start date", f"date of entry to {code}")


def _add(found: ByKey, words: Iterable[str], target: str) -> None:
    for word in words:
        found.setdefault(match_key(word), set()).add(target)


def _target_of(heading: str, tiers: Sequence[ByKey]) -> tuple[str, int]:
    """Return what a heading means and how sure that is; empty if it means nothing, or two things."""
    for key in heading_keys(heading):
        for tier, known in enumerate(tiers):
            if key in known:
                return (next(iter(known[key])) if len(known[key]) == 1 else "", tier)
    parts = [part for part in heading.split("/") if part.strip()]
    found = {_target_of(part, tiers) for part in parts} if len(parts) > 1 else set()  # Surname / Family name
    targets = {target for target, _ in found}
    return (targets.pop() if len(targets) == 1 else "", len(tiers))


def _fits(register: Definition, table: FileTable, place: int, target: str) -> bool:
    """Return whether the column's values are of the kind that its heading promises."""
    cells = [cell for row in table.rows[:_SAMPLE] if (cell := _cell(row, place)) and not is_no_answer(cell)]
    if not cells:
        return True
    question = register.form.by_name.get(target)
    if target in ("added_on", "rated_on") or (question is not None and question.kind == "date"):
        return _share(map(_is_day, cells)) >= _ENOUGH
    if question is None:
        return target != "whole_name" or _share("," in cell or " " in cell for cell in cells) >= _ENOUGH
    if question.kind in OPTION_KINDS:
        reader = OptionReader(register, question)
        return any(reader.codes_of(bare(cell)) is not None for cell in dict.fromkeys(cells))
    if question.kind in ("nhs_number", "postcode"):
        return _share(any(map(str.isdigit, cell)) for cell in cells) >= _ENOUGH
    return _share(map(_is_day, cells)) < _ENOUGH


def _share(fitting: Iterable[bool]) -> float:
    found = list(fitting)
    return sum(found) / len(found)


def _is_day(cell: str) -> bool:
    try:
        read_day(bare(cell), DayColumn("day_first", date(9998, 12, 31)))
    except UnreadableDay as unreadable:
        return unreadable.is_date
    return True


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _examples(table: FileTable, place: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in table.rows:
        if cell := _cell(row, place):
            found[cell[:_LONGEST_EXAMPLE]] = None
        if len(found) == _EXAMPLES:
            break
    return tuple(found)


def _missing(register: Definition, targets: Iterable[str]) -> tuple[str, ...]:
    there = set(targets)
    if "whole_name" in there:
        there |= {register.person["given_name"], register.person["family_name"]}
    return tuple(name for name in register.minimum if name not in there)


def _lacks_columns(register: Definition, missing: Iterable[str]) -> bool:
    """Return whether a name, the date of birth or the rating has no column. Without these nobody can be found."""
    needed = {register.person[role] for role in ALWAYS_KNOWN}
    if register.rating:
        needed.add(register.rating.question)
    return not needed.isdisjoint(missing)


def check_columns(register: Definition, table: FileTable, columns: Mapping[int, str]) -> None:
    if any(not 0 <= place < len(table.headings) for place in columns):
        raise Refused("unknown_column")
    if not all(_is_target(register, target) for target in columns.values()):
        raise Refused("unknown_question")
    if len(set(columns.values())) < len(columns):
        raise Refused("twice")


# -------------------------------------------------------------------------------------------------------------- values
def option_columns(register: Definition, columns: Mapping[int, str]) -> Iterator[tuple[int, Question]]:
    """Yield the columns that answer questions with options."""
    for place, target in columns.items():
        question = register.form.by_name.get(target)
        if question is not None and question.kind in OPTION_KINDS:
            yield place, question


def _find_values(
    register: Definition, table: FileTable, columns: Mapping[int, str], said: Mapping[str, Mapping[str, str]]
) -> tuple[ValueFound, ...]:
    """Return the different values of columns with options, with what they mean. The ones not known are first."""
    found = list[ValueFound]()
    for place, question in option_columns(register, columns):
        reader, before = OptionReader(register, question), said.get(question.name, {})
        counted = Counter(part for row in table.rows for part in reader.parts_of(bare(_cell(row, place))))
        for written, times in counted.items():
            if written != CLEAR:
                code = _code_of(question, reader, written, before)
                found.append(ValueFound(question=question.name, written=written, code=code, times=times))
    return tuple(sorted(found, key=lambda value: value.code is not None))


def _code_of(question: Question, reader: OptionReader, written: str, said: Mapping[str, str]) -> str | None:
    before = said.get(fold(written))
    if before is not None and (not before or before in question.labels):
        return before
    return "" if is_no_answer(written) else reader.code_of(written)


def _by_question(values: Iterable[ValueFound]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for value in values:
        if value.code is not None:
            found.setdefault(value.question, {})[value.written] = value.code
    return found


def _check_values(register: Definition, values: Mapping[str, Mapping[str, str]], mapped: set[str]) -> None:
    for name, codes in values.items():
        question = register.form.by_name.get(name)
        if question is None or name not in mapped or question.kind not in OPTION_KINDS:
            raise Refused("unknown_question")
        if not all(not code or code in question.labels for code in codes.values()):
            raise Refused("unknown_option")


# --------------------------------------------------------------------------------------------------------------- dates
def date_columns(register: Definition, columns: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Yield the columns that hold dates, with their targets."""
    for place, target in columns.items():
        question = register.form.by_name.get(target)
        if target in ("added_on", "rated_on") or (question is not None and question.kind == "date"):
            yield place, target


def find_order(register: Definition, table: FileTable, columns: Mapping[int, str]) -> DayOrder:
    """Return the order of day and month in the columns that hold dates."""
    places = [place for place, _ in date_columns(register, columns)]
    return find_day_order([bare(_cell(row, place)) for row in table.rows] for place in places)
