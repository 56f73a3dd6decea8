"""Prints what was measured, beside the figures to reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.messages import SERVICES
from tests.benchmarks.measuring import Figures

# CPU ms over all processes at one client; guides, for now, on the way to less.
GUIDES = {
    "list": 4.0,
    "search": 5.0,
    "dashboard": 4.0,
    "empty form": 8.0,
    "create": 4.0,
    "update": 4.0,
}
BLANK = "-"
FIRST, OTHERS = 24, 11


@dataclass(frozen=True)
class Row:
    """One act at one size: by number of clients, through pages and straight to the database."""

    act: str
    pages: Mapping[int, Figures]
    statements: Mapping[int, Figures]
    missing: str = ""


def show(title: str, rows: Sequence[Row], clients: Sequence[int]) -> None:
    print(
        f"\n\n{title}: CPU ms, p50 ms and acts a second, by number of clients; s: statements straight to the database"
    )
    heads = [f"{mark}{what} {many}" for mark in ("", "s ") for many in clients for what in ("cpu", "p50", "/s")]
    _line("act", ["guide", *heads])
    for row in rows:
        if row.missing:
            print(f"{row.act:<{FIRST}}{row.missing}")
        else:
            figures = [each.get(many) for each in (row.pages, row.statements) for many in clients]
            _line(row.act, [_guide(row.act), *(cell for each in figures for cell in _cells(each))])
    _show_parts(rows, clients[0])


def _cells(figures: Figures | None) -> tuple[str, str, str]:
    if figures is None:
        return (BLANK, BLANK, BLANK)
    return (f"{figures.whole_cpu_ms:.2f}", f"{figures.p50_ms:.2f}", f"{figures.rate:.0f}")


def _guide(act: str) -> str:
    return next((f"{most:.0f}" for name, most in GUIDES.items() if act.startswith(name)), BLANK)


def _show_parts(rows: Sequence[Row], clients: int) -> None:
    """Where the CPU goes; afterwards: events, mails and copies, in all parts together."""
    print(f"\nCPU ms by process, {clients} client{'s' if clients > 1 else ''}")
    parts = ("gateway", *SERVICES, "nats", "postgres")
    _line("act", [*parts, "afterwards"])
    for row in rows:
        if not row.missing:
            it = row.pages[clients]
            _line(row.act, [*(f"{it.cpu_ms[part]:.2f}" for part in parts), f"{it.after_ms:.2f}"])


def _line(first: str, cells: Sequence[str]) -> None:
    print(f"{first:<{FIRST}}" + "".join(f"{cell:>{OTHERS}}" for cell in cells))
