"""Records that end by a date: confirmed, decided by each body, ended on their day, and put back as an error."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
from asyncpg import DiskFullError

from services.referrals.handlers.ending import DueRecords
from shared import audit
from shared.audit import AuditAction
from shared.contracts.referrals.ending import DecideEnding
from shared.contracts.referrals.events import RecordEnded, RecordMoved, RecordNotice, Urgency
from shared.contracts.referrals.holding import ReadHoldings
from shared.contracts.referrals.listing import ListRecords
from shared.contracts.referrals.reading import ReadHistory, ReadRecord
from shared.contracts.referrals.reversing import AskReversal, DecideReversal, ListReversals
from shared.contracts.referrals.saving import RecordReceipt, SubmitRecord, UpdateRecord
from shared.database import Database, DatabasePool, transaction
from shared.ids import new_id
from shared.messages import Fault, NotAnswered
from shared.permissions import Role, Visitor
from shared.registers.definition.lifecycle import Rating
from shared.registers.definition.register import UserRole
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers
from tests.contracts.golden import check_golden
from tests.services.referrals.rig import Owner, Referrals
from tests.services.watch import EDITION, a_watch, a_watcher, own_register
from tests.support.connections import ServicePools

REFUSED = "SELECT subjects FROM audit WHERE register = $1 AND action = 'record.duplicate_refused'"
PAST, FUTURE = "2026-02-01", "2031-05-09"
PARISH, ALMSHOUSE = "parish:plumstead", "almshouse:hiram"
LEVELS = {"hiram": "urgent", "ewold": "routine", "puddingdale": "alert"}


class Watch:
    """The service for a register of its own, with one record, and a user of each of its two bodies."""

    def __init__(self, referrals: Referrals, code: str) -> None:
        self.referrals, self.code = referrals, code
        self.parish = a_watcher(Role.STANDARD, PARISH, code=code)
        self.almshouse = a_watcher(Role.STANDARD, ALMSHOUSE, code=code)
        self.overseer = a_watcher(Role.ADMINISTRATOR, code=code, everything=True)

    async def add(self, **changes: str) -> RecordReceipt:
        answers = a_watch(**changes)
        return await self.referrals.ask(
            self.parish, SubmitRecord(command_id=new_id(), edition=EDITION, answers=answers)
        )

    def update(self, receipt: RecordReceipt, *, confirmed: bool = True, **changes: str) -> UpdateRecord:
        return UpdateRecord(
            command_id=new_id(),
            record_id=receipt.record_id,
            version=receipt.version,
            answers=a_watch(**changes),
            confirmed=confirmed,
        )

    async def decide(self, visitor: Visitor, record_id: UUID, body: str, day: str) -> tuple[str, RecordReceipt | None]:
        """Record a decision. Return the refusal's code, or the receipt."""
        asked = a_decision(record_id, body, day)
        code, _ = await self.referrals.refusal(visitor, asked)
        return code, None if code else await self.referrals.ask(visitor, asked)

    async def ending(self, day: str) -> RecordReceipt:
        """Add a record, and give it a confirmed end on this day."""
        receipt = await self.add()
        return await self.referrals.ask(self.parish, self.update(receipt, watch_ends=day))

    async def over(self, number: str = "") -> RecordReceipt:
        """Add a record, and let both bodies end it."""
        receipt = await self.add(health_number=number)
        await self.referrals.ask(self.parish, self.update(receipt, watch_ends=PAST, health_number=number))
        for who, body in ((self.parish, PARISH), (self.almshouse, ALMSHOUSE)):
            await self.decide(who, receipt.record_id, body, PAST)
        return receipt

    async def put_back(self, receipt: RecordReceipt) -> tuple[str, Mapping[str, object]]:
        """Let two administrators reverse the end. Return the refusal of the second one's command, or an empty one."""
        second = a_watcher(Role.ADMINISTRATOR, code=self.code, everything=True)
        asked = AskReversal(command_id=new_id(), reference=receipt.reference, reason="Wrong day")
        await self.referrals.ask(self.overseer, asked)
        (found,) = (await self.referrals.ask(second, ListReversals())).reversals
        decision = DecideReversal(command_id=new_id(), reversal_id=found.reversal_id, confirmed=True)
        return await self.referrals.refusal(second, decision)

    async def open_ids(self) -> list[UUID]:
        return [row.record_id for row in (await self.referrals.ask(self.overseer, ListRecords())).rows]

    async def ended_ids(self) -> list[UUID]:
        return [row.record_id for row in (await self.referrals.ask(self.overseer, ListRecords(ended=True))).rows]


