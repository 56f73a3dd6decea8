"""What the columns of a file mean that came back from tracing NHS numbers: it says which record, and its number."""

from collections.abc import Iterable

from services.referrals.loading.mapping import (
    FileMapping,
    Suggestion,
    check_columns,
    find_order,
    suggest,
)
from services.referrals.loading.table import FileTable
from shared.contracts.referrals.loading import ColumnFound, tracing_targets
from shared.messages import Refused
from shared.registers.definition.register import Definition


def suggest_traced(register: Definition, table: FileTable) -> Suggestion:
    """Return what the columns mean. Those that say something else are left out, since only numbers are taken."""
    known = tracing_targets(register)
    columns = tuple(
        each if each.target in known else ColumnFound.model_validate(vars(each) | {"target": ""})
        for each in suggest(register, table, None).columns
    )
    mapped = {each.place: each.target for each in columns if each.target}
    order = find_order(register, table, mapped)
    is_clear = not _lacks(register, mapped.values()) and order != "mixed"
    return Suggestion(columns, (), (), FileMapping(mapped, {}, order) if is_clear else None)


def check_traced(register: Definition, table: FileTable, mapping: FileMapping) -> FileMapping:
    """Return the mapping that a user said. Refused with the codes of `MapUpload`."""
    columns = {place: target for place, target in mapping.columns.items() if target}
    check_columns(register, table, columns)
    if not tracing_targets(register).issuperset(columns.values()):
        raise Refused("unknown_question")
    if _lacks(register, columns.values()):
        raise Refused("columns_missing")
    order = mapping.day_order or find_order(register, table, columns)
    if order == "mixed":
        raise Refused("day_order")
    return FileMapping(columns, {}, order)


def _lacks(register: Definition, targets: Iterable[str]) -> bool:
    """
    Return whether the reference, the number, or what says who the person is has no column.

    The person is compared too: a sorted column would give every record the number of someone else.
    """
    person = register.person
    needed = {"reference", person["nhs_number"], person["family_name"], person["born"]}
    return not needed.issubset(targets)
