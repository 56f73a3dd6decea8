"""Uploads: which may begin, what each state allows, how they are shown, and the file of failed rows."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import PurePath

from services.referrals.loading.mapping import FileMapping, Suggestion
from services.referrals.loading.table import FileTable
from services.referrals.store.uploads import ChunksStored, MappingShown, StoredUpload
from shared.cleaning import says_something
from shared.contracts.referrals.consent import MOST_DAYS_DUE, NameConsentAuthority
from shared.contracts.referrals.loading import (
    REASONS,
    CellFault,
    ColumnFound,
    FileReading,
    FinishUpload,
    StartUpload,
    UploadCounts,
    UploadPurpose,
    UploadShown,
    UploadState,
    ValueFound,
    tracing_targets,
)
from shared.messages import Refused
from shared.permissions import AccountGrant, Permission, Visitor
from shared.registers.definition.base import Role
from shared.registers.definition.load import SpreadsheetLoad
from shared.registers.definition.register import Definition
from shared.registers.form.load_columns import HEADINGS
from shared.values import london_day, show_date

FILE_TYPES = frozenset({".csv", ".xlsx"})
MAPPABLE: frozenset[UploadState] = frozenset({"mapping", "checked"})
ENDED: frozenset[UploadState] = frozenset({"done", "cancelled"})
"""A failed upload may still be cancelled: then its file is deleted at once."""
WITH_ROWS: frozenset[UploadState] = frozenset({"checked", "processing", "done", "failed"})
WITH_FAILED_ROWS: frozenset[UploadState] = frozenset({"checked", "done", "failed"})
WITH_ABSENT: frozenset[UploadState] = frozenset({"checked", "done"})
LONGEST_VALUE = 200
SAID_OF_ABSENT: tuple[Role, ...] = ("family_name", "given_name", "born", "nhs_number")
SAID_FOR_TRACING: tuple[Role, ...] = ("family_name", "given_name", "born", "postcode", "nhs_number")
FORMULA = ("=", "+", "-", "@", "\t")
"""A spreadsheet program takes a cell that begins with one of these for a formula."""


def may_load(visitor: Visitor) -> bool:
    """Check whether the user may load records now. It needs the grant, and the right to add records."""
    return visitor.may(Permission.BULK_LOAD) and visitor.may(Permission.SUBMIT_RECORD)


def may_name_authority(register: Definition, visitor: Visitor) -> bool:
    """Check whether the user may name the authority for rows without consent: a privacy officer, if any."""
    if AccountGrant.PRIVACY_OFFICER in register.access.grants:
        return AccountGrant.PRIVACY_OFFICER in visitor.grants and visitor.may(Permission.OVERSEE_PRIVACY)
    return may_load(visitor)


def check_authority(
    register: Definition, visitor: Visitor, upload: StoredUpload, asked: NameConsentAuthority, today: date
) -> None:
    """Check that an authority may be named. Refused with the codes of `NameConsentAuthority`."""
    if not may_name_authority(register, visitor):
        raise Refused("not_officer")
    check_state(upload, {"checked"}, "not_checked")
    if not upload.unconsented_rows:
        raise Refused("no_rows")
    if not says_something(asked.words):
        raise Refused("empty")
    if not today < asked.due_on <= today + timedelta(days=MOST_DAYS_DUE):
        raise Refused("due_on")


def check_loadable(register: Definition, visitor: Visitor, purpose: UploadPurpose) -> SpreadsheetLoad:
    """Return the limits of the register, if the user may load for this purpose. Refused as `not_loadable`."""
    if register.load is None or not may_load(visitor) or (purpose == "tracing" and not tracing_targets(register)):
        raise Refused("not_loadable")
    return register.load


def check_start(register: Definition, visitor: Visitor, asked: StartUpload) -> None:
    """Check that an upload may begin. Refused as `not_loadable`, `too_big` or `wrong_type`."""
    limits = check_loadable(register, visitor, asked.purpose)
    if PurePath(asked.file_name).suffix.lower() not in FILE_TYPES:
        raise Refused("wrong_type")
    if asked.size > limits.most_bytes:
        raise Refused("too_big")


def check_whole(register: Definition, stored: ChunksStored, asked: FinishUpload) -> None:
    """
    Check that every part of the file is there, and nothing else. Refused as `not_whole`.

    The size that was announced may be that of the form around the file, so the parts are measured.
    """
    most = register.load.most_bytes if register.load else 0
    is_there = stored.chunks == stored.numbered == asked.chunks and stored.size <= most
    if not is_there or stored.sha256 != asked.sha256:
        raise Refused("not_whole")


def check_state(upload: StoredUpload, states: Iterable[UploadState], code: str) -> None:
    """Check that the upload is in one of these states. Refused with the code."""
    if upload.state not in states:
        raise Refused(code)


def counts_of(upload: StoredUpload) -> UploadCounts:
    return UploadCounts(
        total=upload.total,
        new=upload.new_rows or 0,
        updated=upload.updated_rows or 0,
        ended=upload.ended_rows or 0,
        errors=upload.error_rows or 0,
        unchanged=upload.unchanged_rows,
        incomplete=upload.incomplete_rows,
        unconsented=upload.unconsented_rows,
    )


def shown(upload: StoredUpload) -> UploadShown:
    """Return the upload as its user sees it."""
    return UploadShown(
        upload_id=upload.id,
        file_name=upload.file_name,
        state=upload.state,
        fault=upload.fault,
        uploaded_at=upload.uploaded_at,
        expires_at=upload.expires_at,
        reading=_reading(upload),
        columns=upload.found_columns,
        values=upload.found_values,
        missing=upload.missing,
        counts=counts_of(upload),
        rows_done=upload.rows_done,
        purpose=upload.purpose,
        authority=upload.authority,
    )


def _reading(upload: StoredUpload) -> FileReading | None:
    """Return how the file was read. What its user said of the order of day and month is a part of it."""
    if upload.reading is None or upload.mapping is None:
        return upload.reading
    return FileReading.model_validate({**upload.reading.model_dump(), "day_order": upload.mapping.day_order})


def in_list(upload: StoredUpload) -> UploadShown:
    """Return the upload for a list, without its columns and values, which would be too much for one message."""
    return shown(upload).model_copy(update={"columns": (), "values": ()})


def without_content(upload: UploadShown) -> UploadShown:
    """Return the answer of a command as it may be stored for long: without anything that was in the file."""
    nothing = {"file_name": "", "reading": None, "columns": (), "values": (), "authority": None}
    return upload.model_copy(update=nothing)


def mapped(suggestion: Suggestion, mapping: FileMapping) -> MappingShown:
    """Return the columns and values as the user has mapped them. A column that the user left out is ignored."""
    columns = tuple(
        ColumnFound.model_validate(vars(each) | {"target": mapping.columns.get(each.place, "")})
        for each in suggestion.columns
    )
    values = tuple(_mapped_value(each, mapping) for each in short_values(suggestion))
    return MappingShown(columns, values, tuple(suggestion.missing))


def short_values(suggestion: Suggestion) -> tuple[ValueFound, ...]:
    """Return the values that a page can ask about. A long text is no option: its rows come under the errors."""
    return tuple(each for each in suggestion.values if len(each.written) <= LONGEST_VALUE)


def _mapped_value(found: ValueFound, mapping: FileMapping) -> ValueFound:
    code = mapping.values.get(found.question, {}).get(found.written, found.code)
    return ValueFound.model_validate(vars(found) | {"code": code})


def asks_more(earlier: Iterable[ValueFound], shown: MappingShown) -> bool:
    """
    Check whether the mapping brought up values that the user has not been asked about, and that are not known.

    A value that the user left open is not asked about again: its rows come under the errors.
    """
    asked = {(each.question, each.written) for each in earlier}
    return any(each.code is None and (each.question, each.written) not in asked for each in shown.values)


def table_of(upload: StoredUpload, rows: list[tuple[str, ...]]) -> FileTable:
    """Return the table as it was read from the file."""
    if upload.reading is None:
        raise ValueError("the file has not been read")
    return FileTable(upload.reading, upload.headings, rows)


def failed_rows(headings: Sequence[str], rows: Iterable[tuple[Sequence[str], Sequence[CellFault]]]) -> bytes:
    """
    Return rows and the reasons why they failed as a CSV file, which spreadsheet programs open as text.

    An earlier file of failed rows may have been uploaded: its reasons are left out.
    """
    kept = [place for place, heading in enumerate(headings) if heading.strip() != REASONS]
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*(_plain(headings[place]) for place in kept), REASONS])
    for cells, faults in rows:
        there = (cells[place] if place < len(cells) else "" for place in kept)
        writer.writerow([*map(_plain, there), _plain(" ".join(_reason(each) for each in faults))])
    return out.getvalue().encode("utf-8-sig")


def absent_records(register: Definition, rows: Iterable[Mapping[str, object]], *, is_first: bool) -> bytes:
    """Return records that a file does not have, as a part of a CSV file. Its first part has headings."""
    asked, rating = register.form.by_name, register.rating
    roles = [role for role in SAID_OF_ABSENT if role in register.person]
    rated = [asked[rating.question].label] if rating else []
    headings = (*(asked[register.person[role]].label for role in roles), *rated, register.words("load.absent_updated"))

    def cells(row: Mapping[str, object]) -> list[object]:
        level = rating.level(str(row["rating"])) if rating else None
        return [*(row[role] for role in roles), *([level.label if level else ""] if rating else []), row["updated_at"]]

    return _part(headings, [(str(row["reference"]), cells(row)) for row in rows], is_first=is_first)


def untraced_records(register: Definition, rows: Iterable[Mapping[str, object]], *, is_first: bool) -> bytes:
    """Return records without an NHS number as a part of a CSV file, with an empty column for the number."""
    asked, roles = register.form.by_name, [role for role in SAID_FOR_TRACING if role in register.person]
    headings = [asked[register.person[role]].label for role in roles]
    return _part(headings, [(str(row["reference"]), [row[role] for role in roles]) for row in rows], is_first=is_first)


def _part(headings: Sequence[str], rows: Iterable[tuple[str, Sequence[object]]], *, is_first: bool) -> bytes:
    """Return rows, each with its reference first. Spreadsheet programs open every cell as text."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    if is_first:
        writer.writerow(map(_plain, (HEADINGS["reference"], *headings)))
    for reference, cells in rows:
        writer.writerow([reference, *(_plain(_cell(each)) for each in cells)])
    return out.getvalue().encode("utf-8-sig" if is_first else "utf-8")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return show_date(london_day(value))
    return show_date(value) if isinstance(value, date) else str(value or "")


def _reason(fault: CellFault) -> str:
    return f"{fault.heading}: {fault.says}" if fault.heading else fault.says


def _plain(cell: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula. The reader takes the apostrophe off again."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