def irreversible(code: str) -> Registers:
    """Return the register without a way back from its end."""
    (loaded,) = own_register(code).every()
    definition = loaded.definition
    (end,) = definition.lifecycle.transitions
    life = definition.lifecycle.model_copy(update={"transitions": (end.model_copy(update={"reversible": False}),)})
    return Registers([replace(loaded, definition=definition.model_copy(update={"lifecycle": life}))])


def seen_when_ended(code: str, *roles: UserRole) -> Registers:
    """Return the register whose ended records these roles may read."""
    (loaded,) = own_register(code).every()
    access = loaded.definition.access.model_copy(update={"ended_seen_by": roles})
    return Registers([replace(loaded, definition=loaded.definition.model_copy(update={"access": access}))])


def moment(time: datetime) -> datetime:
    return time


def a_decision(record_id: UUID, body: str, day: str) -> DecideEnding:
    return DecideEnding(
        command_id=new_id(),
        record_id=record_id,
        body=body,
        ends_on=datetime.fromisoformat(day).date(),
        reason="Safe now",
        person_told=True,
    )


@pytest.fixture
async def watch(pools: ServicePools) -> Watch:
    code = f"w{secrets.token_hex(5)}"
    return Watch(await Referrals.open(pools, own_register(code)), code)


@pytest.mark.requirement("R-S117-083")
async def test_an_end_is_confirmed_and_until_then_nothing_is_stored(watch: Watch) -> None:
    receipt = await watch.add()

    code, _ = await watch.referrals.refusal(
        watch.parish, watch.update(receipt, confirmed=False, watch_ends=PAST, called="Other")
    )
    shown = await watch.referrals.read(watch.parish, receipt.record_id)

    assert ("confirm_ending", 0, "Abel") == (code, shown.version, shown.answers["called"])
    assert (None, True) == (shown.ends_on, shown.is_open)


async def test_an_end_that_is_given_with_a_new_record_is_confirmed_too(watch: Watch) -> None:
    answers = a_watch(watch_ends=PAST)
    asked = SubmitRecord(command_id=new_id(), edition=EDITION, answers=answers)

    refusal = await watch.referrals.refusal(watch.parish, asked)
    before = await watch.open_ids()
    receipt = await watch.referrals.ask(watch.parish, asked.model_copy(update={"confirmed": True}))

    assert (("confirm_ending", {}), []) == (refusal, before)
    assert (await watch.referrals.read(watch.parish, receipt.record_id)).awaiting


@pytest.mark.requirement("R-S117-084")
async def test_it_stays_until_both_bodies_have_decided_and_ends_with_the_last_decision(watch: Watch) -> None:
    receipt = await watch.ending(PAST)
    waiting = await watch.referrals.read(watch.almshouse, receipt.record_id)

    _, first = await watch.decide(watch.parish, receipt.record_id, PARISH, PAST)
    still = await watch.referrals.read(watch.almshouse, receipt.record_id)
    _, last = await watch.decide(watch.almshouse, receipt.record_id, ALMSHOUSE, PAST)

    assert (True, True, []) == (waiting.is_open, waiting.awaiting, list(waiting.decisions))
    assert first is not None
    assert last is not None
    assert [True, False] == [first.is_open, last.is_open]
    assert ([PARISH], "Safe now") == ([each.body for each in still.decisions], still.decisions[0].reason)
    assert ([], [receipt.record_id]) == (await watch.open_ids(), await watch.ended_ids())
    history = await watch.referrals.ask(watch.overseer, ReadHistory(record_id=receipt.record_id))
    assert ["ended", "decided", "updated"] == [each.act for each in history.updates]
    kinds = {event.event_type() for event in await watch.referrals.told(receipt.record_id)}
    assert f"{watch.code}-watch-ended-1" in kinds


