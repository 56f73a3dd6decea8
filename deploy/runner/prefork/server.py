"""
The program that forks the product's processes, so that the modules they share are imported and kept in memory once.

Requests come on standard input, a socket: a module's name with two descriptors. The child writes to the first and reads
its environment from the second. Reports go to standard output: `started <pid>` and `ended <pid> <code>`.

The environment contains secrets, so only the child reads it. No process ever holds another's secrets in memory.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Modules that most processes import. Each process then imports its own.
COMMON = (
    "aiohttp.web",
    "asyncpg",
    "jinja2",
    "nacl.bindings",
    "nhs_number",
    "prometheus_client",
    "pydantic_settings",
    "shared.commands",
    "shared.registers.form.person",
    "shared.registers.form.reading",
    "shared.registers.form.showing",
    "shared.registers.load",
    "shared.service",
    "uvloop",
)
DEATH_SIGNAL, NAME = 1, 15  # of prctl(2)


@dataclass(frozen=True)
class ForkRequest:
    """A request to run `python -m <module>`, with descriptors for its output and its environment (JSON)."""

    module: str
    output: int
    environment: int


def main(modules: Sequence[str]) -> None:
    """Import, then fork on request until the socket is closed. In a child, run the requested module."""
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # a later collection would write to the shared memory pages
    server_pid = os.getpid()
    with socket.socket(fileno=sys.stdin.fileno()) as requests, selectors.DefaultSelector() as watched:
        watched.register(requests, selectors.EVENT_READ, 0)
        fork_request = _serve(requests, watched)
    if fork_request is not None:
        _leave(fork_request, server_pid)
        runpy.run_module(fork_request.module, run_name="__main__", alter_sys=True)


def _serve(requests: socket.socket, watched: selectors.BaseSelector) -> ForkRequest | None:
    """Serve requests. Return None in the server when the socket is closed, and the request in each child."""
    while True:
        for key, _ in watched.select():
            if key.data:
                _report_end(key, watched)
                continue
            module, descriptors, _, _ = socket.recv_fds(requests, 1024, 2)
            if not module:
                return None
            fork_request = ForkRequest(module.decode(), *descriptors)
            if _fork(fork_request, watched):
                return fork_request


def _fork(fork_request: ForkRequest, watched: selectors.BaseSelector) -> bool:
    """Fork. Return True in the child."""
    pid = os.fork()
    if pid == 0:
        for key in watched.get_map().values():
            if key.data:  # a sibling's descriptor
                os.close(key.fd)
        return True
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(pid, pid)  # in the parent and in the child, so that the group exists whichever runs first
    os.close(fork_request.output)
    os.close(fork_request.environment)
    watched.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
    _say(f"started {pid}")
    return False


def _report_end(key: selectors.SelectorKey, watched: selectors.BaseSelector) -> None:
    _, status = os.waitpid(key.data, 0)
    watched.unregister(key.fileobj)
    os.close(key.fd)
    _say(f"ended {key.data} {os.waitstatus_to_exitcode(status)}")


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{line}\n".encode())


def _leave(fork_request: ForkRequest, server_pid: int) -> None:
    """Give the child its own group, output, name and environment. The kernel ends it when the server ends."""
    os.setpgid(0, 0)
    kernel = ctypes.CDLL(None)
    kernel.prctl(DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    kernel.prctl(NAME, fork_request.module.rpartition(".")[2].encode(), 0, 0, 0)
    if os.getppid() != server_pid:
        sys.exit("the prefork server has ended")
    nothing = os.open(os.devnull, os.O_RDONLY)
    for theirs, ours in ((nothing, 0), (fork_request.output, 1), (fork_request.output, 2)):
        if theirs != ours:
            os.dup2(theirs, ours)
    for spare in {nothing, fork_request.output} - {0, 1, 2}:
        os.close(spare)
    with os.fdopen(fork_request.environment, encoding="utf-8") as given:
        _replace_environment(json.load(given))


def _replace_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


if __name__ == "__main__":
    main(sys.argv[1:] or COMMON)
