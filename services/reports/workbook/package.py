"""
Puts the cells into a workbook file.

XlsxWriter makes everything else: the list of sheets, their views, widths and filters, the charts and the theme. It
takes too long to write the cells of a large report. So this module writes their rows and inserts them into the sheets.
"""

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

NO_ROWS = b"<sheetData/>"
NO_EXTENT = b'<dimension ref="A1"/>'
HEADING, DAY = 1, 2  # indexes in `cellXfs`; 0 is a plain cell
STYLES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>
<fonts count="2">
<font><sz val="11"/><color theme="1"/><name val="Calibri"/><family val="2"/><scheme val="minor"/></font>
<font><b/><sz val="11"/><color theme="1"/><name val="Calibri"/><family val="2"/><scheme val="minor"/></font></fonts>
<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1">
<alignment vertical="top" wrapText="1"/></xf>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">
<alignment horizontal="left"/></xf></cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>
"""


@dataclass(frozen=True)
class SheetRows:
    """The rows of one sheet, in a separate file, and the range of cells that they cover."""

    file: Path
    extent: str


def write_package(frame: bytes, rows: Mapping[str, SheetRows], file: Path) -> None:
    """Write the workbook: the frame made by XlsxWriter, with our styles and with these rows by part name."""
    with ZipFile(io.BytesIO(frame)) as made, ZipFile(file, "w", ZIP_DEFLATED) as whole:
        for part in made.infolist():
            if part.filename in rows:
                _write_sheet(whole, part, made.read(part), rows[part.filename])
            else:
                whole.writestr(part, STYLES if part.filename == "xl/styles.xml" else made.read(part))


def _write_sheet(whole: ZipFile, part: ZipInfo, frame: bytes, rows: SheetRows) -> None:
    """Write a sheet with its rows. Raises `ValueError` if the frame has no single place for them."""
    before, after = frame.replace(NO_EXTENT, f'<dimension ref="{rows.extent}"/>'.encode()).split(NO_ROWS)
    sheet = ZipInfo(part.filename, part.date_time)
    sheet.compress_type, sheet.external_attr = ZIP_DEFLATED, part.external_attr
    sheet.file_size = len(frame) + rows.file.stat().st_size
    with whole.open(sheet, "w") as written, rows.file.open("rb") as read:
        written.write(before + b"<sheetData>")
        shutil.copyfileobj(read, written, 1 << 20)
        written.write(b"</sheetData>" + after)