async def test_golden_decisions(watch: Watch) -> None:
    receipt = await watch.ending(PAST)
    first = await watch.referrals.ask(watch.parish, a_decision(receipt.record_id, PARISH, PAST))
    last = await watch.referrals.ask(watch.almshouse, a_decision(receipt.record_id, ALMSHOUSE, PAST))

    check_golden(DecideEnding, first, last)


async def test_each_body_decides_for_itself_once_and_about_the_day_it_saw(watch: Watch) -> None:
    receipt = await watch.ending(FUTURE)
    record_id = receipt.record_id

    assert "not_yours" == (await watch.decide(watch.parish, record_id, ALMSHOUSE, FUTURE))[0]
    assert "not_yours" == (await watch.decide(watch.parish, record_id, "parish:crabtree", FUTURE))[0]
    assert "changed" == (await watch.decide(watch.parish, record_id, PARISH, PAST))[0]
    assert "" == (await watch.decide(watch.parish, record_id, PARISH, FUTURE))[0]
    assert "decided" == (await watch.decide(watch.parish, record_id, PARISH, FUTURE))[0]
    stranger = a_watcher(Role.STANDARD, "parish:crabtree", code=watch.code)
    assert "not_found" == (await watch.decide(stranger, record_id, PARISH, FUTURE))[0]
    never = await watch.add(called="Never", family_called="Ending")
    assert "not_ending" == (await watch.decide(watch.parish, never.record_id, PARISH, FUTURE))[0]


async def test_one_user_does_not_decide_for_two_bodies(watch: Watch) -> None:
    receipt = await watch.ending(PAST)

    first, _ = await watch.decide(watch.overseer, receipt.record_id, PARISH, PAST)
    second, _ = await watch.decide(watch.overseer, receipt.record_id, ALMSHOUSE, PAST)

    assert ("", "not_second") == (first, second)
    assert (await watch.referrals.read(watch.parish, receipt.record_id)).is_open


async def test_two_bodies_that_decide_at_once_end_it_once(watch: Watch) -> None:
    receipt = await watch.ending(PAST)
    both = ((watch.parish, PARISH), (watch.almshouse, ALMSHOUSE))

    receipts = await asyncio.gather(
        *(watch.referrals.ask(who, a_decision(receipt.record_id, body, PAST)) for who, body in both)
    )

    assert [False, True] == sorted(each.is_open for each in receipts)
    assert [receipt.record_id] == await watch.ended_ids()


@pytest.mark.requirement("R-S117-085")
async def test_on_its_day_the_job_ends_it_and_doing_so_again_changes_nothing(watch: Watch) -> None:
    receipt = await watch.ending(FUTURE)
    for who, body in ((watch.parish, PARISH), (watch.almshouse, ALMSHOUSE)):
        await watch.decide(who, receipt.record_id, body, FUTURE)
    assert [receipt.record_id] == await watch.open_ids()

    for day in (8, 9, 9):
        noon = datetime(2031, 5, day, 12, tzinfo=UTC)
        await DueRecords(replace(watch.referrals.context, clock=partial(moment, noon))).end()
        assert ([receipt.record_id] if day == 8 else []) == await watch.open_ids()

    history = await watch.referrals.ask(watch.overseer, ReadHistory(record_id=receipt.record_id))
    assert [("ended", "")] == [(each.act, each.changed_by) for each in history.updates[:1]]
    assert ["ended"] == [event.kind for event in await watch.referrals.told(receipt.record_id) if event.kind == "ended"]


