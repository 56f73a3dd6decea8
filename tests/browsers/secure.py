"""Puts an https address in front of the product, as every deployment has: WebKit needs it to keep `Secure` cookies."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from deploy.build.programs import TestProgram, find

OPENSSL = TestProgram(
    "The tests in Firefox and WebKit make a certificate of their own with OpenSSL",
    ("openssl",),
    "ICS_OPENSSL",
    "openssl",
    question="version",
)
MAKE = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
FOR_US = ("-addext", "subjectAltName=IP:127.0.0.1")
AT_ONCE = 65_536


@asynccontextmanager
async def secured(base_url: str, folder: Path) -> AsyncIterator[str]:
    """Yield the https address. Every byte is passed on unchanged."""
    passing = partial(_pass_on, urlsplit(base_url).port)
    server = await asyncio.start_server(passing, "127.0.0.1", 0, ssl=await _certified(folder))
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _certified(folder: Path) -> ssl.SSLContext:
    """Return a context with a self-made certificate, which the browsers are told to accept."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    program = await asyncio.to_thread(find, OPENSSL)
    options = (*MAKE.split(), *FOR_US, "-out", str(certificate), "-keyout", str(key))
    made = await asyncio.create_subprocess_exec(str(program), *options, stderr=asyncio.subprocess.DEVNULL)
    assert 0 == await made.wait()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def _pass_on(port: int | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
    except OSError:
        writer.close()  # a browser may close a connection at any time


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(AT_ONCE):
        writer.write(some)
        await writer.drain()
    writer.close()
