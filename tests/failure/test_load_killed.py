"""The process that loads a spreadsheet is killed at any point: no row is lost, doubled or half on the register."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from random import Random
from uuid import UUID

import pytest

from deploy.runner.waiting import until
from tests.failure.breaking import Connection, Killed, administrator, kill, mended, settled
from tests.failure.rounds import Trial
from tests.walking import Sheet, Walker

pytestmark = pytest.mark.failure

ROWS, OLD = 700, 250  # two chunks, of which the first holds both changed and new rows
WORK_SECONDS = 60
PATIENCE = 5
SEED = secrets.randbelow(1_000_000)
# Where it is killed: in which step, and after how many rows of it.
POINTS = (
    ("processing", 500),
    *[("reading", 0)] * 2,
    *[("checking", 0)] * 2,
    ("checking", 500),
    *[("processing", 0)] * 2,
    *[("processing", 500)] * 2,
)
HEADINGS = (
    *("Surname", "Forename", "DOB", "RAG", "Locality/Team", "Key worker", "LD/ASD?", "Ethnicity"),
    *("Has capacity", "Consent"),
)
STATE = "SELECT state, rows_done FROM referrals.upload WHERE id = $1"
# What one row is on the register: how often each person is there, and in what state each part of their record is.
PEOPLE = """
    SELECT r.given_name, r.version, r.rating,
        (SELECT count(*) FROM referrals.record_version AS v WHERE v.record_id = r.id) AS versions,
        (SELECT v.answers = r.answers FROM referrals.record_version AS v
            WHERE v.record_id = r.id AND v.version = r.version) AS is_whole,
        EXISTS (SELECT FROM referrals.record_key AS k WHERE k.record_id = r.id) AS has_keys,
        EXISTS (SELECT FROM referrals.record_search AS s WHERE s.record_id = r.id) AS is_found,
        (SELECT count(*) FROM referrals.outbox AS o
            WHERE o.subjects[1] LIKE 'event.%' AND o.body ->> 'record_id' = r.id::text) AS events
    FROM referrals.record AS r
    WHERE r.family_name = $1
"""
AUDITED = """
    SELECT count(*) FROM (
        SELECT unnest(subjects[2:]) AS record_id
        FROM referrals.audit
        WHERE action = 'record.loaded' AND subjects[1] = $1
    ) AS a
"""


@pytest.mark.requirement("R-USE-013")
@pytest.mark.parametrize(
    "point", [0, *(pytest.param(each, marks=pytest.mark.full_rounds) for each in range(1, len(POINTS)))]
)
async def test_a_load_that_is_killed_loses_doubles_and_halves_no_row(broken: Trial, point: int) -> None:
    chance, family_name = Random(f"{SEED} {point}"), _letters(secrets.randbelow(26**8))
    admin, (state, rows) = broken.administrator, POINTS[point]
    async with administrator(broken.inside) as db:
        first = await _upload(admin, _file(family_name, OLD, "G"))
        await _reach(db, first, "checked")
        await _process(admin, first)
        await _reach(db, first, "done")

        upload_id = await _upload(admin, _file(family_name, ROWS, "A"))
        if state == "processing":
            await _reach(db, upload_id, "checked")
            await _process(admin, upload_id)
        await _reach(db, upload_id, state, rows)
        await asyncio.sleep(chance.uniform(0, 0.1))
        killed = kill(broken.inside, "referrals")
        assert killed
        await mended(broken.inside, [killed])
        if state != "processing":
            await _reach(db, upload_id, "checked")
            await _process(admin, upload_id)
        await _reach(db, upload_id, "done")

        assert [] == await _at_rest(broken, killed), f"seed {SEED}"
        people = await db.fetch(PEOPLE, family_name)
        expected = {_letters(each): 1 if each < OLD else 0 for each in range(ROWS)}
        assert (ROWS, expected) == (len(people), {each["given_name"]: each["version"] for each in people}), (
            f"seed {SEED}"
        )
        wrong = [dict(each) for each in people if not _is_right(dict(each))]
        assert [] == wrong, f"seed {SEED}"
        assert ROWS == await db.fetchval(AUDITED, upload_id), f"seed {SEED}"


async def _at_rest(broken: Trial, killed: Killed) -> list[str]:
    """Return what is still on its way to the other services. Hundreds of rows take longer than one referral."""
    left = ["nothing was looked at"]
    for _ in range(PATIENCE):
        left = await settled(broken.inside, [killed], patient=False)
        if not left:
            break
    return left


def _is_right(person: dict[str, object]) -> bool:
    changes = int(str(person["version"])) + 1
    parts = (person["versions"], person["events"], person["is_whole"], person["has_keys"], person["is_found"])
    return parts == (changes, changes, True, True, True) and person["rating"] == "amber"


def _letters(number: int) -> str:
    """Return a name for a number: names have no digits."""
    name = "N"
    for _ in range(8):
        number, rest = divmod(number, 26)
        name += chr(ord("a") + rest)
    return name


def _file(family_name: str, rows: int, rating: str) -> bytes:
    said = (rating, "South Staffs", "Lee Lead", "ASD", "Z", "Y", "Y")
    people = ((family_name, _letters(number), "17/02/2001", *said) for number in range(rows))
    return "".join(f"{','.join(row)}\r\n" for row in (HEADINGS, *people)).encode()


async def _upload(admin: Walker, content: bytes) -> UUID:
    """Upload a file as a user who tries again when the service is busy."""
    page = admin.at("load/")

    async def go() -> Sheet:
        shown = await admin.get(page)
        return shown if shown.status != 200 else await admin.upload(page, shown.fields("command"), "list.csv", content)

    sent = await _patiently(go, 303)
    return UUID(sent.leads_to.rstrip("/").rpartition("/")[2])


async def _process(admin: Walker, upload_id: UUID) -> None:
    page = admin.at(f"load/{upload_id.hex}/process/")
    form = (await _patiently(lambda: admin.get(page), 200)).fields("command")
    await _patiently(lambda: admin.post(page, form), 303)


async def _patiently(go: Callable[[], Awaitable[Sheet]], status: int) -> Sheet:
    """Return the answer with this status. Try again while the service is busy or has just begun."""
    answers: list[Sheet] = []

    async def is_answered() -> bool:
        answers.append(await go())
        return answers[-1].status == status

    assert await until(is_answered, WORK_SECONDS, every=0.5), f"{answers[-1].status} {answers[-1].heading}"
    return answers[-1]


async def _reach(db: Connection, upload_id: UUID, state: str, rows: int = 0) -> None:
    """Wait until the upload is in this state with so many rows done, or already beyond."""
    order = ("receiving", "reading", "checking", "checked", "processing", "done")

    async def is_there() -> bool:
        now = await db.fetchrow(STATE, upload_id)
        assert now is not None
        assert now["state"] in order, now["state"]
        beyond = order.index(now["state"]) - order.index(state)
        return beyond > 0 or (beyond == 0 and now["rows_done"] >= rows)

    assert await until(is_there, WORK_SECONDS, every=0.005), f"the upload is not {state}"