async def test_a_record_that_another_row_is_just_being_added_to_ends_all_the_same(
    rated: Watch, pool: DatabasePool
) -> None:
    receipt = await rated.ending(FUTURE)
    for who, body in ((rated.parish, PARISH), (rated.almshouse, ALMSHOUSE)):
        await rated.decide(who, receipt.record_id, body, FUTURE)
    later = replace(rated.referrals.context, clock=lambda: datetime(2032, 1, 1, tzinfo=UTC))

    async with transaction(pool, rated.overseer) as db:
        await db.fetch("SELECT id FROM record WHERE id = $1 FOR KEY SHARE", receipt.record_id)
        await DueRecords(later).end()

    assert [receipt.record_id] == await rated.ended_ids()


async def test_a_record_that_awaits_a_decision_does_not_end_on_its_day(watch: Watch) -> None:
    receipt = await watch.ending(FUTURE)
    await watch.decide(watch.parish, receipt.record_id, PARISH, FUTURE)

    later = replace(watch.referrals.context, clock=lambda: datetime(2032, 1, 1, tzinfo=UTC))
    await DueRecords(later).end()

    assert [receipt.record_id] == await watch.open_ids()


@pytest.mark.parametrize("day", ["", "2031-06-01"])
async def test_decisions_about_another_day_no_longer_hold(watch: Watch, day: str) -> None:
    receipt = await watch.ending(FUTURE)
    _, decided = await watch.decide(watch.parish, receipt.record_id, PARISH, FUTURE)
    assert decided is not None

    await watch.referrals.ask(watch.parish, watch.update(decided, watch_ends=day))
    shown = await watch.referrals.read(watch.parish, receipt.record_id)

    assert ((), bool(day)) == (shown.decisions, shown.awaiting)


async def test_who_may_not_read_ended_records_finds_none_and_nobody_changes_one(watch: Watch) -> None:
    receipt = await watch.ending(PAST)
    for who, body in ((watch.parish, PARISH), (watch.almshouse, ALMSHOUSE)):
        await watch.decide(who, receipt.record_id, body, PAST)

    shown = await watch.referrals.read(watch.overseer, receipt.record_id)
    code, _ = await watch.referrals.refusal(watch.parish, ReadRecord(record_id=receipt.record_id))
    late = watch.update(receipt.model_copy(update={"version": shown.version}), called="Late")

    assert ("over", False, False) == (shown.state, shown.is_open, shown.may_update)
    assert "not_found" == code
    assert ("archived", {}) == await watch.referrals.refusal(watch.overseer, late)


@pytest.mark.parametrize(("seen_by", "code"), [(("administrator",), ""), (("reporting",), "not_found")])
async def test_the_holders_of_an_ended_record_are_read_only_by_roles_that_may_read_it(
    pools: ServicePools, seen_by: tuple[UserRole, ...], code: str
) -> None:
    register = f"w{secrets.token_hex(5)}"
    watch = Watch(await Referrals.open(pools, seen_when_ended(register, *seen_by)), register)
    ended, open_one = await watch.over(), await watch.add()

    codes = [
        (await watch.referrals.refusal(watch.overseer, ReadHoldings(record_id=each.record_id)))[0]
        for each in (open_one, ended)
    ]

    assert ["", code] == codes


