"""
The file of a backup: named parts and a manifest, encrypted as one stream that cannot be changed, reordered or cut.

A line in clear says the format and how the key follows from the secret. Then come blocks: four bytes of length, and a
message of libsodium's secretstream (XChaCha20-Poly1305). The first byte of a message says what it is: the name of a
part, data of that part, or the manifest, which is the last message.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.utils import random

from deploy.runner.refusals import CannotStart

FORMAT = "ics-registers backup 1"
CHUNK = 1_048_576
LONGEST_LINE = 1000
NAME, DATA, MANIFEST = b"N", b"D", b"M"
OVERHEAD = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
GOES_ON = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
FINAL = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL
NO_BACKUP = "{file} is not a backup of ICS Registers, or was made by a newer version."
WRONG_SECRET = "The passphrase or key is not the one of this backup."  # noqa: S105 - a sentence
DAMAGED = "The backup {file} is damaged or incomplete. Nothing was restored: use another backup."


@dataclass(frozen=True)
class PartDigest:
    """The size and SHA-256 of one part."""

    size: int
    sha256: str


@dataclass
class Digesting:
    """The digest of a part while its data passes."""

    size: int = 0
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self._hash.update(data)

    def digest(self) -> PartDigest:
        return PartDigest(self.size, self._hash.hexdigest())


def derive_key(secret: bytes, salt: bytes) -> bytes:
    """Return the key of a backup. It takes 64 MB and half a second, so that passphrases are slow to guess."""
    size = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES
    return argon2id.kdf(size, secret, salt, opslimit=4, memlimit=argon2id.MEMLIMIT_INTERACTIVE)


class ArchiveWriter:
    """Writes a new backup file: parts one after another, then the manifest."""

    def __init__(self, file: BinaryIO, secret: bytes) -> None:
        salt = random(argon2id.SALTBYTES)
        self._file = file
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, derive_key(secret, salt))
        self._line = json.dumps({"format": FORMAT, "salt": salt.hex(), "header": header.hex()}).encode() + b"\n"
        self._parts: dict[str, Digesting] = {}
        self._part = Digesting()
        file.write(self._line)

    def begin(self, name: str) -> None:
        """Begin the part of this name. What is added next belongs to it."""
        self._part = self._parts[name] = Digesting()
        self._put(NAME + name.encode())

    def add(self, data: bytes) -> None:
        """Add data, at most one mebibyte, to the part."""
        self._part.add(data)
        self._put(DATA + data)

    def digests(self) -> dict[str, PartDigest]:
        return {name: part.digest() for name, part in self._parts.items()}

    def finish(self, manifest: bytes) -> None:
        self._put(MANIFEST + manifest, FINAL)

    def _put(self, message: bytes, tag: int = GOES_ON) -> None:
        """Each message vouches for the line in clear too."""
        block = bindings.crypto_secretstream_xchacha20poly1305_push(self._state, message, self._line, tag)
        self._file.write(len(block).to_bytes(4, "big") + block)


@dataclass(frozen=True, repr=False)
class Archive:
    """A backup file to read. `key` is derived once by `open_archive`."""

    file: Path
    line: bytes
    header: bytes
    key: bytes

    def read_through(self) -> tuple[bytes, dict[str, PartDigest]]:
        """Read the whole file. Return its manifest, and the digest of each part as found."""
        manifest, found = b"", dict[str, Digesting]()
        for name, data in self._messages():
            if name:
                found.setdefault(name, Digesting()).add(data)
            else:
                manifest = data
        return manifest, {name: part.digest() for name, part in found.items()}

    def part(self, wanted: str) -> Iterator[bytes]:
        """Yield the data of one part."""
        for name, data in self._messages():
            if name == wanted:
                yield data

    def _messages(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name of the part with each piece of data, and at the end the manifest under an empty name."""
        state = bindings.crypto_secretstream_xchacha20poly1305_state()
        bindings.crypto_secretstream_xchacha20poly1305_init_pull(state, self.header, self.key)
        name, is_first = "", True
        with self.file.open("rb") as stream:
            stream.seek(len(self.line))
            while True:
                kind, data, is_last = self._next(stream, state, is_first=is_first)
                is_first = False
                if is_last:
                    yield "", data
                    return
                if kind == NAME:
                    name = data.decode()
                    data = b""
                yield name, data

    def _next(
        self, stream: BinaryIO, state: "bindings.crypto_secretstream_xchacha20poly1305_state", *, is_first: bool
    ) -> tuple[bytes, bytes, bool]:
        """Return kind, content, and whether it is the last message."""
        damaged = CannotStart(DAMAGED.format(file=self.file))
        length = int.from_bytes(stream.read(4), "big")
        block = stream.read(length) if OVERHEAD < length <= CHUNK + OVERHEAD + 1 else b""
        if not block or len(block) < length:
            raise damaged
        try:
            message, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(state, block, self.line)
        except (CryptoError, RuntimeError):
            raise CannotStart(WRONG_SECRET) if is_first else damaged from None
        kind, is_last = message[:1], tag == FINAL
        if is_last and (kind != MANIFEST or stream.read(1)):
            raise damaged
        return kind, message[1:], is_last


def open_archive(file: Path, secret: bytes) -> Archive:
    """Read the line in clear and derive the key. Raise `CannotStart` if the file is no backup."""
    try:
        with file.open("rb") as stream:
            line = stream.readline(LONGEST_LINE)
        clear = json.loads(line)
        if clear["format"] != FORMAT:
            raise ValueError
        salt, header = bytes.fromhex(clear["salt"]), bytes.fromhex(clear["header"])
        return Archive(file, line, header, derive_key(secret, salt))
    except OSError as error:
        raise CannotStart(f"The backup {file} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise CannotStart(NO_BACKUP.format(file=file)) from None
