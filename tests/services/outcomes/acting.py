"""Helpers for tests of actions: what identity says of colleagues, and one call for each request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from shared.bus.protocol import Context
from shared.clock import london_today
from shared.contracts.actions import (
    ActionFilter,
    ActionOwner,
    ActionRead,
    ActionReceipt,
    ActionsDue,
    ActionShown,
    AddAction,
    DecideAction,
    FollowUpAction,
    ListActions,
    ListRecordActions,
    ReadAction,
    RecordActions,
    ReportAction,
    Verdict,
)
from shared.contracts.identity import CheckGrant, Grant
from shared.contracts.referrals.saving import RecordReceipt
from shared.fake_bus import FakeBus
from shared.messages import Refused
from shared.permissions import Role, Visitor
from tests.services.outcomes.rig import Rig
from tests.services.referrals.builders import a_visitor, new_id

TODAY = london_today()
TEXT = "Ask housing about the flat in Wallflower Road"


@dataclass
class Acting:
    """A rig, and the users whom identity knows."""

    rig: Rig
    known: dict[UUID, Visitor] = field(default_factory=dict)

    @classmethod
    async def over(cls, rig: Rig) -> "Acting":
        acting = cls(rig)
        await FakeBus("identity", rig.referrals.wire).answer(CheckGrant, acting._grant)
        return acting

    async def _grant(self, asked: CheckGrant, _context: Context) -> Grant:
        if asked.user_id not in self.known:
            raise Refused("no_grant")
        return Grant(visitor=self.known[asked.user_id])

    def colleague(self, *organisations: UUID, role: Role = Role.STANDARD, name: str = "Owen Owner") -> Visitor:
        """Return a user of these organisations whom identity knows."""
        found = a_visitor(role, *organisations, full_name=name)
        self.known[found.user_id] = found
        return found

    async def record(self, administrator: Visitor, **changes: str) -> RecordReceipt:
        return await self.rig.referrals.submit(administrator, **changes)

    def adding(self, record: RecordReceipt, colleague: Visitor, **more: object) -> AddAction:
        owner = ActionOwner(colleague_id=colleague.user_id)
        said: dict[str, object] = {"text": TEXT, "due_on": TODAY + timedelta(days=14), "owner": owner}
        return AddAction.model_validate({"command_id": new_id(), "record_id": record.record_id, **said, **more})

    async def add(
        self, administrator: Visitor, record: RecordReceipt, colleague: Visitor, **more: object
    ) -> ActionReceipt:
        return await self.rig.ask(administrator, self.adding(record, colleague, **more))

    async def read(self, visitor: Visitor, action: ActionReceipt) -> ActionRead:
        return await self.rig.ask(visitor, ReadAction(action_id=action.action_id))

    async def listed(self, visitor: Visitor, wanted: ActionFilter = "mine") -> list[UUID]:
        return [each.action_id for each in await self.shown(visitor, wanted)]

    async def shown(self, visitor: Visitor, wanted: ActionFilter = "mine") -> Sequence[ActionShown]:
        return (await self.rig.ask(visitor, ListActions(wanted=wanted))).actions

    async def of_record(self, visitor: Visitor, record: RecordReceipt) -> RecordActions:
        return await self.rig.ask(visitor, ListRecordActions(record_id=record.record_id))

    async def report(self, visitor: Visitor, action: ActionReceipt, result: str = "The flat is his") -> ActionReceipt:
        return await self.rig.ask(visitor, reporting(action, result))

    async def decide(
        self, visitor: Visitor, action: ActionReceipt, verdict: Verdict, reason: str = ""
    ) -> ActionReceipt:
        return await self.rig.ask(visitor, deciding(action, verdict, reason))

    async def told(self, recipient: UUID | None) -> list[ActionsDue]:
        """Publish all waiting events, and return the notices about actions to a colleague, or to the team."""
        while await self.rig.relay.carry_batch():
            pass
        bodies = [body for subject, body, _ in self.rig.referrals.wire.published if subject.endswith(".actions")]
        return [each for each in map(ActionsDue.model_validate_json, bodies) if each.recipient == recipient]


def reporting(action: ActionReceipt, result: str = "The flat is his") -> ReportAction:
    return ReportAction(command_id=new_id(), action_id=action.action_id, version=action.version, result=result)


def deciding(action: ActionReceipt, verdict: Verdict, reason: str = "") -> DecideAction:
    return DecideAction(
        command_id=new_id(), action_id=action.action_id, version=action.version, verdict=verdict, reason=reason
    )


def following(action: ActionReceipt, text: str = "Called the housing office", **more: object) -> FollowUpAction:
    return FollowUpAction.model_validate({"command_id": new_id(), "action_id": action.action_id, "text": text, **more})


def days(count: int) -> date:
    """Return the day so many days from today."""
    return TODAY + timedelta(days=count)
