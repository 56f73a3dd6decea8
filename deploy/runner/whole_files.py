"""Writing a small file so that whoever reads it sees all of it or none."""

from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Written beside its place and moved there."""
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(file)
