"""A stand-in for referrals on a fake bus that saves one record and reads its history and notes."""

from dataclasses import dataclass

from shared.contracts.referrals.reading import (
    AddNote,
    History,
    Notes,
    NoteShown,
    Past,
    ReadHistory,
    ReadPast,
    RecordChange,
)
from shared.contracts.referrals.saving import RecordReceipt, ReviewRecord, SubmitRecord, UpdateRecord
from shared.messages import Message, Request
from tests.gateway.stand_in import Row, StandIn, nothing, row
from tests.gateway.stand_in_outcomes import RECORD_ID, WHEN


@dataclass
class StandInReferrals(StandIn):
    """
    One record. `updates` is its history, newest first, and `older` counts the changes before those, of which
    `older_ratings` changed the rating.
    """

    updates: tuple[RecordChange, ...] = ()
    older: int = 0
    older_ratings: tuple[RecordChange, ...] | None = None
    notes: tuple[NoteShown, ...] = ()

    def table(self) -> tuple[Row, ...]:
        return (
            row(SubmitRecord, receipt),
            row(UpdateRecord, receipt),
            row(ReviewRecord, receipt),
            row(AddNote, nothing),
            row(ReadPast, self._past),
            row(ReadHistory, lambda _: self._history()),
        )

    def _past(self, _asked: ReadPast) -> Past:
        notes = Notes(record_id=RECORD_ID, notes=self.notes)
        return Past(history=self._history(), notes=notes, older_ratings=self.older_ratings)

    def _history(self) -> History:
        return History(
            record_id=RECORD_ID, created_at=WHEN, created_by="Jayne Billings", updates=self.updates, older=self.older
        )


def receipt(_asked: Request[Message]) -> RecordReceipt:
    return RecordReceipt(record_id=RECORD_ID, reference="DSR-7KQ2-M9XP", version=5, rating="red")
