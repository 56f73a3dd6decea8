"""Every query on a table with row-level security is listed with what else keeps its rows apart."""

import ast
import importlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.runner.environment import Addresses
from tests.deploy.dumps import connected
from tests.services.walls.conftest import owners_of
from tests.services.walls.world import WALLED, Owners

ROOT = Path(__file__).parents[3]

# The query itself, or the function that it calls, holds the visitor's register and compartments; for users who see only
# their own records also these. `test_own_checks.py` proves it, and for referrals `test_conditions.py` too.
OF_SCOPE = """
    referrals.store.archiving.FIND_STATE
    referrals.store.caseload.COUNT_OWN referrals.store.caseload.FIND_NEW referrals.store.caseload.FIND_OLDEST
    referrals.store.duplicates.COUNT_OPEN referrals.store.duplicates.DECIDE referrals.store.duplicates.FIND_COMPARED
    referrals.store.duplicates.FIND_DECISION referrals.store.duplicates.FIND_OPEN referrals.store.duplicates.LIST_LINKED
    referrals.store.duplicates.OPEN
    referrals.store.ended.FIND_BEFORE referrals.store.ended.FIND_BY_NUMBER referrals.store.ended.FIND_LATELY
    referrals.store.ended.LIST_ENDED referrals.store.ended.LIST_RETURNED referrals.store.ended.SEARCH_ENDED
    referrals.store.finding.FILTER_RECORDS referrals.store.finding.LIST_RECORDS referrals.store.finding.NAME_RECORDS
    referrals.store.finding.READ_RECORD referrals.store.finding.SEARCH_RECORDS
    referrals.store.hand_over.COUNT_COVERED referrals.store.hand_over.COUNT_HELD
    referrals.store.hand_over.FIND_HELD referrals.store.hand_over.HOLD_HELD referrals.store.hand_over.LIST_COVERED
    referrals.store.hand_over.LIST_HELD
    referrals.store.history.FIND_AND_HOLD referrals.store.history.FIND_CREATION referrals.store.history.FIND_RATINGS
    referrals.store.history.READ_PAST
    referrals.store.looking.FIND_LOOKED_AT referrals.store.looking.FIND_LOOKERS referrals.store.looking.READ_LOOKS
    outcomes.store.looking.FIND_LOOKERS outcomes.store.looking.READ_LOOKS
    reports.store.looking.FIND_LOOKERS reports.store.looking.READ_LOOKS
    referrals.store.holding.FIND_BODIES referrals.store.holding.HOLD_RECORD
    referrals.store.reversing.COUNT_WAITING referrals.store.reversing.FIND_ARCHIVED
    referrals.store.reversing.HOLD_RECORD referrals.store.reversing.HOLD_REVERSAL
    referrals.store.reversing.LIST_REVERSALS
    referrals.store.consent.COUNT referrals.store.consent.LIST
    referrals.store.loaded.COMPARE_ROWS referrals.store.loaded.HOLD_ROWS referrals.store.loaded.LOAD_RECORDS
    referrals.store.loaded.LOAD_VERSIONS
    referrals.store.saving.FIND_FOR_UPDATE referrals.store.saving.SAVE_VERSION referrals.store.saving.STORE_VERSION
    referrals.store.saving.SAVE_REVIEW
    referrals.store.reviews.COUNT_DUE referrals.store.reviews.LIST_BY_REVIEW referrals.store.reviews.LIST_DUE
    referrals.store.reviews.REVIEW_DAYS
    referrals.store.saving.SUBMIT_RECORD referrals.store.upload_work.FIND_PRESENT
    outcomes.store.tasks.COUNT_TASKS outcomes.store.tasks.FIND_URGENT outcomes.store.tasks.HOLD_URGENT
    outcomes.store.outcomes.FIND_LAST outcomes.store.tasks.COUNT_MET outcomes.store.tasks.HOLD_AGENDA
    outcomes.store.tasks.LIST_AGENDA outcomes.store.tasks.LIST_DISCUSSED outcomes.store.tasks.LIST_URGENT
    outcomes.store.actions.COUNT_ACTIONS outcomes.store.actions.DECISIONS_OF_RECORD
    outcomes.store.actions.FIND_ACTION outcomes.store.actions.FIND_COMPARTMENT
    outcomes.store.actions.HOLD_ACTION outcomes.store.actions.LIST_ACTIONS outcomes.store.actions.LIST_OF_RECORD
    outcomes.store.meeting_agendas.COUNT_STORED outcomes.store.meeting_agendas.COUNT_UNPLACED
    outcomes.store.meeting_agendas.LIST_PLACED outcomes.store.meeting_agendas.LIST_PLANNED
    outcomes.store.meeting_agendas.LIST_STORED outcomes.store.meeting_agendas.REMOVE_ITEM
    outcomes.store.meeting_minutes.HOLD_ITEM outcomes.store.meeting_minutes.MINUTES
    outcomes.store.meeting_minutes.READ_LAST outcomes.store.meeting_minutes.READ_MINUTES
    reports.store.dashboards.LATEST_ANSWERS
    reports.store.dashboards.READ_COMPARTMENTS reports.store.dashboards.READ_TALLIES
    reports.store.dashboards.READ_WHOLE reports.store.jobs.COUNT_ROWS reports.store.jobs.READ_COVERED
    reports.store.jobs.READ_ROWS reports.store.jobs.READ_WHOLE
    notifier.ended.FIND_ENDED notifier.store.COUNT_ENDED_BADLY notifier.store.FIND_PLACE notifier.store.LIST_ALL
    notifier.store.LIST_REACHED
    notifier.store.LIST_UNDELIVERED
"""
# The rows are the visitor's own: the query names the user.
OF_USER = """
    referrals.store.drafts.CLOSE referrals.store.drafts.DROP_OLDEST_CLOSED referrals.store.drafts.FIND_STATE
    referrals.store.drafts.FORGET referrals.store.drafts.HOLD referrals.store.drafts.LIST referrals.store.drafts.READ
    referrals.store.drafts.SAVE
    referrals.store.uploads.ADD referrals.store.uploads.CANCEL_UNREACHED referrals.store.uploads.FIND
    referrals.store.uploads.FIND_OPEN
    outcomes.store.actions.COUNT_OWN_ACTIONS
    referrals.store.uploads.HOLD referrals.store.uploads.LIST referrals.store.uploads.LIST_ABSENT
    referrals.store.uploads.LIST_UNTRACED
    reports.store.jobs.ADD reports.store.jobs.COUNT_AT_WORK reports.store.jobs.FIND reports.store.jobs.LIST
"""
# The same request has found the record, the job, the upload or the mail in scope before. Outcomes asks referrals for
# it. The background job of uploads has claimed the upload, and works in the context of its user.
OF_WHAT_WAS_FOUND = """
    referrals.store.hand_over.FIND_ALL_COVERS referrals.store.hand_over.REPLACE_HOLDERS
    referrals.store.ending.ADD_DECISION referrals.store.ending.HAS_DECIDED referrals.store.ending.HOLD_RECORD
    referrals.store.consent.ADD referrals.store.consent.CONFIRM referrals.store.consent.FIND_WAITING
    referrals.store.history.ADD_NOTE referrals.store.history.FIND_UPDATES
    referrals.store.holding.ADD_COVER referrals.store.holding.REPLACE_HOLDER referrals.store.holding.END_COVER
    referrals.store.holding.HOLDS_RECORD referrals.store.holding.FEED_AGAIN referrals.store.holding.FIND_COVERS
    referrals.store.holding.FIND_HOLDER
    referrals.store.holding.FIND_NAMED referrals.store.holding.IS_COVER
    referrals.store.reversing.ADD_REVERSAL referrals.store.reversing.DECIDE
    referrals.store.upload_work.ADD_ROWS referrals.store.upload_work.COUNT_INCOMPLETE
    referrals.store.upload_work.COUNT_URGENT referrals.store.upload_work.FIND_NEXT
    referrals.store.upload_work.FORGET_ROWS referrals.store.upload_work.GO_ON
    referrals.store.upload_work.MOVE_TO_ERRORS referrals.store.upload_work.NOTE_CHECKED
    referrals.store.upload_work.NOTE_DONE referrals.store.upload_work.NOTE_READ
    referrals.store.upload_work.READ_CHUNKS referrals.store.upload_work.STORE_CHECKED
    referrals.store.upload_work.STORE_PROCESSED
    referrals.store.uploads.ADD_CHUNK referrals.store.uploads.CANCEL referrals.store.uploads.COUNT_ROWS
    referrals.store.uploads.FIND_KEPT referrals.store.uploads.FINISH referrals.store.uploads.KEEP
    referrals.store.uploads.LIST_ERRORS referrals.store.uploads.LIST_ROWS referrals.store.uploads.MAP
    referrals.store.uploads.NAME_AUTHORITY
    referrals.store.uploads.PROCESS referrals.store.uploads.READ_AGAIN referrals.store.uploads.READ_CELLS
    referrals.store.uploads.REMOVE_CHUNKS referrals.store.uploads.REMOVE_ROWS referrals.store.uploads.SUM_CHUNKS
    outcomes.store.outcomes.READ_TOLD
    outcomes.store.endings.FIND_ENDING outcomes.store.endings.FIND_ENDING_STATE outcomes.store.endings.MARK_REVERSED
    outcomes.store.endings.SETTLE outcomes.store.outcomes.ADD_OUTCOME outcomes.store.outcomes.FOLLOW_RECORD
    outcomes.store.actions.ADD_ACTION outcomes.store.actions.ADD_ENTRY outcomes.store.actions.ADD_TOLD
    outcomes.store.actions.CHANGE_ACTION outcomes.store.actions.COUNT_ENTRIES
    outcomes.store.actions.COUNT_OPEN_OF_RECORD outcomes.store.actions.COUNT_TOLD outcomes.store.actions.LIST_ENTRIES
    outcomes.store.actions.LIST_TOLD outcomes.store.actions.SET_STATE
    outcomes.store.outcomes.LIST_OUTCOMES outcomes.store.tasks.MARK_DISCUSSED
    outcomes.store.tasks.MARK_SEEN
    outcomes.store.meeting_agendas.ADD_INTEREST outcomes.store.meeting_agendas.ADD_ITEM
    outcomes.store.meeting_agendas.DISCUSS_ITEMS outcomes.store.meeting_agendas.START
    outcomes.store.meeting_minutes.ADD_ADDENDUM outcomes.store.meeting_minutes.SAVE_MINUTES
    reports.store.jobs.NOTE_DOWNLOAD reports.store.jobs.READ_CHUNK reports.store.jobs.REMOVE_CHUNKS
    reports.store.jobs.STOP
    notifier.ended.HOLD_MAIL notifier.ended.QUEUE_AGAIN
"""
# The service's own work for all registers and compartments: feeds, background jobs, events. No visitor asks for it.
OWN_WORK = """
    referrals.store.counting.FOLD_DELTAS referrals.store.counting.PROVE_COUNTERS
    referrals.store.counting.REFRESH_STATISTICS referrals.store.drafts.SWEEP
    referrals.store.editions.COUNT_RECORDS referrals.store.ending.END_DUE
    referrals.store.holding.TELL_COVERS referrals.store.review_reminders.REMIND
    referrals.store.feed.READ referrals.store.feed.READ_PEOPLE referrals.store.feed.READ_LEAVING
    referrals.store.feed.READ_RATINGS referrals.store.feed.READ_AGREED
    referrals.store.settling.FIND_ALIKE referrals.store.settling.FIND_UNSETTLED
    referrals.store.settling.FLAG_ALIKE referrals.store.settling.REFOLD
    referrals.store.standing.LIST_STANDINGS referrals.store.standing.READ_STANDINGS
    referrals.store.upload_work.CLAIM referrals.store.upload_work.COUNT_LOST referrals.store.upload_work.DROP
    referrals.store.upload_work.FIND_MATCHED referrals.store.upload_work.KEEP_LEASE
    referrals.store.upload_work.SWEEP
    outcomes.store.endings.TAKE_PENDING outcomes.store.feed.ASSIGN_FEED outcomes.store.feed.READ_FEED
    outcomes.store.standings.NOTE_REVIEWS outcomes.store.standings.CLOSE_TASK outcomes.store.standings.FIND_STANDINGS
    outcomes.store.standings.HOLD_STANDINGS outcomes.store.standings.KEEP_TASK outcomes.store.standings.OPEN_TASK
    outcomes.store.standings.RECORDS_WITH_TASKS outcomes.store.tasks.TAKE_NOT_SEEN
    outcomes.store.reminders.PLACE_ACTIONS outcomes.store.reminders.TAKE_OVERDUE
    outcomes.store.reminders.TAKE_REMINDERS
    reports.store.feeds.END_REBUILD reports.store.feeds.FIND_OVERDUE reports.store.feeds.FOLD_WEEKS
    reports.store.feeds.PROVE_TALLIES reports.store.feeds.PROVE_WEEKS reports.store.feeds.RECOUNT
    reports.store.jobs.ADD_CHUNK reports.store.jobs.CLAIM reports.store.jobs.DROP reports.store.jobs.FINISH
    reports.store.jobs.KEEP reports.store.jobs.NOTE_COMPARTMENTS reports.store.jobs.SWEEP
    notifier.adding.ADD_MAILS notifier.adding.TAKE_NOTICE
    notifier.claims.CLAIM_DUE notifier.claims.MARK_ACCEPTED notifier.claims.MARK_ENDED notifier.claims.MARK_LATER
    notifier.claims.RELEASE notifier.moves.MOVE_MAILS
    notifier.store.COUNT_WAITING notifier.store.EXPIRE notifier.store.FIND_MAILED notifier.store.FIND_NOT_THROUGH
    notifier.store.FORGET_OLD notifier.store.MARK_OTHERS_TOLD
"""
LISTED = (OF_SCOPE, OF_USER, OF_WHAT_WAS_FOUND, OWN_WORK)
# Texts of registers, tables that only follow others, and meetings, which belong to a register.
NOT_ABOUT_A_PERSON = {"meeting", "meeting_series", "overlay", "record_moved"}

