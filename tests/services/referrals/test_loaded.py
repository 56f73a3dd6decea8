"""Rows of a spreadsheet become records and versions as a form's would, with their own dates, and nobody is mailed."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from random import Random
from uuid import UUID

import asyncpg
import pytest

from services.referrals.handlers.loaded import load_rows
from services.referrals.rules.saving import Match
from services.referrals.store import loaded as store
from services.referrals.store.loaded import NewRow, Row
from shared.contracts.referrals.answers import Answer
from shared.contracts.referrals.events import RecordCreated, RecordUpdated
from shared.contracts.referrals.reading import ReadPast
from shared.contracts.referrals.saving import RecordReceipt
from shared.contracts.referrals.standing import ReadStandings, RecordStanding
from shared.database import scope_of, transaction
from shared.permissions import Caller, Role, Visitor
from shared.values import LONDON
from tests.services.referrals.builders import a_visitor, colleague_of, new_id
from tests.services.referrals.loading import a_changed_row, a_new_row, in_organisation, load
from tests.services.referrals.people import a_person, an_nhs_number, unasked
from tests.services.referrals.rig import Owner, Referrals, an_update

RED, GREEN = "red", "green"
ADDED, RATED = date(2024, 3, 5), date(2025, 11, 20)
OUTCOMES = Caller(service="outcomes", job="tasks")
# Every table that has rows of a record, by the column that names it.
FIND_TABLES = """
    SELECT c.relname AS name, a.attname AS column
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
        AND (a.attname = 'record_id' OR (c.relname = 'record' AND a.attname = 'id'))
