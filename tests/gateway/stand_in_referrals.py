"""A stand-in for referrals on a fake bus that saves one record and reads its history and notes."""

from dataclasses import dataclass

from shared.contracts.referrals.reading import AddNote, History, Notes, NoteShown, ReadHistory, ReadNotes, RecordChange
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord, SubmitRecord, UpdateRecord
from shared.messages import Message, Request
from tests.gateway.stand_in import Row, StandIn, nothing, row
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN


@dataclass
class StandInReferrals(StandIn):
    """One record. `updates` is its history, newest first, and `older` counts the changes before those."""

    updates: tuple[RecordChange, ...] = ()
    older: int = 0
    notes: tuple[NoteShown, ...] = ()

    def table(self) -> tuple[Row, ...]:
        return (
            row(SubmitRecord, receipt),
            row(UpdateRecord, receipt),
            row(ReviewRecord, receipt),
            row(AddNote, nothing),
            row(ReadNotes, lambda _: Notes(record_id=RECORD_ID, notes=self.notes)),
            row(ReadHistory, self._history),
        )

    def _history(self, _asked: ReadHistory) -> History:
        return History(
            record_id=RECORD_ID, created_at=WHEN, created_by="Jayne Billings", updates=self.updates, older=self.older
        )


def receipt(_asked: Request[Message]) -> RecordReceipt:
    return RecordReceipt(record_id=RECORD_ID, reference="DSR-7KQ2-M9XP", version=5, rating="red")
