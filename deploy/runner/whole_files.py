"""Write a small file so that a reader sees either all of it or nothing."""

from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write the text to a file beside the target, then rename it."""
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(file)
