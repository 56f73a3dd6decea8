"""The check of one definition, `ics register check`: its own faults, its neighbours, and what is in use."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from deploy.runner.console import Console
from deploy.runner.database import DatabaseServer
from deploy.runner.environment import Addresses, databases
from deploy.runner.keyring import open_keyring
from deploy.runner.postgres import Postgres
from deploy.runner.refusals import CannotStart
from deploy.runner.registers import MORE
from deploy.runner.settings import RunnerSettings, read_settings
from deploy.runner.state import state_in
from services.referrals.store.editions import find_used
from shared.database import open_pool, transaction
from shared.registers.checks.notes import find_notes
from shared.registers.checks.succession import check_succession
from shared.registers.faults import DefinitionFault, FaultyRegister
from shared.registers.files import LoadedRegister, lists_beside, place_faults, read_file
from shared.registers.folders import edition_order, find_registers
from shared.registers.in_use import UsedEdition, unfit_editions
from shared.registers.list_files import read_list

CONNECT_SECONDS = 3


@dataclass
class DefinitionCheck:
    """The faults of a definition, and what it was compared with, each as a sentence."""

    faults: list[DefinitionFault] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)


def check_definition(path: Path) -> DefinitionCheck:
    """
    Check a file as `ics up` will: alone, with the editions beside it, and with the records in the database.

    A shared list, a CSV file, is checked alone.
    """
    path = path.absolute()
    checked = DefinitionCheck()
    if path.suffix.lower() == ".csv":
        checked.faults = list(read_list(path).faults)
        checked.compared = ["A list is compared with what is in use when a definition that names it is checked."]
        return checked
    try:
        loaded = read_file(path, lists_beside(path.parent.parent))
    except FaultyRegister as faulty:
        checked.faults = faulty.faults
        checked.compared = [MORE] if faulty.unfinished else []
        checked.compared.append("Not compared with other editions, nor with what is in use: mend these faults first.")
        return checked
    checked.faults = place_faults(path, loaded.definition)
    checked.compared = [f"Look at this: {note}." for note in find_notes(loaded.definition)]
    _compare_editions(path, loaded, checked)
    _compare_used(loaded, checked)
    return checked


def _compare_editions(path: Path, loaded: LoadedRegister, checked: DefinitionCheck) -> None:
    """Compare with the edition before and the one after, in the folder and among the shipped ones."""
    code, edition = loaded.definition.code, loaded.definition.edition
    found = find_registers([path.parent.parent])
    others = sorted(
        (each for each in found.loaded.values() if each.definition.code == code and each.definition.edition != edition),
        key=lambda each: edition_order(each.definition.edition),
    )
    here = edition_order(edition)
    earlier = [each for each in others if edition_order(each.definition.edition) < here]
    later = [each for each in others if edition_order(each.definition.edition) > here]
    for older, newer in (*((each, loaded) for each in earlier[-1:]), *((loaded, each) for each in later[:1])):
        other = older if newer is loaded else newer
        checked.compared.append(f"Compared with edition {other.definition.edition}.")
        for fault in check_succession(older.definition, newer.definition):
            place = (
                fault.place
                if newer is loaded
                else f"edition {newer.definition.edition} follows this one, {fault.place}"
            )
            checked.faults.append(DefinitionFault(place, fault.says))
    if not earlier:
        checked.compared.append(f"Not compared with an earlier edition: there is none of {code} in {path.parent}.")
    faulty = [each.source for each in found.left_out if each.code == code and each.source != f"{code}/{path.name}"]
    checked.compared += [f"Not compared with {source}: it is faulty." for source in faulty]


def _compare_used(loaded: LoadedRegister, checked: DefinitionCheck) -> None:
    code, edition = loaded.definition.code, loaded.definition.edition
    used = _used_in(code, edition)
    if isinstance(used, str):
        checked.compared.append(f"Not compared with what is in use: {used}")
        return
    here = [each for each in used if each.key == (code, edition)]
    for unfit in unfit_editions({(code, edition): loaded}, here):
        checked.faults += unfit.faults
        checked.compared.append(unfit.advice)
    said = "Compared with the records of this edition" if here else "No record is in this edition"
    checked.compared.append(f"{said} in the database.")


def _used_in(code: str, edition: str) -> list[UsedEdition] | str:
    """Return the editions in use, or why they cannot be read."""
    try:
        settings = read_settings()
        dsn = _referrals_dsn(settings)
        if dsn is None:
            return f"there is no installation in {settings.state_dir} (ICS_STATE_DIR)."
        return asyncio.run(_read_used(dsn, (code, edition)))
    except (CannotStart, OSError, asyncpg.PostgresError, TimeoutError, ValueError):
        return "its database does not answer. Run this check again while the product runs."


def _referrals_dsn(settings: RunnerSettings) -> str | None:
    """Return the address of the database of referrals. Nothing is created or started for this."""
    state = state_in(settings.state_dir)
    if not state.keyring_file.exists():
        return None
    keyring = open_keyring(state.keyring_file)
    embedded: DatabaseServer | None = None
    if settings.needs_postgres:
        embedded = Postgres(state, keyring.superuser_password, Console()).server
    return Addresses(keyring, databases(settings, embedded), "").background_dsn("referrals")


async def _read_used(dsn: str, key: tuple[str, str]) -> list[UsedEdition]:
    async with asyncio.timeout(CONNECT_SECONDS):
        pool = await open_pool(dsn, size=1)
        try:
            async with transaction(pool) as db:
                return [each for each in await find_used(db) if each.key == key]
        finally:
            await pool.close()
