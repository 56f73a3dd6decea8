"""Which settings would send data to another machine, or take it from one, without encryption (T24)."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings

NONE: Mapping[str, str] = {}
ENCRYPTED = frozenset({"https", "tls", "wss"})
DATABASE = frozenset({"postgres", "postgresql"})
ENCRYPTED_DATABASE = frozenset({"require", "verify-ca", "verify-full"})
HOW = {
    "nats": "Use an address that begins with tls://.",
    "database": "Add ?sslmode=verify-full to the address.",
    "public": "Use an address that begins with https://.",
    "host": "Listen on 127.0.0.1, behind a proxy with TLS on the same machine.",
}


def is_local(host: str) -> bool:
    """Return whether the host is this machine: a loopback address, `localhost`, or the path of a Unix socket."""
    if host == "localhost" or host.startswith("/"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_in_clear(address: str, environment: Mapping[str, str] = NONE) -> bool:
    """
    Return whether data leaves the machine unencrypted at this address: a URL, or a host to listen on.

    `environment` may hold variables of libpq, which complete the address of a database.
    """
    scheme, has_scheme, _ = address.partition("://")
    if has_scheme and scheme in DATABASE:
        return _is_database_in_clear(address, environment)
    return any(_is_one_in_clear(each.strip()) for each in address.split(","))


def _is_one_in_clear(address: str) -> bool:
    scheme, has_scheme, _ = address.partition("://")
    if not has_scheme:
        return not is_local(address) and not is_local(_host_of(f"//{address}"))
    return scheme not in ENCRYPTED and not is_local(_host_of(address))


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_database_in_clear(address: str, environment: Mapping[str, str]) -> bool:
    """
    Judge an address as asyncpg reads it: with several hosts, hosts in the query, and the variables of libpq.

    A service of libpq may name any host and any encryption, before the variables do. So it counts as another machine.
    """
    split = urlsplit(address)
    query = {name: values[-1] for name, values in parse_qs(split.query).items()}
    has_service = bool(query.get("service") or environment.get("PGSERVICE"))
    variables = NONE if has_service else environment
    named = split.netloc.rpartition("@")[2] or query.get("host", "") or variables.get("PGHOST", "")
    hosts = [_without_port(unquote(each)) for each in named.split(",") if each]
    is_here = all(map(is_local, hosts)) and not (has_service and not hosts)
    mode = query.get("sslmode") or variables.get("PGSSLMODE", "")
    return mode not in ENCRYPTED_DATABASE and not is_here


def _without_port(host: str) -> str:
    return host if host.startswith("/") else _host_of(f"//{host}")


def settings_in_clear(settings: BaseSettings, environment: Mapping[str, str] = NONE) -> list[str]:
    """
    Return the names of the settings that would let data leave the machine unencrypted.

    Every setting that names a server ends in `_url`, and `host` is where pages are served. So a new one is checked too.
    """
    return [name for name, address in _addresses(settings) if is_in_clear(address, environment)]


def _addresses(settings: BaseSettings) -> Iterator[tuple[str, str]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        address = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(address, str) and (name == "host" or (name.endswith("_url") and address)):
            yield name, address


def refuse_in_clear(settings: BaseSettings, environment: Mapping[str, str], *, allowed: bool) -> None:
    """Raise `ValueError` with a plain sentence for each setting in clear, unless the installation allows them."""
    if not allowed and (names := settings_in_clear(settings, environment)):
        raise ValueError("\n".join(map(_sentence, names)))


def _sentence(name: str) -> str:
    how = next((hint for part, hint in HOW.items() if part in name), "Use an address with TLS.")
    return (
        f"{_variable(name)} would let data leave this machine without encryption. {how} "
        "Set ICS_ALLOW_INSECURE=yes only where the network between is protected in another way."
    )


def _variable(name: str) -> str:
    return f"ICS_{name.upper()}"
