"""The front door admits the callers that its table names, and opens only if the table covers every contract."""

from collections.abc import Callable
from uuid import UUID

import pytest

from shared.assertion import Signer, Verifier, public_key
from shared.contracts import REQUESTS
from shared.contracts.health import Backlog, ReadOutcomesBacklog
from shared.contracts.outcomes import ListOutcomes, Outcomes
from shared.fake_bus import FakeBus
from shared.front_door import AnsweredRequest, for_anyone, for_callers, for_visitors, for_visitors_carried_on, open_door
from shared.messages import Fault, NotAnswered
from shared.permissions import Caller, Permission, Role, Visitor
from shared.service import Service, check_followed

OTHERS = [each for each in REQUESTS if each.service() == "outcomes" and each not in (ListOutcomes, ReadOutcomesBacklog)]
SEEDS = {"identity": b"i" * 32, "outcomes": b"o" * 32, "reports": b"r" * 32}
ASKED = ListOutcomes(record_id=UUID(int=1))
NOTHING_FOUND = Outcomes(record_id=UUID(int=1), outcomes=(), recorded=0, more=False, being_archived=False)


def a_visitor(role: Role = Role.ADMINISTRATOR) -> Visitor:
    return Visitor(
        user_id=UUID(int=7),
        full_name="Ada Minister",
        register_code="dsr",
        role=role,
        organisation_ids=(UUID(int=2),),
        home_organisation_id=UUID(int=2),
        session_id=UUID(int=8),
        method="password_pin",
    )


class Door:
    """The front door of outcomes with one row under test, which keeps what its handler received."""

    def __init__(self) -> None:
        self.given: list[object] = []

    async def handle(self, *given: object) -> Outcomes:
        self.given.extend(given)
        return NOTHING_FOUND

    async def open(self, row: AnsweredRequest) -> FakeBus:
        async def backlog(_asked: ReadOutcomesBacklog) -> Backlog:
            return Backlog(unsent=0, set_aside=0)

        bus = FakeBus("outcomes")
        keys = {name: public_key(seed) for name, seed in SEEDS.items()}
        others = [for_anyone(each, self.handle) for each in OTHERS]
        await open_door(
            "outcomes", bus, Verifier("outcomes", keys), [row, *others, for_anyone(ReadOutcomesBacklog, backlog)]
        )
        return bus


def shown_by(visitor: Visitor) -> str:
    return Signer("identity", SEEDS["identity"]).sign_visitor(visitor, ("outcomes", "referrals"))


async def fault_for(bus: FakeBus, who: str | None) -> Fault | None:
    try:
        await bus.ask(ASKED, who=who)
    except NotAnswered as unanswered:
        return unanswered.fault
    return None


async def test_a_visitor_with_the_permission_is_let_through_without_their_assertion() -> None:
    door = Door()
    bus = await door.open(for_visitors(ListOutcomes, Permission.RECORD_OUTCOME, door.handle))

    await bus.ask(ASKED, who=shown_by(a_visitor()))

    assert [a_visitor(), ASKED] == door.given


async def test_an_assertion_that_may_be_carried_on_comes_just_as_it_was_shown() -> None:
    door, who = Door(), shown_by(a_visitor())
    bus = await door.open(for_visitors_carried_on(ListOutcomes, Permission.RECORD_OUTCOME, door.handle))

    await bus.ask(ASKED, who=who)

    assert [a_visitor(), who, ASKED] == door.given
    assert a_visitor() == Verifier("referrals", {"identity": public_key(SEEDS["identity"])}).verify(who).visitor


@pytest.mark.parametrize("row", [for_visitors, for_visitors_carried_on])
async def test_nobody_without_the_permission_is_let_through(row: Callable[..., AnsweredRequest]) -> None:
    door = Door()
    bus = await door.open(row(ListOutcomes, Permission.RECORD_OUTCOME, door.handle))
    service = Signer("reports", SEEDS["reports"]).sign_caller(Caller(service="reports", job="export"), "outcomes")

    faults = [
        await fault_for(bus, who) for who in (None, "identity.forged", shown_by(a_visitor(Role.STANDARD)), service)
    ]

    assert [Fault.NOT_SIGNED_IN, Fault.NOT_SIGNED_IN, Fault.NOT_ALLOWED, Fault.NOT_ALLOWED] == faults
    assert [] == door.given


async def test_a_service_is_let_through_where_the_table_names_it_and_a_person_is_not() -> None:
    door, caller = Door(), Caller(service="reports", job="export", on_behalf_of=UUID(int=7))
    bus = await door.open(for_callers(ListOutcomes, ("reports",), door.handle))
    own = Signer("outcomes", SEEDS["outcomes"]).sign_caller(Caller(service="outcomes", job="sweep"), "outcomes")

    await bus.ask(ASKED, who=Signer("reports", SEEDS["reports"]).sign_caller(caller, "outcomes"))

    assert [caller, ASKED] == door.given
    assert [Fault.NOT_ALLOWED] * 2 == [await fault_for(bus, who) for who in (own, shown_by(a_visitor()))]


async def test_a_door_that_leaves_a_contract_out_does_not_open() -> None:
    with pytest.raises(ValueError, match="do not name the same subjects"):
        await open_door("outcomes", FakeBus("outcomes"), Verifier("outcomes", {}), [])


def test_a_service_that_leaves_an_event_in_its_stream_does_not_start() -> None:
    with pytest.raises(ValueError, match=r"differ on which of these events it follows: .*RecordEnded"):
        check_followed("outcomes", Service(answers=[]))
    check_followed("identity", Service(answers=[]))