TABLES = """
    SELECT c.relname FROM pg_class AS c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relrowsecurity
"""
FUNCTIONS = "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"


@pytest.fixture
async def owners(walled: Addresses) -> AsyncIterator[Owners]:
    async with owners_of(walled) as found:
        yield found


def named_in(words: set[str], text: str, before: str = "", after: str = "") -> bool:
    return bool(words) and bool(re.search(rf"{before}\b(?:{'|'.join(words)})\b{after}", text))


def constants(service: str) -> Iterator[tuple[str, str]]:
    """Return the name and the text of every constant of a service that is SQL."""
    for file in sorted((ROOT / "services" / service).rglob("*.py")):
        if file.name == "__main__.py":
            continue
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        module = importlib.import_module(name)
        for node in ast.parse(file.read_text("utf-8")).body:
            for target in node.targets if isinstance(node, ast.Assign) else []:
                text = getattr(module, target.id, None) if isinstance(target, ast.Name) else None
                if isinstance(target, ast.Name) and isinstance(text, str):
                    yield f"{name.removeprefix('services.')}.{target.id}", text


@pytest.mark.parametrize("service", WALLED)
async def test_every_query_on_people_is_listed_with_what_keeps_its_rows_apart(owners: Owners, service: str) -> None:
    tables = {row["relname"] for row in await owners[service].fetch(TABLES)} - NOT_ABOUT_A_PERSON
    bodies = {row["proname"]: row["prosrc"] for row in await owners[service].fetch(FUNCTIONS)}
    reading: set[str] = set()
    while more := {
        name
        for name, body in bodies.items()
        if name not in reading and (named_in(tables, body) or named_in(reading, body, after=r"\("))
    }:
        reading |= more

    found = {
        name
        for name, text in constants(service)
        if named_in(tables, text, before=r"\b(?:FROM|JOIN|INTO|UPDATE)\s+") or named_in(reading, text, after=r"\(")
    }
    listed = [name for each in LISTED for name in each.split() if name.startswith(f"{service}.")]

    assert ([], []) == (sorted(found - set(listed)), sorted(set(listed) - found))
    assert len(listed) == len(set(listed))


