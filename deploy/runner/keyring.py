"""The secrets of one installation: generated once, and kept in a file that only its owner can read."""

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import nkeys
from nacl.bindings import crypto_sign_seed_keypair

from deploy.build.nats_permissions import DEPLOYER
from deploy.runner.refusals import CannotStart
from shared.messages import PROCESSES, SERVICES

MIGRATOR = "ics_migrator"


def service_roles(services: Iterable[str]) -> tuple[str, ...]:
    """
    Return the login roles of these services: `app` answers visitors, and `background` does the service's own work.
    """
    return tuple(f"{service}_{kind}" for service in services for kind in ("app", "background"))


ROLES = (MIGRATOR, *service_roles(SERVICES))


@dataclass(frozen=True, repr=False)
class Keyring:
    """All secrets, by their owner."""

    superuser_password: str
    pin_key: str
    role_passwords: dict[str, str]
    nats_seeds: dict[str, str]
    signing_seeds: dict[str, str]

    def signing_keys(self) -> dict[str, str]:
        """Return the public half of each service's signing seed. Every service may know it."""
        return {service: _public_signing_key(seed) for service, seed in self.signing_seeds.items()}

    def nats_public_keys(self) -> dict[str, str]:
        """Return the public half of each process's credential. The NATS server gets nothing else."""
        return {name: _public_nats_key(seed) for name, seed in self.nats_seeds.items()}


def _public_signing_key(seed: str) -> str:
    public: bytes
    public, _ = crypto_sign_seed_keypair(bytes.fromhex(seed))
    return public.hex()


def _public_nats_key(seed: str) -> str:
    public: bytes = nkeys.from_seed(bytearray(seed.encode())).public_key
    return public.decode()


def _new_nats_seed() -> str:
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode()


def _new_keyring() -> Keyring:
    return Keyring(secrets.token_hex(24), secrets.token_hex(32), {}, {}, {})


def open_keyring(file: Path) -> Keyring:
    """Read the secrets, and generate those that are missing (all of them, the first time)."""
    known = _read(file) if file.exists() else _new_keyring()
    whole = replace(
        known,
        role_passwords={role: secrets.token_hex(24) for role in ROLES} | known.role_passwords,
        nats_seeds={name: _new_nats_seed() for name in (*PROCESSES, DEPLOYER)} | known.nats_seeds,
        signing_seeds={service: secrets.token_hex(32) for service in SERVICES} | known.signing_seeds,
    )
    if not file.exists() or whole != known:
        _write(file, whole)
    return whole


def _read(file: Path) -> Keyring:
    if file.stat().st_mode & 0o077:
        raise CannotStart(f"{file} can be read by others: set its mode to 0600, and change the secrets if anyone did.")
    try:
        return Keyring(**json.loads(file.read_text(encoding="ascii")))
    except (ValueError, TypeError):
        raise CannotStart(f"{file} is damaged: restore it from a backup. Without it the database stays shut.") from None


def _write(file: Path, keyring: Keyring) -> None:
    """Replace the file in one step, so that a power cut leaves either the old file or the new one."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600, exist_ok=False)
    with new.open("w", encoding="ascii") as stream:
        json.dump(asdict(keyring), stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    new.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
