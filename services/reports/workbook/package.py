"""
Puts the cells into a workbook file.

XlsxWriter makes everything else: the list of sheets, their views, widths and filters, the charts and the theme. It
takes too long to write the cells of a large report. So this module writes their rows and inserts them into the sheets.
The texts of the cells stand in one part for all sheets, since some readers show no text that stands in its cell.
"""

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

COLOURS = {"red": "#D5281B", "amber": "#FFB81C", "green": "#007F3B", "blue": "#005EB8", "grey": "#768692"}
NO_ROWS = b"<sheetData/>"
NO_EXTENT = b'<dimension ref="A1"/>'
HEADING, DAY, WRAPPED = 1, 2, 3  # indexes in `cellXfs`; 0 is a plain cell
FILLS = {"red": 4, "amber": 5, "green": 6, "blue": 7, "grey": 8}
"""The styles of a label with a fill behind it."""
STYLES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts>
<fonts count="3">
<font><sz val="11"/><color theme="1"/><name val="Calibri"/><family val="2"/><scheme val="minor"/></font>
<font><b/><sz val="11"/><color theme="1"/><name val="Calibri"/><family val="2"/><scheme val="minor"/></font>
<font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/><family val="2"/><scheme val="minor"/></font>
</fonts>
<fills count="7"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>
{fills}</fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="9"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1">
<alignment vertical="top"/></xf>
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1">
<alignment vertical="top" wrapText="1"/></xf>
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">
<alignment horizontal="left" vertical="top"/></xf>
<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1">
<alignment vertical="top" wrapText="1"/></xf>
{filled}</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>
""".format(
    fills="\n".join(
        f'<fill><patternFill patternType="solid"><fgColor rgb="FF{COLOURS[each].lstrip("#")}"/><bgColor indexed="64"/>'
        "</patternFill></fill>"
        for each in FILLS
    ),
    filled="\n".join(
        f'<xf numFmtId="0" fontId="{1 if each == "amber" else 2}" fillId="{place}" borderId="0" xfId="0" applyFont="1" '
        'applyFill="1" applyAlignment="1"><alignment vertical="top"/></xf>'
        for place, each in enumerate(FILLS, start=2)
    ),
)
SHARED_TYPE = (
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
SHARED_LINK = (
    '<Relationship Id="rIdTexts" Target="sharedStrings.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>'
)
ADDITIONS = {
    "[Content_Types].xml": ("</Types>", SHARED_TYPE),
    "xl/_rels/workbook.xml.rels": ("</Relationships>", SHARED_LINK),
}
"""What tells a reader of the part that holds the texts."""
TEXTS_BEGIN = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount="{kept}">'
)


@dataclass(frozen=True)
class SheetRows:
    """The rows of one sheet, in a separate file, and the range of cells that they cover."""

    file: Path
    extent: str


@dataclass(frozen=True)
class SharedTexts:
    """The texts of all sheets, in a separate file, and how many they are."""

    file: Path
    kept: int


def write_package(frame: bytes, rows: Mapping[str, SheetRows], texts: SharedTexts, file: Path) -> None:
    """Write the workbook: the frame made by XlsxWriter, with our styles, texts, and rows by part name."""
    with ZipFile(io.BytesIO(frame)) as made, ZipFile(file, "w", ZIP_DEFLATED) as whole:
        for part in made.infolist():
            if part.filename in rows:
                _write_sheet(whole, part, made.read(part), rows[part.filename])
            else:
                whole.writestr(part, STYLES if part.filename == "xl/styles.xml" else _told(part, made.read(part)))
        _write_texts(whole, texts)


def _told(part: ZipInfo, content: bytes) -> bytes:
    """Return the part, which names the texts if it must. Raises `ValueError` if it has no single place for that."""
    if part.filename not in ADDITIONS:
        return content
    end, added = ADDITIONS[part.filename]
    before, after = content.split(end.encode())
    return before + added.encode() + after


def _write_texts(whole: ZipFile, texts: SharedTexts) -> None:
    part = ZipInfo("xl/sharedStrings.xml")
    part.compress_type, part.file_size = ZIP_DEFLATED, texts.file.stat().st_size
    with whole.open(part, "w") as written, texts.file.open("rb") as read:
        written.write(TEXTS_BEGIN.format(kept=texts.kept).encode())
        shutil.copyfileobj(read, written, 1 << 20)
        written.write(b"</sst>")


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
