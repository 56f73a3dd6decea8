"""
Golden messages: recorded replies of the real services, with which the stand-ins of tests must agree.

`golden/<service>/<Request>.json` holds one or more replies. The services' own tests compare their present replies; the
gateway's tests compare the stand-ins. After an intended change of a reply, record again:

ICS_RECORD_GOLDEN=1 .venv/bin/python -m pytest -n 0 -q tests/services -k golden
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from shared.messages import Message, Request

FOLDER = Path(__file__).parent / "golden"
RECORD = "ICS_RECORD_GOLDEN"

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

OPAQUE = frozenset(
    {
        "session_token",
        "device_token",
        "attempt_token",
        "assertion",
        "secret",
        "uri",
        "codes",
        "content",
        "size",
        "row",
        "editions",
    }
)
ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
REFERENCE = re.compile(r"DSR-[0-9A-Z]+(-[0-9A-Z]+)?|[A-Z][0-9A-Z]*-[0-9A-Z]{4}-[0-9A-Z]{4}")
KINDS = {"code": re.compile(r"[a-z][a-z0-9_]*"), "email": re.compile(r"\S+@\S+"), "digits": re.compile(r"\d+")}


def file_of(kind: type[Request[Message]]) -> Path:
    return FOLDER / kind.service() / f"{kind.__name__}.json"


def recorded(kind: type[Request[Message]]) -> list[Json]:
    """Return the recorded replies."""
    found: list[Json] = json.loads(file_of(kind).read_text(encoding="utf-8"))
    return found


def check_golden(kind: type[Request[Message]], *replies: Message) -> None:
    """Check that the service still replies as recorded. If ICS_RECORD_GOLDEN is set, record the replies first."""
    now = [normalised(reply) for reply in replies]
    if RECORD in os.environ:
        file_of(kind).parent.mkdir(parents=True, exist_ok=True)
        file_of(kind).write_text(json.dumps(now, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert recorded(kind) == now, f"{kind.__name__} is answered differently: see tests/contracts/golden.py"


def normalised(reply: Message) -> Json:
    """Return the reply as JSON, with placeholders for what differs each time: ids, times, days, references, tokens."""
    return _plain(json.loads(reply.model_dump_json()))


def _plain(value: Json, name: str = "") -> Json:
    if name in OPAQUE and value:
        return f"<{name}>"
    if isinstance(value, dict):
        return {key: _plain(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, str):
        return value
    for pattern, instead in ((ID, "<id>"), (TIME, "<time>"), (DATE, "<date>"), (REFERENCE, "<reference>")):
        value = pattern.sub(instead, value)
    return value


def kinds_in(value: Json, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each place in a normalised reply and the kind of the value there."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from kinds_in(each, f"{path}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from kinds_in(each, f"{path}[]")
    else:
        yield path, _kind(value)


def _kind(value: str | int | float | bool | None) -> str:
    if not isinstance(value, str):
        return type(value).__name__
    if value == "" or value.startswith("<"):
        return value
    return next((kind for kind, pattern in KINDS.items() if pattern.fullmatch(value)), "text")
