"""Structured logs: ids and codes only, never names, numbers, message bodies or the text of an exception."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TextIO

import structlog

request_id: ContextVar[str] = ContextVar("request_id", default="")
register_code: ContextVar[str] = ContextVar("register_code", default="")

EventFields = MutableMapping[str, object]


def place_of(error: BaseException) -> str:
    """Return the class of an exception and the innermost line of our code: `UniqueViolationError at store.py:41`."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or list(frames)
    if not ours:
        return type(error).__name__
    return f"{type(error).__name__} at {ours[-1].filename.rsplit('/', 1)[-1]}:{ours[-1].lineno}"


def _hide_exception(_logger: object, _method: str, fields: EventFields) -> EventFields:
    """Keep only the class and place of an exception: its text may hold user input (asyncpg and pydantic include it)."""
    error = fields.pop("error", None)
    fields.pop("exc_info", None)
    if isinstance(error, BaseException):
        fields["error"] = place_of(error)
    elif error is not None:
        fields["error"] = str(error)
    return fields


@dataclass(frozen=True)
class _Place:
    """Adds the process, the request id and the register to every line."""

    process: str

    def __call__(self, _logger: object, _method: str, fields: EventFields) -> EventFields:
        fields["service"] = self.process
        fields["request"] = request_id.get()
        fields["register"] = register_code.get()
        return fields


class _PlaceOnly(logging.Handler):
    """Logs records of libraries by logger name, level and the class and place of an exception, without the message."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        logger = structlog.get_logger()
        logger.log(max(record.levelno, logging.WARNING), "library", source=record.name, line=record.lineno, error=error)


def set_up(process: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Write one JSON object per line to `stream` (standard error by default). Call once, at process start."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _Place(process),
            _hide_exception,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_PlaceOnly()], level=logging.WARNING, force=True)


def log(what: str, **fields: object) -> None:
    """Log that something happened. `what` is a fixed dotted word; the fields are ids, codes and counts."""
    structlog.get_logger().info(what, **fields)


def warn(what: str, **fields: object) -> None:
    """Log a fault that an operator should look at. `error=` takes the exception itself."""
    structlog.get_logger().warning(what, **fields)
