"""The JetStream streams and their durable readers. `deploy.runner.streams` creates them; services never do."""

from dataclasses import dataclass

from shared.contracts import EVENTS
from shared.messages import Process


@dataclass(frozen=True)
class Stream:
    """A stream, its subjects, and for how many days it keeps messages (the longest absence of a reader)."""

    name: str
    subjects: tuple[str, ...]
    days: int


@dataclass(frozen=True)
class StreamReader:
    """A durable pull consumer of one process on one stream."""

    durable: str
    stream: str
    process: Process
    subjects: tuple[str, ...]


STREAMS = (
    Stream("EVENTS", ("event.>", "copy.>"), days=30),  # public: integrators read it by register and body
    Stream("NOTICES", ("notice.>",), days=7),  # for the notifier alone
)
STREAM_OF = {"event": "EVENTS", "notice": "NOTICES"}


def families_of(process: str) -> tuple[str, ...]:
    """Return the families of the events that a process publishes, each of which has a stream."""
    return tuple(sorted({event.family for event in EVENTS if event.told_by == process}))


def readers() -> tuple[StreamReader, ...]:
    """
    Return one reader for each process and stream that it follows, from `followed_by` of each event.

    None of them reads `copy.>`, so that a service takes an event of several bodies once.
    """
    wanted: dict[tuple[Process, str], list[str]] = {}
    for event in EVENTS:
        for process in event.followed_by:
            wanted.setdefault((process, event.family), []).append(f"{event.family}.*.*.{event.kind}")
    return tuple(
        StreamReader(f"{process}--{family}", STREAM_OF[family], process, tuple(subjects))
        for (process, family), subjects in wanted.items()
    )
