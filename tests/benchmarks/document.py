"""The page on performance, written from the measurements."""

import os
import platform
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.benchmarks.measuring import PARTS, Figures
from tests.benchmarks.table import GOALS, GOALS_OF_FOLLOWERS, WRITING, Row, goals_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
OPTIMISATIONS = {"--enable-optimizations": "PGO", "--with-lto": "LTO"}
INTRODUCTION = """\
# Performance

Written by `make bench ARGS="--write"`; nobody edits it by hand.

Each figure is CPU time in milliseconds for one act, over all processes of the product: gateway, services, NATS,
Postgres and the runner. What they use when idle is measured just before and taken off. Mails, and the copy that reports
keeps, wait until the act is answered. A list, a search and so on are whole pages, fetched over HTTP.

Creating and updating have two figures. The request is what is used until the answer, while the relay is held back; the
few attempts of the relay to begin are part of it. The followers are what the same act uses beyond that: the relay, the
tasks, the mails and the copy. The demo's mail catcher is not counted.
"""


def python_used() -> str:
    """Return the version of Python that runs the product, and whether it is an optimised build."""
    how = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    found = [name for option, name in OPTIMISATIONS.items() if option in how]
    if found:
        build = f"an optimised build ({' and '.join(found)})"
    elif sys.base_prefix == "/usr":
        build = "the distribution's own build, which is optimised"
    else:
        build = "not an optimised build (no PGO, no LTO)"
    return f"{platform.python_implementation()} {platform.python_version()} in {sys.base_prefix}, {build}"


def machine_used() -> str:
    models = [line for line in _cpu_facts() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB, {platform.system()}"


def _cpu_facts() -> list[str]:
    facts = Path("/proc/cpuinfo")
    return facts.read_text(encoding="utf-8").splitlines() if facts.is_file() else []


@dataclass(frozen=True)
class Size:
    """The measurements at one number of records. `copied_seconds` is None if reports has not copied them."""

    records: int
    loaded_seconds: float
    copied_seconds: float | None
    rows: Sequence[Row]


@dataclass
class Measured:
    """All measurements of one run."""

    clients: Sequence[int]
    idle_ms: float = 0.0
    memory_mb: float = 0.0
    starts: dict[str, float] = field(default_factory=dict)
    sizes: list[Size] = field(default_factory=list)

    def page(self) -> str:
        return "\n".join([INTRODUCTION, *self._conditions(), *(line for size in self.sizes for line in self._of(size))])

    def _conditions(self) -> Iterator[str]:
        yield f"- Date: {datetime.now(UTC):%d %B %Y}"
        yield f"- Machine: {machine_used()}"
        yield f"- Python: {python_used()}"
        yield f"- Idle: {self.idle_ms:.0f} ms of CPU a second (goal 15), {self.memory_mb:.0f} MB (goal 300)"
        yield from (f"- Start, {how}: {seconds:.1f} s" for how, seconds in self.starts.items())
        yield ""

    def _of(self, size: Size) -> Iterator[str]:
        yield f"## {size.records:,} records\n"
        copied = "" if size.copied_seconds is None else f", copied by reports in {size.copied_seconds:.1f} s"
        yield f"Loaded in {size.loaded_seconds:.1f} s{copied}.\n"
        yield f"| operation | {' | '.join(map(_clients, self.clients))} | goal |"
        yield "| --- |" + " --- |" * (len(self.clients) + 1)
        for row in size.rows:
            yield from self._lines(row)
        yield ""
        yield from _by_process(size.rows, self.clients[0])

    def _lines(self, row: Row) -> Iterator[str]:
        if row.missing:
            yield f"| {row.act} | {row.missing} |" + " |" * len(self.clients)
            return
        figures = [row.pages[many] for many in self.clients]
        name = f"{row.act}: the request" if row.act in WRITING else row.act
        yield _line(name, [each.whole_cpu_ms for each in figures], goals_of(row.act, GOALS))
        if row.act in WRITING:
            yield _followers(row.act, figures)


def _by_process(rows: Sequence[Row], clients: int) -> Iterator[str]:
    """Yield a table of where the CPU time of each request goes."""
    yield f"The request by process, with {_clients(clients)}:\n"
    yield f"| operation | {' | '.join(PARTS)} |"
    yield "| --- |" + " --- |" * len(PARTS)
    for row in rows:
        if not row.missing:
            spent = row.pages[clients].cpu_ms
            yield f"| {row.act} | {' | '.join(f'{spent[part]:.2f}' for part in PARTS)} |"
    yield ""


def _followers(act: str, figures: Sequence[Figures]) -> str:
    return _line(f"{act}: its followers", [each.after_ms for each in figures], goals_of(act, GOALS_OF_FOLLOWERS))


def _line(name: str, milliseconds: Sequence[float], goals: dict[int, float]) -> str:
    goal = ", ".join(f"{most:.1f} with {_clients(many)}" for many, most in goals.items())
    return f"| {name} | {' | '.join(f'{each:.2f}' for each in milliseconds)} | {goal} |"


def _clients(many: int) -> str:
    return f"{many} client{'s' if many > 1 else ''}"