@pytest.mark.requirement("R-S117-086")
async def test_an_end_in_error_is_reversed_by_two_and_does_not_come_again(watch: Watch) -> None:
    receipt = await watch.ending(PAST)
    for who, body in ((watch.parish, PARISH), (watch.almshouse, ALMSHOUSE)):
        await watch.decide(who, receipt.record_id, body, PAST)
    first, second = watch.overseer, a_watcher(Role.ADMINISTRATOR, code=watch.code, everything=True)

    await watch.referrals.ask(first, AskReversal(command_id=new_id(), reference=receipt.reference, reason="Wrong day"))
    (asked,) = (await watch.referrals.ask(second, ListReversals())).reversals
    confirm = DecideReversal(command_id=new_id(), reversal_id=asked.reversal_id, confirmed=True)
    assert ("not_second", {}) == await watch.referrals.refusal(first, confirm)
    await watch.referrals.ask(second, confirm.model_copy(update={"command_id": new_id()}))
    await DueRecords(watch.referrals.context).end()

    shown = await watch.referrals.read(watch.parish, receipt.record_id)
    assert ("owed", True, None, ()) == (shown.state, shown.is_open, shown.ends_on, shown.decisions)
    assert "watch_ends" not in shown.answers
    assert [receipt.record_id] == await watch.open_ids()
    (change,) = (await watch.referrals.ask(watch.overseer, ReadHistory(record_id=receipt.record_id))).updates[0].changes
    assert ("watch_ends", PAST, None) == (change.name, change.before, change.after)


async def test_a_person_who_was_added_again_in_the_meantime_is_not_put_back_beside_that_record(watch: Watch) -> None:
    receipt = await watch.over()
    again = await watch.add()

    assert ("duplicate", {"records": (again.record_id,)}) == await watch.put_back(receipt)
    assert [again.record_id] == await watch.open_ids()


@pytest.mark.requirement("R-DSR-021")
async def test_a_record_that_is_not_put_back_for_a_duplicate_leaves_a_row_in_the_audit(
    watch: Watch, owner: Owner
) -> None:
    receipt = await watch.over()
    again = await watch.add()

    assert "duplicate" == (await watch.put_back(receipt))[0]
    assert [[again.record_id]] == [row["subjects"] for row in await owner.rows(REFUSED, watch.code)]


