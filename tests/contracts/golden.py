"""
Golden messages: what the real services answered, so that what stands in for them in tests is held to it.

`golden/<service>/<Request>.json` holds one or more replies. The services' own tests compare what is answered now; the
gateway's tests compare the stand-ins. After a change of an answer that is meant, record again:

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

OPAQUE = frozenset({"session_token", "device_token", "attempt_token", "assertion", "content", "size"})
ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
REFERENCE = re.compile(r"DSR-[0-9A-Z]+(-[0-9A-Z]+)?")
KINDS = {"code": re.compile(r"[a-z][a-z0-9_]*"), "email": re.compile(r"\S+@\S+"), "digits": re.compile(r"\d+")}


def file_of(kind: type[Request[Message]]) -> Path:
    return FOLDER / kind.service() / f"{kind.__name__}.json"


def recorded(kind: type[Request[Message]]) -> list[Json]:
    """The replies on file."""
    found: list[Json] = json.loads(file_of(kind).read_text(encoding="utf-8"))
    return found


def check_golden(kind: type[Request[Message]], *replies: Message) -> None:
    """Whether the service still answers as recorded; records instead when that is asked for."""
    now = [normalised(reply) for reply in replies]
    if RECORD in os.environ:
        file_of(kind).parent.mkdir(parents=True, exist_ok=True)
        file_of(kind).write_text(json.dumps(now, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert recorded(kind) == now, f"{kind.__name__} is answered differently: see tests/contracts/golden.py"


def normalised(reply: Message) -> Json:
    """The reply as it travels, without what is another each time: ids, times, days, references, tokens."""
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
    """Each place in a normalised reply, and the kind of what stands there."""
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
