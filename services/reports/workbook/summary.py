"""The summary sheet: how many records there are of each kind, each table with a chart of its cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.reports.workbook.package import COLOURS
from services.reports.workbook.plan import Tallied
from services.reports.workbook.sheets import Book, Cell, ChartOf
from shared.values import age_on, day_of

CHART_ROWS = 16

Value = str | int | Sequence[str] | None
Values = Mapping[str, Value]


@dataclass
class Summary:
    """
    Counts the people of a report.

    Each counts once in each table, or once for each answer if the record has several to the question. Of linked records
    the first counts: rows come with the most urgent first.
    """

    tables: Sequence[Tallied]
    found: list[dict[str, int]] = field(init=False)
    people: int = 0
    linked: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.found = [dict.fromkeys(each.labels, 0) for each in self.tables]

    def add(self, record: Values, answers: Values, outcomes: Sequence[tuple[Values, Values]]) -> None:
        """Add a record with its outcomes, the oldest first."""
        if person := record.get("person_id"):
            if person in self.linked:
                return
            self.linked.add(person)
        self.people += 1
        for table, found in zip(self.tables, self.found, strict=True):
            for code in _codes(table, record, answers, outcomes):
                found[code] = found.get(code, 0) + 1

    def write(self, book: Book, title: str, facts: Sequence[Sequence[Cell]], footer: str = "") -> None:
        """
        Write the tables and charts. Every value with a label is listed, even with 0; others only if there are any.
        """
        lines: list[Sequence[Cell]] = [*facts, ()]
        charts: list[ChartOf] = []
        bold = set()
        at = len(lines)
        for table, found in zip(self.tables, self.found, strict=True):
            rows = [(table.labels.get(code, code or table.not_recorded), n) for code, n in found.items()]
            colours = [COLOURS.get(table.colours.get(code, ""), COLOURS["blue"]) for code in found]
            bold.add(len(lines))
            lines.append((table.title, table.count))
            charts.append(ChartOf(table.title, len(lines), tuple(rows), tuple(colours), at))
            lines += [*rows, ()]
            at += max(CHART_ROWS, len(rows) + 2)
        sheet = book.write_lines(title, lines, bold, widths=(60, 12), footer=footer)
        for chart in charts:
            book.add_chart(sheet, chart)


def _codes(table: Tallied, record: Values, answers: Values, outcomes: Sequence[tuple[Values, Values]]) -> Sequence[str]:
    if table.source == "outcome_answer":
        answers = next((each for _, each in reversed(outcomes) if table.name in each), {})
    value = (record if table.source == "record" else answers).get(table.name)
    if table.at:
        return [_age_code(table, str(value or ""), str(answers.get(table.at) or ""))]
    if table.bands:
        born = str(value or "")
        return [next((code for code, after, until in table.bands if born and after < born <= until), "")]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(each) for each in value] or [""]
    return [str(value or "")]


def _age_code(table: Tallied, born: str, at: str) -> str:
    """Return the code of the band of an age on a date; empty if one of the two is not known."""
    birth, day = day_of(born), day_of(at)
    if birth is None or day is None or day < birth:
        return ""
    age = age_on(birth, day)
    return next((code for code, first, last in table.ages if first <= age <= last), "")
