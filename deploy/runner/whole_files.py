"""Write a small file so that a reader sees either all of it or nothing."""

from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write the text to a temporary file in the same folder, then rename it to the target."""
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(file)