EXECUTABLE = """
    SELECT proname, prosecdef AS is_definer, has_function_privilege($1, oid, 'EXECUTE') AS for_visitors,
        has_function_privilege($2, oid, 'EXECUTE') AS for_own_work, prosrc
    FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND prorettype <> 'trigger'::regtype
"""
# Functions of the outbox, the audit and the installation, which hold nothing about a person.
OF_THE_SPINE = {"measure_audit", "note_start", "seal_audit"}


@pytest.mark.parametrize("service", WALLED)
async def test_what_is_done_for_all_compartments_cannot_be_called_by_the_role_that_answers_visitors(
    owners: Owners, service: str
) -> None:
    functions = await owners[service].fetch(EXECUTABLE, f"{service}_app", f"{service}_background")
    own_work = [text for name, text in constants(service) if name in OWN_WORK.split()]
    for_visitors = [text for name, text in constants(service) if name not in OWN_WORK.split()]
    for_visitors += [each["prosrc"] for each in functions if each["for_visitors"] and not each["is_definer"]]

    def callable_in(texts: list[str], name: str) -> bool:
        return any(named_in({name}, text, after=r"\(") for text in texts)

    definers = {each["proname"]: each for each in functions if each["is_definer"]}
    of_own_work = {name for name in definers if callable_in(own_work, name) and not callable_in(for_visitors, name)}
    open_to_visitors = {name for name, each in definers.items() if each["for_visitors"]} - OF_THE_SPINE
    assert of_own_work
    assert set() == of_own_work & open_to_visitors
    assert set() == {name for name in of_own_work if not definers[name]["for_own_work"]}
    assert set() == {name for name in open_to_visitors if not callable_in(for_visitors, name)}


@pytest.mark.parametrize("service", WALLED)
async def test_the_role_that_answers_visitors_cannot_become_the_other_one(walled: Addresses, service: str) -> None:
    async with connected(walled.dsn(service)) as db:
        for statement in (
            f"SET ROLE {service}_background",
            f"SELECT set_config('role', '{service}_background', false)",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(statement)


async def test_a_query_of_a_page_cannot_read_the_feed(walled: Addresses) -> None:
    async with connected(walled.dsn("referrals")) as db:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.fetch("SELECT * FROM read_feed(0, 10, 100000)")
    async with connected(walled.background_dsn("referrals")) as db:
        await db.fetch("SELECT * FROM read_feed(0, 10, 100000)")
