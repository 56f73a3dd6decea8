"""The paths of the product's own files."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def migration_folders(service: str) -> tuple[Path, Path]:
    """Return the folders of the SQL files of a service, in the order in which they are applied."""
    return PROJECT / "shared" / "spine", PROJECT / "services" / service / "sql"
