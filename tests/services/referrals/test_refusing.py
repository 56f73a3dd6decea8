"""A register that refuses duplicates: of a person there is one open record, however many add them at once."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence

import pytest

from services.referrals.store import saving
from services.referrals.store.saving import Content, NewCommand, NewRecord, Saved
from shared import audit
from shared.contracts.referrals.drafts import DraftSeen
from shared.contracts.referrals.saving import RecordReceipt, SubmitRecord, UpdateRecord
from shared.database import Database, Scope
from shared.ids import new_id
from shared.messages import Event, Fault, NotAnswered
from shared.permissions import Role, Visitor
from tests.services.referrals.rig import Owner, Referrals
from tests.services.watch import EDITION, a_watch, a_watcher, own_register
from tests.support.connections import ServicePools

NUMBER, OTHER = "9990000018", "9990000026"
OPEN = "SELECT count(*) FROM record WHERE register_code = $1 AND is_open"
REFUSED = """
    SELECT actor, session, subjects, fields FROM audit
    WHERE register = $1 AND action = 'record.duplicate_refused'
    ORDER BY id
"""
NO_AUDIT = "INSERT INTO no_such_audit VALUES ($1, $2, $3, $4, $5, $6)"
ROUNDS, AT_ONCE = 4, 6
PARISH, ALMSHOUSE = "parish:plumstead", "almshouse:hiram"


class Register:
    """The service for a register of its own."""

    def __init__(self, referrals: Referrals, code: str) -> None:
        self.referrals, self.code = referrals, code
        self.visitor = a_watcher(Role.STANDARD, PARISH, code=code)

    async def code_of(self, visitor: Visitor, **changes: str) -> str:
        """Add a person. Return the code of the refusal, or an empty one."""
        return (await self.referrals.refusal(visitor, submission(**changes)))[0]

    async def add(self, **changes: str) -> RecordReceipt:
        return await self.referrals.ask(self.visitor, submission(**changes))


def submission(**changes: str) -> SubmitRecord:
    return SubmitRecord(command_id=new_id(), edition=EDITION, answers=a_watch(**changes))


@pytest.fixture
async def register(pools: ServicePools) -> Register:
    code = f"w{secrets.token_hex(5)}"
    return Register(await Referrals.open(pools, own_register(code)), code)


@pytest.mark.requirement("R-S117-045")
async def test_a_person_who_is_there_is_refused_with_the_record_and_cannot_be_added_all_the_same(
    register: Register,
) -> None:
    there = await register.add(health_number=NUMBER)
    again = submission(health_number=NUMBER, called="Other", family_called="Name")

    refusal = await register.referrals.refusal(register.visitor, again)
    seen = again.model_copy(update={"duplicates_seen": (there.record_id,)})

    assert ("duplicate", {"records": (there.record_id,)}) == refusal
    assert refusal == await register.referrals.refusal(register.visitor, seen)


@pytest.mark.requirement("R-S117-048")
async def test_a_record_out_of_sight_is_refused_without_a_word_about_it(register: Register) -> None:
    await register.add(health_number=NUMBER)
    elsewhere = a_watcher(Role.STANDARD, "parish:crabtree", code=register.code)

    refusal = await register.referrals.refusal(
        elsewhere, submission(parish="crabtree", almshouse="ewold", health_number=NUMBER)
    )

    assert ("duplicate_unseen", {}) == refusal


@pytest.mark.requirement("R-DSR-021")
async def test_each_refusal_is_audited_with_the_records_that_counted(register: Register, owner: Owner) -> None:
    """The second record shares the name, which does not count: both have a number."""
    there = await register.add(health_number=NUMBER)
    await register.add(health_number=OTHER)
    elsewhere = a_watcher(Role.STANDARD, "parish:crabtree", code=register.code)
    unseen = {"parish": "crabtree", "almshouse": "ewold"}

    codes = [
        await register.code_of(register.visitor, health_number=NUMBER),
        await register.code_of(elsewhere, health_number=NUMBER, **unseen),
    ]

    assert ["duplicate", "duplicate_unseen"] == codes
    assert [(each.user_id, each.session_id, [there.record_id], []) for each in (register.visitor, elsewhere)] == [
        tuple(row) for row in await owner.rows(REFUSED, register.code)
    ]


@pytest.mark.requirement("R-DSR-021")
async def test_the_refusal_of_an_update_is_audited_too(register: Register, owner: Owner) -> None:
    there = await register.add(health_number=NUMBER)
    other = await register.add(health_number=OTHER)
    answers = a_watch(health_number=NUMBER)
    asked = UpdateRecord(command_id=new_id(), record_id=other.record_id, version=0, answers=answers)

    assert "duplicate" == (await register.referrals.refusal(register.visitor, asked))[0]
    assert [[there.record_id]] == [row["subjects"] for row in await owner.rows(REFUSED, register.code)]


@pytest.mark.requirement("R-DSR-021")
async def test_a_duplicate_is_not_said_if_the_audit_of_its_refusal_fails(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register.add(health_number=NUMBER)
    monkeypatch.setattr(audit, "ADD_ROW", NO_AUDIT)

    with pytest.raises(NotAnswered) as unanswered:
        await register.add(health_number=NUMBER)

    assert Fault.UNAVAILABLE is unanswered.value.fault


async def test_a_name_counts_only_where_one_of_the_two_has_no_number(register: Register) -> None:
    await register.add(health_number=NUMBER)

    assert "" == await register.code_of(register.visitor, health_number=OTHER)
    assert "duplicate" == await register.code_of(register.visitor)


async def test_an_update_that_would_make_a_duplicate_is_refused_and_one_that_changes_no_key_is_not(
    register: Register,
) -> None:
    await register.add(health_number=NUMBER)
    other = await register.add(health_number=OTHER, called="Bell", family_called="Bunce")

    def update(**changes: str) -> UpdateRecord:
        answers = a_watch(called="Bell", family_called="Bunce", **changes)
        return UpdateRecord(command_id=new_id(), record_id=other.record_id, version=0, answers=answers)

    code, _ = await register.referrals.refusal(register.visitor, update(health_number=NUMBER))
    receipt = await register.referrals.ask(register.visitor, update(health_number=OTHER, lamp="yes"))

    assert ("duplicate", 1) == (code, receipt.version)


async def test_of_many_who_add_one_person_at_once_one_does(register: Register, owner: Owner) -> None:
    for n in range(ROUNDS):
        name = {"called": f"Round {n}", "family_called": "Quiverful"}
        mirrored = [name | {"health_number": NUMBER} if each % 2 else name for each in range(AT_ONCE)]
        codes = await asyncio.gather(*(register.code_of(register.visitor, **each) for each in mirrored))
        assert 1 == Counter(codes)[""], codes
        assert n + 1 == await owner.value(OPEN, register.code)
        await owner.rows("UPDATE record SET nhs_number = NULL WHERE register_code = $1", register.code)
        await owner.rows("DELETE FROM record_key WHERE register_code = $1 AND rule = 'nhs_number'", register.code)


async def test_a_record_that_is_added_between_two_looks_is_judged_too(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look finds only a match that does not count. Then somebody adds the same person."""
    await register.add(health_number=NUMBER)
    store, looks = saving.submit_record, 0

    async def submit_record(
        db: Database,
        scope: Scope,
        command: NewCommand,
        record: NewRecord,
        content: Content,
        events: Sequence[Event],
        draft: DraftSeen | None = None,
    ) -> Saved:
        nonlocal looks
        found = await store(db, scope, command, record, content, events, draft)
        looks += 1
        if looks == 1:
            monkeypatch.setattr(saving, "submit_record", store)
            await register.add(health_number=OTHER)
            monkeypatch.setattr(saving, "submit_record", submit_record)
        return found

    monkeypatch.setattr(saving, "submit_record", submit_record)

    assert ("duplicate", 2) == (await register.code_of(register.visitor, health_number=OTHER), looks)
