"""A stand-in for outcomes' actions, and for whom else their pages ask, on a fake bus."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from shared.clock import london_today
from shared.contracts.actions import (
    ActionCounts,
    ActionEntry,
    ActionPage,
    ActionRead,
    ActionReceipt,
    ActionShown,
    AddAction,
    ChangeAction,
    CountActions,
    DecideAction,
    FollowUpAction,
    ListActions,
    ListRecordActions,
    MeetingDecision,
    PlanTold,
    ReadAction,
    RecordActions,
    RecordPlanTold,
    ReportAction,
)
from shared.contracts.identity import Colleague, Colleagues, ListColleagues
from shared.contracts.referrals.naming import NamedRecord, NamedRecords, NameRecords
from shared.contracts.referrals.reading import ReadRecord, RecordShown
from shared.messages import Refused
from tests.gateway.stand_in import Row, StandIn, nothing, row
from tests.gateway.stand_in_identity import ORGANISATIONS
from tests.gateway.stand_in_outcomes import PERSON, RECORD_ID, a_record

WHEN = datetime(2026, 5, 4, 14, 5, tzinfo=UTC)
TODAY = london_today()
CALUM, JENNY = UUID(int=31), UUID(int=32)
MPFT = ORGANISATIONS[0].organisation_id
PEOPLE = (
    Colleague(user_id=JENNY, full_name="Jenny Harris", email="jenny.harris@mpft.nhs.uk", organisation_id=MPFT),
    Colleague(user_id=CALUM, full_name="Calum Stronach", email="calum.stronach@mpft.nhs.uk", organisation_id=MPFT),
)
NONE = ActionCounts()


def an_action(number: int = 1, due: int = 5, **changes: object) -> ActionShown:
    """Return an action that is due so many days from today."""
    fields: dict[str, object] = {
        "action_id": UUID(int=500 + number),
        "record_id": RECORD_ID,
        "reference": "DSR-7KQ2-M9XP",
        "locality": "south_staffordshire",
        "text": f"Ask housing about flat {number}",
        "due_on": TODAY + timedelta(days=due),
        "colleague_id": JENNY,
        "colleague": "Jenny Harris",
        "state": "open",
        "version": 1,
        "added_by": "Ada Minister",
        "added_at": WHEN,
    }
    return ActionShown.model_validate(fields | changes)


def reported(number: int = 1, *, is_theirs: bool = False) -> ActionShown:
    return an_action(number, state="reported", result="The flat is his", version=2, is_theirs=is_theirs)


@dataclass
class StandInActions(StandIn):
    """The actions, and one record that referrals names unless it is `unseen`."""

    actions: tuple[ActionShown, ...] = ()
    more: bool = False
    counts: ActionCounts = NONE
    entries: tuple[ActionEntry, ...] = ()
    told: tuple[PlanTold, ...] = ()
    decisions: tuple[MeetingDecision, ...] = ()
    has_left: bool = False
    unseen: bool = False
    changes: dict[str, object] = field(default_factory=dict)

    def table(self) -> tuple[Row, ...]:
        return (
            row(CountActions, lambda _: self.counts),
            row(ListActions, lambda _: ActionPage(actions=self.actions, more=self.more)),
            row(ReadAction, self._read),
            row(ListRecordActions, self._of_record),
            row(AddAction, lambda _: ActionReceipt(action_id=UUID(int=599), version=1, state="open")),
            row(ChangeAction, lambda asked: self._receipt(asked.action_id)),
            row(ReportAction, lambda asked: self._receipt(asked.action_id)),
            row(DecideAction, lambda asked: self._receipt(asked.action_id)),
            row(FollowUpAction, nothing),
            row(RecordPlanTold, nothing),
            row(NameRecords, self._names),
            row(ReadRecord, self._record),
            row(ListColleagues, self._colleagues),
        )

    def _receipt(self, action_id: UUID) -> ActionReceipt:
        return ActionReceipt(action_id=action_id, version=9, state="open")

    def _read(self, asked: ReadAction) -> ActionRead:
        action = next((each for each in self.actions if each.action_id == asked.action_id), None)
        if action is None:
            raise Refused("not_found")
        return ActionRead(action=action, entries=self.entries, has_left=self.has_left)

    def _of_record(self, asked: ListRecordActions) -> RecordActions:
        return RecordActions(
            record_id=asked.record_id, actions=self.actions, told=self.told, decisions=self.decisions, may_add=True
        )

    def _names(self, _asked: NameRecords) -> NamedRecords:
        if self.unseen:
            return NamedRecords(records=())
        named = NamedRecord(
            record_id=RECORD_ID,
            name="Tester <b>Three",
            born=date(2001, 2, 7),
            reference="DSR-7KQ2-M9XP",
            rating="amber",
            rated_at=WHEN,
            lead_professional="Lee Lead",
        )
        return NamedRecords(records=(named,))

    def _record(self, _asked: ReadRecord) -> RecordShown:
        if self.unseen:
            raise Refused("not_found")
        return a_record(**{"answers": PERSON, **self.changes})

    def _colleagues(self, asked: ListColleagues) -> Colleagues:
        found = tuple(each for each in PEOPLE if asked.search.lower() in each.full_name.lower())
        return Colleagues(colleagues=found, more=False)
