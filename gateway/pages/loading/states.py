"""The states of an upload in words, and what to do about a file that cannot be read."""

from shared.contracts.referrals.loading import MOST_COLUMNS, UploadCounts, UploadShown, UploadState
from shared.registers.definition.load import SpreadsheetLoad
from shared.registers.definition.words import Words

RUNNING: frozenset[UploadState] = frozenset({"receiving", "reading", "checking", "processing"})
LONGEST_CELL = 10_000


def rows_to_put(counts: UploadCounts) -> int:
    """Return how many rows change the register: those without an error and not without a change."""
    return counts.total - counts.errors - counts.unchanged


def state_words(words: Words, upload: UploadShown) -> str:
    return {
        "receiving": words("load.states.receiving"),
        "reading": words("load.states.reading"),
        "mapping": words("load.states.mapping"),
        "checking": words("load.states.checking"),
        "checked": words("load.states.checked"),
        "processing": words("load.states.processing"),
        "done": words("load.states.done", count=f"{rows_to_put(upload.counts):,}"),
        "cancelled": words("load.states.cancelled"),
        "failed": words("load.states.failed"),
    }[upload.state]


def progress_words(words: Words, upload: UploadShown) -> str:
    """Return what is being done to an upload that is running."""
    return {
        "receiving": words("load.doing.receiving"),
        "reading": words("load.doing.reading"),
        "checking": words("load.doing.checking"),
        "processing": words("load.doing.processing"),
    }[upload.state]


def fault_words(words: Words, upload: UploadShown, limits: SpreadsheetLoad) -> str:
    """Return why the file cannot be read, and what to do about it in Excel."""
    said = {
        "not_a_table": words("load.faults.not_a_table"),
        "wrong_type": words("load.faults.wrong_type"),
        "password": words("load.faults.password"),
        "too_many_rows": words("load.faults.too_many_rows", count=f"{limits.most_rows:,}"),
        "too_many_columns": words("load.faults.too_many_columns", count=MOST_COLUMNS),
        "too_long_cell": words("load.faults.too_long_cell", count=f"{LONGEST_CELL:,}"),
        "no_header": words("load.faults.no_header"),
        "no_rows": words("load.faults.no_rows"),
        "too_much_work": words("load.faults.too_much_work"),
        "no_grant": words("load.faults.no_grant"),
        "broken": words("load.faults.broken"),
    }
    return said[upload.fault or "broken"]