"""
# Ids, times, the act and what a notice decides. Their equality is tested apart.
OWN = {
    *("id", "record_id", "reference", "act", "is_told", "sequence"),
    *("created_at", "updated_at", "rated_at", "changed_at"),
}


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LONDON)


async def rows_of(owner: Owner, record_id: UUID) -> Mapping[str, list[str]]:
    """Return all rows about a record, by table, without what differs between any two records."""
    reference = str(await owner.value("SELECT reference FROM record WHERE id = $1", record_id))
    found = {}
    for table in await owner.rows(FIND_TABLES):
        rows = await owner.rows(
            f"SELECT to_jsonb(t) AS row FROM {table['name']} AS t WHERE {table['column']} = $1", record_id
        )
        bare = [{name: value for name, value in json.loads(each["row"]).items() if name not in OWN} for each in rows]
        letters = "".join(reference.split("-")[1:]).lower()
        found[table["name"]] = sorted(json.dumps(each, sort_keys=True).replace(letters, "*") for each in bare)
    return found


async def standing(referrals: Referrals, record_id: UUID) -> RecordStanding:
    (found,) = (await referrals.ask_as(OUTCOMES, ReadStandings(record_ids=(record_id,)))).standings
    return found


# -------------------------------------------------------------------------------------------------- as a form stores it
@pytest.mark.requirement("R-USE-013")
async def test_a_loaded_record_has_the_same_rows_in_every_table_as_a_submitted_one(
    referrals: Referrals, owner: Owner
) -> None:
    visitor, person = a_visitor(), a_person(postcode="ST16 3SR", latest_update="Moved house")
    submitted = await referrals.submit(visitor, **person)
    await owner.db.execute("UPDATE record SET is_open = false, ended_at = now() WHERE id = $1", submitted.record_id)

    (done,) = await load(referrals.context, visitor, a_new_row(referrals.context, visitor, **person))

    await owner.db.execute("UPDATE record SET is_open = true, ended_at = NULL WHERE id = $1", submitted.record_id)
    expected, found = await rows_of(owner, submitted.record_id), await rows_of(owner, done.record_id)
    assert expected.keys() >= {"record", "record_version", "record_key", "record_word", "record_search", "record_feed"}
    # The end and the return of the first record listed it again, and for that time the other is a return.
    listed = {"record_unsettled", "record_return"}
    assert {name: rows for name, rows in expected.items() if name not in listed} == {
        name: rows for name, rows in found.items() if name not in listed
    }
    assert 1 == len(found["record_unsettled"])


@pytest.mark.requirement("R-USE-013")
async def test_a_row_that_changes_a_record_leaves_the_same_rows_as_a_form(referrals: Referrals, owner: Owner) -> None:
    visitor = a_visitor()
    person, changes = a_person(), {"nhs_number": an_nhs_number(), "risk_level": RED, "postcode": "ST16 3SR"}
    by_form = await referrals.submit(visitor, **person)
    await referrals.update(visitor, by_form, **person | changes)
    await owner.db.execute("UPDATE record SET is_open = false, ended_at = now() WHERE id = $1", by_form.record_id)
    by_row = await referrals.submit(visitor, **person)

    row = await a_changed_row(referrals.context, visitor, by_row.record_id, **changes)
    (done,) = await load(referrals.context, visitor, row)

    await owner.db.execute("UPDATE record SET is_open = true, ended_at = NULL WHERE id = $1", by_form.record_id)
    expected, found = await rows_of(owner, by_form.record_id), await rows_of(owner, by_row.record_id)
    assert ("done", 1, True) == (done.verdict, done.version, done.is_urgent)
    listed = {"record_unsettled", "record_return"}
    assert {name: rows for name, rows in expected.items() if name not in listed} == {
        name: rows for name, rows in found.items() if name not in listed
    }


@pytest.mark.requirement("R-USE-013")
async def test_a_loaded_record_has_the_dates_of_the_file_and_its_history_says_that_it_was_loaded(
    referrals: Referrals,
) -> None:
    visitor = a_visitor()

    row = replace(a_new_row(referrals.context, visitor, risk_level=RED), added_on=ADDED, rated_on=RATED)

    (done,) = await load(referrals.context, visitor, row)

    shown, history = await referrals.read(visitor, done.record_id), await referrals.history(visitor, done.record_id)
    stood = await standing(referrals, done.record_id)
    assert (midnight(ADDED), midnight(RATED), midnight(RATED)) == (shown.created_at, shown.rated_at, stood.rated_at)
    assert history.loaded_at
    assert history.loaded_at.date() > RATED
    assert (midnight(ADDED), midnight(RATED), (), 0) == (
        history.created_at,
        history.rated_at,
        history.updates,
        shown.updates,
    )
    past = await referrals.ask(visitor, ReadPast(record_id=done.record_id))
    assert history == past.history
    assert None is (await referrals.history(visitor, (await referrals.submit(visitor)).record_id)).loaded_at


async def test_a_rating_of_a_row_is_the_present_one_though_it_is_older_than_the_one_it_replaces(
    referrals: Referrals,
) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, risk_level=GREEN)

    row = await a_changed_row(referrals.context, visitor, receipt.record_id, risk_level=RED)
    await load(referrals.context, visitor, replace(row, rated_on=RATED))

    stood, history = await standing(referrals, receipt.record_id), await referrals.history(visitor, receipt.record_id)
    assert ("urgent", midnight(RATED)) == (stood.urgency, stood.rated_at)
    assert [("loaded", midnight(RATED))] == [(each.act, each.rated_at) for each in history.updates]
    assert history == (await referrals.ask(visitor, ReadPast(record_id=receipt.record_id))).history


# ------------------------------------------------------------------------------------------------------- nobody is told
@pytest.mark.requirement("R-USE-013")
async def test_a_row_has_public_events_and_no_notice(referrals: Referrals) -> None:
    visitor = a_visitor()
    (added,) = await load(referrals.context, visitor, a_new_row(referrals.context, visitor, risk_level=GREEN))
    row = await a_changed_row(referrals.context, visitor, added.record_id, risk_level=RED)
    await load(referrals.context, visitor, row)

    told = await referrals.told(added.record_id)

    assert [(RecordCreated, 0), (RecordUpdated, 1)] == sorted(
        ((type(each), each.version) for each in told), key=lambda each: each[1]
    )
    assert not (await standing(referrals, added.record_id)).is_told


@pytest.mark.requirement("R-USE-013")
async def test_a_form_tells_of_a_rating_and_a_row_that_replaces_it_does_not(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, risk_level=GREEN)
    told = [(await standing(referrals, receipt.record_id)).is_told]

    row = await a_changed_row(referrals.context, visitor, receipt.record_id, risk_level=RED)
    await load(referrals.context, visitor, row)
    told.append((await standing(referrals, receipt.record_id)).is_told)
    loaded = receipt.model_copy(update={"version": 1})
    green = await referrals.update(visitor, loaded, risk_level=GREEN)
    await referrals.update(visitor, green, risk_level=RED)
    told.append((await standing(referrals, receipt.record_id)).is_told)

    assert [True, False, True] == told


async def test_a_row_is_judged_by_the_edition_of_its_record(referrals: Referrals) -> None:
    """The edition of new records has no rating here, and that of the record has one."""
    visitor = a_visitor()
    receipt = await referrals.submit(visitor, **a_person(risk_level=GREEN))
    row = await a_changed_row(referrals.context, visitor, receipt.record_id, risk_level=RED)
    register = referrals.context.registers.find("dsr", row.present.edition)
    newest = register.model_copy(update={"rating": None})

    async with transaction(referrals.pool, visitor) as db:
        changed = [replace(row, register=register)]
        (done,) = await load_rows(db, visitor, newest, new_id(), [], changed, referrals.context.clock())

    stood = await standing(referrals, receipt.record_id)
    assert (True, "urgent", False) == (done.is_urgent, stood.urgency, stood.is_told)


async def test_an_update_by_hand_that_leaves_a_loaded_rating_tells_nobody(referrals: Referrals) -> None:
    visitor = a_visitor()
    (done,) = await load(referrals.context, visitor, a_new_row(referrals.context, visitor, risk_level=RED))
    receipt = RecordReceipt(record_id=done.record_id, reference=done.reference, version=0, rating=RED)

    await referrals.anyway(visitor, an_update(receipt, risk_level=RED, latest_update="Seen at home"))

    assert not (await standing(referrals, done.record_id)).is_told


async def test_the_audit_of_a_load_is_one_row_with_the_upload_and_the_records(
    referrals: Referrals, owner: Owner
) -> None:
    visitor, upload_id = a_visitor(), new_id()
    rows = [a_new_row(referrals.context, visitor, number, **a_person()) for number in range(3)]

    done = await load(referrals.context, visitor, *rows, upload_id=upload_id)

    audited = await owner.rows("SELECT action, subjects FROM audit WHERE actor = $1", visitor.user_id)
    assert [("record.loaded", [upload_id, *(each.record_id for each in done)])] == [tuple(row) for row in audited]


# ---------------------------------------------------------------------------------------------- compared under the lock
async def test_a_row_about_a_person_who_was_added_meanwhile_is_taken(referrals: Referrals) -> None:
    visitor, person = a_visitor(Role.ADMINISTRATOR), a_person()
    row = a_new_row(referrals.context, visitor, **person)
    await referrals.submit(colleague_of(visitor), **person)

    (done,) = await load(referrals.context, visitor, row)

    assert "taken" == done.verdict
    assert 1 == (await referrals.listed(visitor)).total


async def test_a_row_of_a_namesake_is_added_and_flagged_if_the_check_has_judged_the_match(
    referrals: Referrals, owner: Owner
) -> None:
    visitor = a_visitor()
    names = {**a_person(), "date_of_birth": "1990-05-06"}
    first = await referrals.submit(visitor, **names)

    row = a_new_row(referrals.context, visitor, **names | {"nhs_number": an_nhs_number()})
    judged = (Match(first.record_id, ("born family_name given_name",), has_nhs_number=True),)

    (taken,) = await load(referrals.context, visitor, row)
    (done,) = await load(referrals.context, visitor, replace(row, content=replace(row.content, judged=judged)))

    flagged = await owner.value(
        "SELECT state FROM possible_duplicate WHERE one IN ($1, $2) AND other IN ($1, $2)",
        first.record_id,
        done.record_id,
    )
    assert ("taken", "done", "open") == (taken.verdict, done.verdict, flagged)


async def test_a_row_of_a_record_that_was_saved_since_the_check_is_a_conflict(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipt = await referrals.submit(visitor)
    row = await a_changed_row(referrals.context, visitor, receipt.record_id, latest_update="From the file")
    await referrals.update(visitor, receipt, latest_update="By hand")

    (done,) = await load(referrals.context, visitor, row)

    assert "conflict" == done.verdict
    assert "By hand" == (await referrals.read(visitor, receipt.record_id)).answers["latest_update"]


async def test_a_row_of_a_record_that_was_archived_since_the_check_is_a_conflict(referrals: Referrals) -> None:
    visitor = a_visitor(Role.ADMINISTRATOR)
    receipt = await referrals.submit(visitor)
    row = await a_changed_row(referrals.context, visitor, receipt.record_id, latest_update="From the file")
    await referrals.archive(visitor, receipt)

    (done,) = await load(referrals.context, visitor, row)

    assert "conflict" == done.verdict


async def test_a_row_that_gives_a_record_the_nhs_number_of_another_one_is_taken(referrals: Referrals) -> None:
    visitor, number = a_visitor(), an_nhs_number()
    receipt = await referrals.submit(visitor, **a_person(nhs_number=""))
    row = await a_changed_row(referrals.context, visitor, receipt.record_id, nhs_number=number)
    await referrals.submit(visitor, **a_person(nhs_number=number))

    (done,) = await load(referrals.context, visitor, row)

    assert "taken" == done.verdict


async def test_a_reference_that_another_record_has_is_drawn_again(
    referrals: Referrals, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, drawn = a_visitor(), iter([7, 7, 7, 8])
    monkeypatch.setattr("services.referrals.handlers.loaded.Loading.draw", lambda _loading, _most: next(drawn))
    rows = [a_new_row(referrals.context, visitor, number, **a_person()) for number in range(2)]

    first, second = await load(referrals.context, visitor, *rows, chunks=[1])

    assert first.reference != second.reference
    assert [second.record_id] == [row.record_id for row in (await referrals.listed(visitor, second.reference)).rows]


# ------------------------------------------------------------------------------------------------------------ the walls
async def test_the_database_refuses_a_row_of_an_organisation_out_of_reach(referrals: Referrals) -> None:
    visitor, elsewhere = a_visitor(), new_id()
    row = in_organisation(a_new_row(referrals.context, visitor), elsewhere)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await load(referrals.context, visitor, row)


async def test_a_record_out_of_reach_is_neither_held_nor_saved(referrals: Referrals) -> None:
    owner_of_it, visitor = a_visitor(), a_visitor()
    receipt = await referrals.submit(owner_of_it)
    row = await a_changed_row(referrals.context, owner_of_it, receipt.record_id, latest_update="From elsewhere")

    (done,) = await load(referrals.context, visitor, row)

    assert "conflict" == done.verdict
    assert 0 == (await referrals.read(owner_of_it, receipt.record_id)).version


async def test_the_policies_alone_keep_a_version_from_a_record_out_of_reach(referrals: Referrals, owner: Owner) -> None:
    owner_of_it, visitor = a_visitor(), a_visitor()
    receipt = await referrals.submit(owner_of_it)
    async with transaction(referrals.pool, visitor) as db:
        await store.hold_rows(db, scope_of(visitor), [], [receipt.record_id])
        changed = await db.execute("UPDATE record SET rating = 'red' WHERE id = $1", receipt.record_id)

    assert "UPDATE 0" == changed


# ---------------------------------------------------------------------------------------------- any chunks, and at once
async def content_of_all(referrals: Referrals, owner: Owner, visitor: Visitor) -> list[tuple[object, ...]]:
    """Return what is stored of the visitor's records, without ids and times, and the pairs that were flagged."""
    records = await owner.rows(
        "SELECT id, version, is_told, search, answers FROM record WHERE compartment_id = $1",
        visitor.organisation_ids[0],
    )
    names = {row["id"]: json.loads(row["answers"]).get("latest_update", "") for row in records}
    pairs = await owner.rows("SELECT one, other, rule FROM possible_duplicate WHERE one = ANY($1)", list(names))
    keys = await owner.rows("SELECT record_id, key FROM record_key WHERE record_id = ANY($1)", list(names))
    found: list[tuple[object, ...]] = [(row["version"], row["is_told"], row["answers"]) for row in records]
    found += [(*sorted([names[row["one"]], names[row["other"]]]), row["rule"]) for row in pairs]
    return sorted([*found, *((names[row["record_id"]], row["key"]) for row in keys)], key=repr)


