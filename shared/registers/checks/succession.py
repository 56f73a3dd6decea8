"""Checks of a later edition against the one before: old records must stay readable, and the floor may only rise."""

from shared.registers.checks.kept import kept_of, questions_lost, scope_lost, transitions_lost
from shared.registers.definition.register import Definition
from shared.registers.faults import DefinitionFault


def check_succession(older: Definition, newer: Definition) -> list[DefinitionFault]:
    """Return the faults of an edition that follows another of the same register."""
    before, after, since = kept_of(older), kept_of(newer), f"edition {older.edition}"
    faults = list(questions_lost("form", before.form, after.form))
    if older.outcome and newer.outcome:
        faults += questions_lost("outcome", before.outcome, after.outcome)
    if older.leaving and newer.leaving:
        faults += questions_lost("leaving", before.leaving, after.leaving)
    if older.meetings and newer.meetings:
        faults += questions_lost("meetings.minutes", before.minutes, after.minutes)
    faults += [*scope_lost(before, after, since), *transitions_lost(before, after, since)]
    let_go = [name for name in older.minimum if name not in newer.minimum]
    faults += [DefinitionFault("floor", f"lets go of {name}, which {since} holds") for name in let_go]
    broken = [name for name in older.never_without if name not in newer.never_without]
    return faults + [DefinitionFault("never_without", f"lets go of {name}, which {since} holds") for name in broken]
