"""The measurements printed beside the goals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.measuring import PARTS, Figures

# CPU milliseconds over all processes, at one client and at sixteen.
GOALS: dict[str, dict[int, float]] = {
    "list": {1: 2.5, 16: 1.7},
    "search": {1: 3.0},
    "dashboard": {1: 3.0},
    "empty form": {1: 1.8},
    "open": {1: 5.0},
    "create": {1: 3.0, 16: 2.0},
    "update": {1: 3.5},
}
GOALS_OF_FOLLOWERS: dict[str, dict[int, float]] = {"create": {1: 5.0, 16: 4.5}}
WRITING = ("create", "update")
BLANK = "-"
FIRST, OTHERS = 24, 11


@dataclass(frozen=True)
class Row:
    """One act at one size: figures by number of clients, through pages and straight to the database."""

    act: str
    pages: Mapping[int, Figures]
    statements: Mapping[int, Figures]
    missing: str = ""


def goals_of(act: str, goals: Mapping[str, dict[int, float]]) -> dict[int, float]:
    return next((found for name, found in goals.items() if act.startswith(name)), {})


def show(title: str, rows: Sequence[Row], clients: Sequence[int]) -> None:
    print(f"\n\n{title}: CPU ms, its followers' CPU ms, p50 ms and acts a second, by number of clients;")
    print("s: statements straight to the database")
    heads = [f"{what} {many}" for many in clients for what in ("cpu", "after", "p50", "/s")]
    heads += [f"s {what} {many}" for many in clients for what in ("cpu", "p50", "/s")]
    _line("act", [f"goal {clients[0]}", *heads])
    for row in rows:
        if row.missing:
            print(f"{row.act:<{FIRST}}{row.missing}")
        else:
            _line(row.act, [_goal(row.act, clients[0]), *_cells(row, clients)])
    _show_parts(rows, clients[0])


def _cells(row: Row, clients: Sequence[int]) -> list[str]:
    cells: list[str] = []
    for many in clients:
        cpu, *times = _of(row.pages.get(many))
        cells += [cpu, f"{row.pages[many].after_ms:.2f}", *times]
    return cells + [cell for many in clients for cell in _of(row.statements.get(many))]


def _of(figures: Figures | None) -> tuple[str, str, str]:
    if figures is None:
        return (BLANK, BLANK, BLANK)
    return (f"{figures.whole_cpu_ms:.2f}", f"{figures.p50_ms:.2f}", f"{figures.rate:.0f}")


def _goal(act: str, clients: int) -> str:
    goal = goals_of(act, GOALS).get(clients)
    return BLANK if goal is None else f"{goal:.1f}"


def _show_parts(rows: Sequence[Row], clients: int) -> None:
    """Print the CPU time of the request by process."""
    print(f"\nCPU ms by process, {clients} client{'s' if clients > 1 else ''}")
    _line("act", PARTS)
    for row in rows:
        if not row.missing:
            _line(row.act, [f"{row.pages[clients].cpu_ms[part]:.2f}" for part in PARTS])


def _line(first: str, cells: Sequence[str]) -> None:
    print(f"{first:<{FIRST}}" + "".join(f"{cell:>{OTHERS}}" for cell in cells))
