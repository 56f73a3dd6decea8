"""How a process learns that it is to stop."""

import asyncio
import signal


def stop_signal() -> asyncio.Event:
    """Set when the process is asked to stop, by SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    return stopping
