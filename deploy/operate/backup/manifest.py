"""The manifest of a backup: what it holds, of which version it is, and how many rows each table has."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.operate.backup.archive import Archive, PartDigest
from deploy.runner.places import migration_folders
from deploy.runner.refusals import CannotStart
from shared.messages import SERVICES
from shared.migrate import read_folder
from shared.release import RELEASE
from shared.version import VERSION

NEWER = "This backup was made by version {version}, which is newer than {ours}. Install that version to restore it."


class DatabaseDump(BaseModel):
    """One database: the part that holds its dump, the services in it, and its size on disk in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str
    services: list[str]
    size: int


class Manifest(BaseModel):
    """
    What a backup holds.

    `migrations` are the names of the applied migrations of each service, and `rows` counts the rows of each table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    release: int
    made_at: datetime
    databases: list[DatabaseDump]
    migrations: dict[str, list[str]]
    rows: dict[str, int]
    parts: dict[str, PartDigest]

    @property
    def size(self) -> int:
        """The bytes that the databases took on disk."""
        return sum(each.size for each in self.databases)

    @classmethod
    def verified(cls, archive: Archive) -> Self:
        """
        Read the whole backup, and return its manifest.

        Raise `CannotStart` if a part is damaged, or if the backup was made by a newer version.
        """
        written, digests = archive.read_through()
        try:
            found = cls.model_validate_json(written)
        except ValidationError:
            raise CannotStart("This backup has another form: it was made by a newer version.") from None
        if found.parts != digests:
            raise CannotStart("A part of the backup is not what its manifest says. Nothing was restored.")
        known: dict[str, set[str]] = {
            service: {file.name for path in migration_folders(service) for file in read_folder(path)}
            for service in SERVICES
        }
        newer = any(set(names) - known.get(service, set()) for service, names in found.migrations.items())
        if newer or found.release > RELEASE:
            raise CannotStart(NEWER.format(version=found.version, ours=VERSION))
        return found
