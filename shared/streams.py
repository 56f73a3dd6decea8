"""The streams and the durable readers, each in one table; `deploy.runner.streams` creates them, never a service."""

from dataclasses import dataclass

from shared.contracts import EVENTS
from shared.messages import Process


@dataclass(frozen=True)
class Stream:
    """A stream and the subjects it keeps, for as long as a reader may have been away."""

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
    Stream("EVENTS", ("event.>",), days=30),  # public: integrators read it, by register and organisation
    Stream("NOTICES", ("notice.>",), days=7),  # for the notifier alone: says routine or urgent
)
STREAM_OF = {"event": "EVENTS", "notice": "NOTICES"}


def readers() -> tuple[StreamReader, ...]:
    """One reader for each process and stream that it follows, from the events' own `followed_by`."""
    wanted: dict[tuple[Process, str], list[str]] = {}
    for event in EVENTS:
        for process in event.followed_by:
            wanted.setdefault((process, event.family), []).append(f"{event.family}.*.*.{event.kind}")
    return tuple(
        StreamReader(f"{process}--{family}", STREAM_OF[family], process, tuple(subjects))
        for (process, family), subjects in wanted.items()
    )
