"""The permissions of each process on nats-server, derived only from the contracts."""

from dataclasses import dataclass

from shared.contracts import BROADCASTS, EVENTS, REQUESTS
from shared.messages import PROCESSES, Process
from shared.streams import STREAM_OF, STREAMS, StreamReader, families_of, readers

DEPLOYER = "deployer"


@dataclass(frozen=True)
class Permissions:
    """Allow-lists of one credential. `replies`: it may answer a request that it received, once."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    replies: bool


def permissions() -> dict[str, Permissions]:
    """Return the allow-lists of every process, and of the deployer that creates streams and readers."""
    return {**{process: _of(process) for process in PROCESSES}, DEPLOYER: _deployer()}


def _of(process: Process) -> Permissions:
    answers = [request.subject for request in REQUESTS if request.service() == process]
    asks = [request.subject for request in REQUESTS if process in request.asked_by]
    tells = [each.subject for each in BROADCASTS if process in each.told_by]
    hears = [each.subject for each in BROADCASTS if process in each.heard_by]
    told = [each for each in EVENTS if each.told_by == process]
    puts = [f"{first}.*.*.{each.kind}" for each in told for first in each.first_words()]
    reads = [each for each in readers() if each.process == process]
    looks = [f"$JS.API.STREAM.INFO.{STREAM_OF[family]}" for family in families_of(process)]  # what it has lost
    own_inbox = [f"_INBOX.{process}.>"]  # may also be published to, because an empty allow-list would allow everything
    discovery = [f"$SRV.*{ending}" for ending in ("", f".{process}", f".{process}.*")] if answers else []
    pings = ["$SRV.PING.*"] if process == "gateway" else []
    return Permissions(
        publish=tuple(sorted({*asks, *tells, *puts, *pings, *own_inbox, *looks, *_reader_subjects(reads)})),
        subscribe=tuple(sorted({*answers, *hears, *discovery, *own_inbox})),
        replies=bool(answers),
    )


def _reader_subjects(reads: list[StreamReader]) -> list[str]:
    """Return the subjects on which a process pulls from its own readers, acknowledges, and reads their backlog."""
    return [
        subject
        for each in reads
        for subject in (
            f"$JS.API.CONSUMER.MSG.NEXT.{each.stream}.{each.durable}",
            f"$JS.API.CONSUMER.INFO.{each.stream}.{each.durable}",
            f"$JS.ACK.{each.stream}.{each.durable}.>",
        )
    ]


def _deployer() -> Permissions:
    streams = [f"$JS.API.STREAM.{act}.{each.name}" for each in STREAMS for act in ("CREATE", "UPDATE", "INFO")]
    consumers = [f"$JS.API.CONSUMER.{act}.{each.name}.>" for each in STREAMS for act in ("CREATE", "INFO")]
    durables = [f"$JS.API.CONSUMER.DURABLE.CREATE.{each.name}.>" for each in STREAMS]
    publish = ("$JS.API.INFO", *streams, *consumers, *durables)
    return Permissions(publish=publish, subscribe=(f"_INBOX.{DEPLOYER}.>",), replies=False)


def matrix() -> str:
    """Return the permissions as a Markdown page. A test compares it with the committed docs/permissions.md."""
    lines = [
        "# Who may say what on NATS",
        "",
        "Generated from the contracts by `make documents`.",
        "",
    ]
    for process, allowed in permissions().items():
        lines += [f"## {process}", ""]
        lines += ["| may publish | may subscribe |", "| --- | --- |"]
        height = max(len(allowed.publish), len(allowed.subscribe))
        for publish, subscribe in zip(
            [*allowed.publish, *[""] * (height - len(allowed.publish))],
            [*allowed.subscribe, *[""] * (height - len(allowed.subscribe))],
            strict=True,
        ):
            lines.append(f"| {_code(publish)} | {_code(subscribe)} |")
        lines += ["", "Answers what it is asked, once." if allowed.replies else "Answers nothing.", ""]
    return "\n".join(lines)


def _code(subject: str) -> str:
    return f"`{subject}`" if subject else ""