PEOPLE = [("Ann", False), ("Ann", True), ("Bert", False), ("Bert", True), ("Cy", False)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
async def test_any_chunks_give_the_same_register(referrals: Referrals, owner: Owner, seed: int) -> None:
    """Rows about the same few people: new ones, and changes of records that take a name or a number."""
    chance, found = Random(seed), []
    rows = [(chance.random() < 0.6, chance.choice(PEOPLE)) for _ in range(chance.randint(3, 9))]
    people, number = [a_person() for _ in rows], an_nhs_number()
    for sizes in ([1] * len(rows), [chance.randint(1, 5) for _ in rows]):
        visitor = a_visitor()
        made = await some_rows(referrals, visitor, rows, people, number)
        done = await load(referrals.context, visitor, *made, chunks=sizes)
        found.append(([each.verdict for each in done], await content_of_all(referrals, owner, visitor)))
        await owner.db.execute("DELETE FROM record WHERE compartment_id = $1", visitor.organisation_ids[0])

    assert found[0] == found[1]


async def some_rows(
    referrals: Referrals,
    visitor: Visitor,
    rows: list[tuple[bool, tuple[str, bool]]],
    people: list[dict[str, Answer]],
    number: str,
) -> list[Row]:
    """Return a row for each: a new record, or a change of one that is there as one of these people."""
    made: list[Row] = []
    family = str(people[0]["last_name"]) + "s"
    for place, (is_new, (given, has_number)) in enumerate(rows):
        answers = {"first_name": given, "last_name": family, "nhs_number": number if has_number else ""}
        answers |= {"latest_update": f"Row {place}"}
        if is_new:
            made.append(a_new_row(referrals.context, visitor, place, **answers))
        else:
            before = {**people[place], "latest_update": f"Row {place} before"}
            there = await referrals.ask(visitor, unasked(**before))
            made.append(await a_changed_row(referrals.context, visitor, there.record_id, place, **answers))
    return made


@pytest.mark.slow
async def test_of_two_loads_of_the_same_people_at_once_each_person_is_added_once(referrals: Referrals) -> None:
    visitor = a_visitor()
    people = [a_person() for _ in range(40)]

    def the_file() -> list[NewRow]:
        return [a_new_row(referrals.context, visitor, number, **person) for number, person in enumerate(people)]

    one, other = await asyncio.gather(
        load(referrals.context, visitor, *the_file(), chunks=[10] * 4),
        load(referrals.context, visitor, *reversed(the_file()), chunks=[7] * 6),
    )

    verdicts = sorted(each.verdict for each in (*one, *other))
    assert ["done"] * 40 + ["taken"] * 40 == verdicts
    assert 40 == (await referrals.listed(visitor)).total


@pytest.mark.slow
async def test_a_load_and_forms_of_the_same_people_at_once_add_each_once(referrals: Referrals) -> None:
    visitor = a_visitor()
    people = [a_person() for _ in range(20)]
    rows = [a_new_row(referrals.context, visitor, number, **person) for number, person in enumerate(people)]

    loaded, refusals = await asyncio.gather(
        load(referrals.context, visitor, *rows, chunks=[5] * 4),
        asyncio.gather(*(referrals.refusal(visitor, unasked(**person)) for person in people[:6])),
    )

    added = sum(each.verdict == "done" for each in loaded)
    assert 20 == (await referrals.listed(visitor)).total
    assert 20 - added == sum(code == "" for code, _ in refusals)


@pytest.mark.slow
async def test_of_two_loads_that_change_the_same_records_at_once_one_wins_each(referrals: Referrals) -> None:
    visitor = a_visitor()
    receipts = [await referrals.submit(visitor, **a_person()) for _ in range(12)]

    async def the_file(said: str) -> list[Row]:
        return [
            await a_changed_row(referrals.context, visitor, each.record_id, number, latest_update=said)
            for number, each in enumerate(receipts)
        ]

    one, other = await the_file("One"), await the_file("Other")
    first, second = await asyncio.gather(
        load(referrals.context, visitor, *one, chunks=[4] * 3),
        load(referrals.context, visitor, *reversed(other), chunks=[5] * 3),
    )

    assert ["conflict"] * 12 + ["done"] * 12 == sorted(each.verdict for each in (*first, *second))
    assert {1} == {(await referrals.read(visitor, each.record_id)).version for each in receipts}
