"""Building the front-end files: what is cut out, what is renamed, what is refused."""

import gzip
import json
import re
from pathlib import Path

import pytest

from deploy.build.assets import VERSION, CannotBuild, build

FONTS = "@font-face{font-family:Frutiger W01;src:url(https://fonts.example/a.woff2)}" * 2
STYLE = (
    FONTS
    + ".a{font-family:Frutiger W01,arial}.b{background:url(/assets/images/cross.svg)}\n/*# sourceMappingURL=a.map */"
)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a made-up copy of the design system's package, with the same layout."""
    package = tmp_path / "nhsuk-frontend"
    pictures = package / "dist" / "nhsuk" / "assets" / "images"
    pictures.mkdir(parents=True)
    (pictures / "cross.svg").write_text("<svg/>")
    (pictures / "logo.svg").write_text("<svg>a logo</svg>")
    (package / "package.json").write_text(json.dumps({"version": VERSION}))
    (package / "dist" / "nhsuk" / "nhsuk-frontend.min.css").write_text(STYLE)
    (package / "dist" / "nhsuk" / "nhsuk-frontend.min.js").write_text(
        "export const initAll=()=>{};//# sourceMappingURL=a.map"
    )
    return package


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    (source / "ics.js").write_text('import { initAll } from "./nhsuk-frontend.js";\nimport "./more.js";\n')
    (source / "more.js").write_text('const told = "./elsewhere.js";')
    (source / "notes.txt").write_text("not for the web")
    return source


def test_fonts_outside_addresses_and_maps_are_gone(package: Path, source: Path, tmp_path: Path) -> None:
    names = build(package, source, tmp_path / "built")

    style = (tmp_path / "built" / names["nhsuk-frontend.css"]).read_text()
    assert f".a{{font-family:arial}}.b{{background:url(./{names['cross.svg']})}}" == style.strip()


def test_pictures_that_nothing_shows_are_left_behind(package: Path, source: Path, tmp_path: Path) -> None:
    names = build(package, source, tmp_path / "built")

    assert ["cross.svg", "ics.js", "more.js", "nhsuk-frontend.css", "nhsuk-frontend.js"] == sorted(names)


def test_scripts_load_each_other_by_their_served_names(package: Path, source: Path, tmp_path: Path) -> None:
    names = build(package, source, tmp_path / "built")

    script = (tmp_path / "built" / names["ics.js"]).read_text()
    assert [f"./{names['nhsuk-frontend.js']}", f"./{names['more.js']}"] == re.findall(r'"(.+?)"', script)
    assert 'const told = "./elsewhere.js";' == (tmp_path / "built" / names["more.js"]).read_text()


def test_a_file_that_changes_changes_its_name_and_that_of_what_loads_it(
    package: Path, source: Path, tmp_path: Path
) -> None:
    before = build(package, source, tmp_path / "built")
    (source / "more.js").write_text("changed();")
    after = build(package, source, tmp_path / "built")

    assert {"ics.js", "more.js"} == {name for name in before if before[name] != after[name]}
    assert not (tmp_path / "built" / before["more.js"]).exists()


def test_the_manifest_says_what_was_built_and_packed_copies_are_the_same(
    package: Path, source: Path, tmp_path: Path
) -> None:
    names = build(package, source, tmp_path / "built")

    assert names == json.loads((tmp_path / "built" / "manifest.json").read_text())
    for served in names.values():
        plain = tmp_path / "built" / served
        assert plain.read_bytes() == gzip.decompress(plain.with_name(f"{served}.gz").read_bytes())


@pytest.mark.parametrize(
    ("style", "why"),
    [
        (STYLE + "@font-face{font-family:Frutiger W01}", "fonts"),
        (STYLE + ".c{background:url(https://elsewhere.example/a.png)}", "outside addresses"),
    ],
)
def test_a_style_sheet_that_is_not_as_expected_is_not_built(
    package: Path, source: Path, tmp_path: Path, style: str, why: str
) -> None:
    (package / "dist" / "nhsuk" / "nhsuk-frontend.min.css").write_text(style)

    with pytest.raises(CannotBuild, match=why):
        build(package, source, tmp_path / "built")


def test_another_version_of_the_design_system_is_not_built(package: Path, source: Path, tmp_path: Path) -> None:
    (package / "package.json").write_text(json.dumps({"version": "9.0.0"}))

    with pytest.raises(CannotBuild, match=f"9.0.0 is installed, {VERSION} is expected"):
        build(package, source, tmp_path / "built")


def test_without_the_package_the_way_to_it_is_told(source: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotBuild, match="npm ci"):
        build(tmp_path / "nowhere", source, tmp_path / "built")
