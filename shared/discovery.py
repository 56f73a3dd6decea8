"""The replies of the NATS service protocol (ADR-32): what `nats service ls`, `info` and `stats` show of a service."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.version import VERSION

QUESTIONS = ("PING", "INFO", "STATS")


@dataclass
class Endpoint:
    """One subject that a service answers, with its running totals. Times are in nanoseconds, as ADR-32 requires."""

    name: str
    subject: str
    queue: str
    requests: int = 0
    errors: int = 0
    last_error: str = ""
    busy_ns: int = 0

    def count(self, busy_ns: int, error: str = "") -> None:
        self.requests += 1
        self.busy_ns += busy_ns
        if error:
            self.errors += 1
            self.last_error = error

    def described(self) -> dict[str, object]:
        return {"name": self.name, "subject": self.subject, "queue_group": self.queue, "metadata": {}}

    def measured(self) -> dict[str, object]:
        return {
            "name": self.name,
            "subject": self.subject,
            "queue_group": self.queue,
            "num_requests": self.requests,
            "num_errors": self.errors,
            "last_error": self.last_error,
            "processing_time": self.busy_ns,
            "average_processing_time": self.busy_ns // self.requests if self.requests else 0,
        }


@dataclass
class ServiceInfo:
    """The description of one running service. `last_error` of an endpoint is always a code, never text."""

    service: str
    instance: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    endpoints: list[Endpoint] = field(default_factory=list)

    def subjects(self) -> list[str]:
        """Return each discovery subject that this instance answers: for all, for the service, for itself."""
        endings = ("", f".{self.service}", f".{self.service}.{self.instance}")
        return [f"$SRV.{question}{ending}" for question in QUESTIONS for ending in endings]

    def answer(self, subject: str) -> bytes:
        """Return the reply to a discovery subject, such as `$SRV.STATS.identity`."""
        question = subject.split(".")[1]
        reply: dict[str, object] = {
            "type": f"io.nats.micro.v1.{question.lower()}_response",
            "name": self.service,
            "id": self.instance,
            "version": VERSION,
            "metadata": {},
        }
        if question == "INFO":
            reply |= {"description": "", "endpoints": [each.described() for each in self.endpoints]}
        if question == "STATS":
            reply |= {"started": self.started.isoformat(), "endpoints": [each.measured() for each in self.endpoints]}
        return json.dumps(reply).encode()
