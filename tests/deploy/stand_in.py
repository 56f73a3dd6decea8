"""A stand-in for a process of the product: it is ready at once and writes its environment to a file."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

OK = b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(OK)
    writer.close()


async def _serve_pages() -> None:
    server = await asyncio.start_server(_answer, os.environ["ICS_HOST"], int(os.environ["ICS_PORT"]))
    Path(os.environ["ICS_PORT_FILE"]).write_text(str(server.sockets[0].getsockname()[1]), encoding="ascii")


async def main() -> None:
    """Run until SIGTERM, which the one named in STAND_IN_DEAF ignores. `reports` starts a child that ignores it."""
    socket = Path(os.environ["ICS_HEALTH_ADDRESS"].removeprefix("unix:"))
    name = socket.name
    socket.with_suffix(".told").write_text(json.dumps(dict(os.environ)))
    if name == os.environ.get("STAND_IN_BROKEN"):
        sys.exit("cannot start")
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    if name == "reports":
        await asyncio.create_subprocess_exec("sh", "-c", "trap '' TERM INT HUP; while :; do sleep 600; done")
    if name == os.environ.get("STAND_IN_DEAF"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)
    if name == "gateway":
        await _serve_pages()
    socket.unlink(missing_ok=True)
    await asyncio.start_unix_server(_answer, socket)
    await stopping.wait()
    print(f"{name} stops", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
