"""
Build the gateway's front-end files: the NHS design system without its fonts, and our styles and scripts.

Each file's name contains a hash of its content.

    python -m deploy.build.assets [--package node_modules/nhsuk-frontend] [--built gateway/assets/built]
"""

import argparse
import gzip
import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "node_modules" / "nhsuk-frontend"
SOURCE = ROOT / "gateway" / "assets" / "source"
BUILT = ROOT / "gateway" / "assets" / "built"

VERSION = "10.6.1"  # the same release as nhsuk-frontend-jinja in pyproject.toml
OURS = (".css", ".js", ".svg")
PACKED = (".css", ".js", ".svg")

FONT_FACE = re.compile(r"@font-face\{[^}]*\}")
FONT_NAME = "Frutiger W01,"  # licensed to NHS bodies only; the next font in the list is Arial
PICTURE = re.compile(r"/assets/images/([\w.-]+)")
MAP_COMMENT = re.compile(r"(/\*|//)# sourceMappingURL=\S+( \*/)?")
MENTION = re.compile(r"""(?<=["'(])(?:\./)?([\w-]+(?:\.[\w-]+)+)(?=["')])""")


class CannotBuild(Exception):
    """The design system is missing, or has another version or content than this build expects."""


def front_end(package: Path) -> dict[str, bytes]:
    """Return the NHS style sheet, its script and the pictures that it shows, by plain name."""
    try:
        version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    except FileNotFoundError:
        raise CannotBuild(f"{package} is missing: run `npm ci` first") from None
    if version != VERSION:
        raise CannotBuild(f"nhsuk-frontend {version} is installed, {VERSION} is expected")
    dist = package / "dist" / "nhsuk"
    style = _without_fonts((dist / "nhsuk-frontend.min.css").read_text(encoding="utf-8"))
    script = (dist / "nhsuk-frontend.min.js").read_text(encoding="utf-8")
    pictures = {name: (dist / "assets" / "images" / name).read_bytes() for name in PICTURE.findall(style)}
    texts = {"nhsuk-frontend.css": PICTURE.sub(r"\1", style), "nhsuk-frontend.js": script}
    return pictures | {name: MAP_COMMENT.sub("", text).encode() for name, text in texts.items()}


def _without_fonts(style: str) -> str:
    cut, rules = FONT_FACE.subn("", style)
    cut = cut.replace(FONT_NAME, "")
    if rules != 2 or "Frutiger" in cut or "//" in MAP_COMMENT.sub("", cut):
        raise CannotBuild("the design system's style sheet is not as expected: look at its fonts and outside addresses")
    return cut


class Build:
    """Gives each file its name. A file that mentions other files is hashed with their final names in it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.finished: dict[str, bytes] = {}
        self.names: dict[str, str] = {}

    def finish(self) -> None:
        for name in sorted(self.files):
            self._name(name)

    def _name(self, name: str) -> str:
        if name not in self.names:
            content = self.files[name]
            if name.endswith((".css", ".js")):
                content = MENTION.sub(self._mentioned, content.decode()).encode()
            stem, _, suffix = name.rpartition(".")
            self.names[name] = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
            self.finished[self.names[name]] = content
        return self.names[name]

    def _mentioned(self, mention: re.Match[str]) -> str:
        name = mention[1]
        return f"./{self._name(name)}" if name in self.files else mention[0]


def build(package: Path = PACKAGE, source: Path = SOURCE, built: Path = BUILT) -> dict[str, str]:
    """
    Build all files, then replace the old ones in one step. Return plain name → served name, as in `manifest.json`.
    """
    ours = {file.name: file.read_bytes() for file in source.iterdir() if file.suffix in OURS}
    work = Build(front_end(package) | ours)
    work.finish()
    new = built.with_name(f"{built.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, content in work.finished.items():
        (new / name).write_bytes(content)
        if name.endswith(PACKED):
            (new / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    (new / "manifest.json").write_text(json.dumps(work.names, indent=2), encoding="utf-8")
    shutil.rmtree(built, ignore_errors=True)
    new.rename(built)
    return work.names


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.build.assets", description="Build the front-end files.")
    parser.add_argument("--package", type=Path, default=PACKAGE)
    parser.add_argument("--built", type=Path, default=BUILT)
    told = parser.parse_args()
    try:
        names = build(told.package, built=told.built)
    except CannotBuild as why:
        sys.exit(f"deploy.build.assets: {why}")
    print(f"Built {len(names)} front-end files in {told.built}")


if __name__ == "__main__":
    main()