@pytest.mark.requirement("R-DSR-021")
async def test_a_duplicate_is_not_said_if_the_audit_of_its_refusal_fails(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The audit still takes the rows of the request for the reversal."""
    receipt = await watch.over()
    await watch.add()
    note = audit.note

    async def no_refusal(
        db: Database, visitor: Visitor | None, action: AuditAction, subjects: Iterable[UUID] = ()
    ) -> None:
        if action == "record.duplicate_refused":
            raise DiskFullError
        await note(db, visitor, action, subjects)

    monkeypatch.setattr(audit, "note", no_refusal)

    with pytest.raises(NotAnswered) as unanswered:
        await watch.put_back(receipt)

    assert Fault.UNAVAILABLE is unanswered.value.fault


async def test_beside_a_match_that_does_not_count_a_record_is_put_back(watch: Watch) -> None:
    receipt = await watch.over("9990000018")
    again = await watch.add(health_number="9990000026")

    assert ("", {}) == await watch.put_back(receipt)
    assert {again.record_id, receipt.record_id} == set(await watch.open_ids())


async def test_where_an_end_is_not_reversible_nobody_asks_for_it(watch: Watch, pools: ServicePools) -> None:
    receipt = await watch.over()
    settled = await Referrals.open(pools, irreversible(watch.code))
    asked = AskReversal(command_id=new_id(), reference=receipt.reference, reason="Wrong day")

    assert ("not_reversible", {}) == await settled.refusal(watch.overseer, asked)


async def test_a_command_that_is_sent_twice_decides_once(watch: Watch) -> None:
    receipt = await watch.ending(PAST)
    asked = a_decision(receipt.record_id, PARISH, PAST)

    first, again = [await watch.referrals.ask(watch.parish, asked) for _ in range(2)]

    assert first == again


def rated_register(code: str, *decisions: str) -> Registers:
    """Return a register whose almshouse is also the rating. Its records end once these bodies have decided."""
    levels = [
        {"code": each, "label": each, "colour": "red", "urgency": urgency, "next_steps": ["Look"]}
        for each, urgency in LEVELS.items()
    ]
    register = own_register(code).find(code)
    (transition,) = register.lifecycle.transitions
    changed = {
        "rating": Rating.model_validate({"question": "almshouse", "level": levels}),
        "lifecycle": register.lifecycle.model_copy(
            update={"transitions": (transition.model_copy(update={"decisions": decisions}),)}
        ),
    }
    return Registers([LoadedRegister(register.model_copy(update=changed), "")])


@pytest.fixture
async def rated(pools: ServicePools) -> Watch:
    code = f"w{secrets.token_hex(5)}"
    return Watch(await Referrals.open(pools, rated_register(code, "parish", "almshouse")), code)


@pytest.fixture
async def undecided(pools: ServicePools) -> Watch:
    """The service for such a register in which no body need decide about an end."""
    code = f"w{secrets.token_hex(5)}"
    return Watch(await Referrals.open(pools, rated_register(code)), code)


async def notice_of_end(watch: Watch, record_id: UUID) -> tuple[str, Urgency, set[str]]:
    told = await watch.referrals.told(record_id)
    (notice,) = [each for each in told if isinstance(each, RecordNotice) and each.occasion == "record_ended"]
    return notice.kind, notice.urgency, set(notice.bodies)


async def end_by_decisions(watch: Watch) -> RecordReceipt:
    receipt = await watch.ending(PAST)
    for who, body in ((watch.parish, PARISH), (watch.almshouse, ALMSHOUSE)):
        await watch.decide(who, receipt.record_id, body, PAST)
    return receipt


async def end_by_job(watch: Watch) -> RecordReceipt:
    receipt = await watch.ending(FUTURE)
    for who, body in ((watch.parish, PARISH), (watch.almshouse, ALMSHOUSE)):
        await watch.decide(who, receipt.record_id, body, FUTURE)
    later = replace(watch.referrals.context, clock=lambda: datetime(2032, 1, 1, tzinfo=UTC))
    await DueRecords(later).end()
    return receipt


@pytest.mark.parametrize("end", [end_by_decisions, end_by_job])
async def test_the_notice_of_an_end_bears_the_rating_and_is_never_urgent_mail(
    rated: Watch, end: Callable[[Watch], Awaitable[RecordReceipt]]
) -> None:
    receipt = await end(rated)

    assert ("routine", "urgent", {PARISH, ALMSHOUSE}) == await notice_of_end(rated, receipt.record_id)


async def end_by_update(watch: Watch) -> RecordReceipt:
    """Let the other body of a register without decisions end it."""
    receipt = await watch.add()
    return await watch.referrals.ask(watch.almshouse, watch.update(receipt, watch_ends=PAST))


@pytest.mark.requirement("R-DSR-098")
@pytest.mark.parametrize("end", [end_by_decisions, end_by_job, end_by_update])
async def test_the_notice_of_an_end_says_who_submitted_the_record(
    rated: Watch, undecided: Watch, end: Callable[[Watch], Awaitable[RecordReceipt]]
) -> None:
    watch = undecided if end is end_by_update else rated
    receipt = await end(watch)

    told = [each for each in await watch.referrals.told(receipt.record_id) if isinstance(each, RecordNotice)]
    assert [watch.parish.user_id] == [each.submitted_by for each in told if each.occasion == "record_ended"]


async def test_a_record_that_moves_and_ends_at_once_is_noticed_to_its_new_bodies_alone(undecided: Watch) -> None:
    receipt = await undecided.add()
    update = undecided.update(receipt, watch_ends=PAST, almshouse="puddingdale")

    ended = await undecided.referrals.ask(undecided.parish, update)

    told = await undecided.referrals.told(receipt.record_id)
    bodies = {PARISH, "almshouse:puddingdale"}
    assert not ended.is_open
    assert ("routine", "alert", bodies) == await notice_of_end(undecided, receipt.record_id)
    assert [bodies] == [set(each.bodies) for each in told if isinstance(each, RecordMoved)]
    assert [bodies | {ALMSHOUSE}] == [set(each.bodies) for each in told if isinstance(each, RecordEnded)]
