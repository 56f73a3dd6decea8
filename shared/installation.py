"""Whether this is the installation that acts, or a copy that is held: it sends no mail and no event."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from shared.contracts.installation import HeldBecause
from shared.database import DatabasePool

LOOPBACK = "this machine"

NOTE_START = "SELECT note_start($1)"
READ_HOLD = "SELECT held_because FROM installation"


def address_of(public_url: str) -> str:
    """
    Return what tells one public address from another: scheme, host and port.

    All addresses on loopback are one, because nobody else can reach them, and a demo may take any port. So are those
    that name no host (0.0.0.0).
    """
    url = urlsplit(public_url.strip().lower())
    host = url.hostname or ""
    try:
        is_here = host == "localhost" or ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        is_here = False
    return LOOPBACK if is_here else f"{url.scheme}://{url.netloc}"


async def note_start(pool: DatabasePool, public_url: str) -> HeldBecause | None:
    """
    Tell the database under which address the service starts. Return why the installation is held, or None.

    It is held from now on if it last started under another address or in another database: then this is a copy.
    """
    because: HeldBecause | None = await pool.fetchval(NOTE_START, address_of(public_url))
    return because


async def held_because(pool: DatabasePool) -> HeldBecause | None:
    """Return why the installation is held, or None."""
    because: HeldBecause | None = await pool.fetchval(READ_HOLD)
    return because
