"""A table as it was read from a file, and why a file cannot be read."""

from dataclasses import dataclass

from shared.contracts.referrals.loading import FileReading, UploadFault

Grid = list[list[str]]
"""The cells of a file by row, as text. An empty cell is an empty text."""


class UnreadableFile(Exception):
    """Raised for a file that cannot be read. `fault` says why, and nothing of the file's content."""

    def __init__(self, fault: UploadFault) -> None:
        super().__init__(fault)
        self.fault: UploadFault = fault


@dataclass(frozen=True)
class Limits:
    """The most rows of data and columns, and the most characters of a cell."""

    most_rows: int
    most_columns: int
    most_cell: int


@dataclass(frozen=True, repr=False)
class FileTable:
    """
    The table of a file: how it was read, its headings, and its rows of data without titles, totals and blank rows.

    A row has as many cells as there are headings, unless its cells are out of place in the file.
    """

    reading: FileReading
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]
