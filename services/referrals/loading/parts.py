"""What passes between a service and the process that reads a file for it: one order, and the table in parts."""

from pydantic import Field

from services.referrals.loading.table import Limits
from shared.contracts.referrals.loading import FileReading, UploadFault
from shared.messages import Message

LENGTH_BYTES = 4
"""Before each part stands its length."""


class ReadingOrder(Message):
    """What to read. The file follows on the next line."""

    file_name: str = Field(repr=False)
    sheet: str = Field(default="", repr=False)
    limits: Limits


class TablePart(Message):
    """A part of the answer: why the file cannot be read, or how it was read and its headings, or rows, or the end."""

    fault: UploadFault | None = None
    reading: FileReading | None = None
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = Field(default=(), repr=False)
    end: bool = False
