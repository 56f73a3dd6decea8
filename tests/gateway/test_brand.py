"""Tests of a deployment's brand: its name and its logo."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.ui.brand import Brand, read_brand
from gateway.ui.static import BUILT, NotBuilt, Static
from tests.gateway.visit import LOZENGE


def test_without_a_file_the_brand_is_neutral() -> None:
    assert Brand() == read_brand(None)
    assert ("", None) == (Brand().logo_words, Brand().logo_file)


def test_a_logo_lies_beside_the_file_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "brand.toml"
    file.write_text('name = "Our registers"\nlogo = "file"\nlogo_file = "ours.svg"\nlogo_text = "Ours"')

    assert Brand(name="Our registers", logo="file", logo_file=tmp_path / "ours.svg", logo_text="Ours") == read_brand(
        file
    )


@pytest.mark.parametrize(
    "told",
    [
        {"logo": "file", "logo_text": "Ours"},
        {"logo": "file", "logo_file": Path("ours.svg")},
        {"logo": "nhs", "logo_file": Path("ours.exe")},
        {"logo": "mine"},
        {"lego": "none"},
    ],
)
def test_a_brand_that_could_not_be_shown_stops_the_start(told: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Brand.model_validate(told)


def test_no_front_end_file_holds_the_logo_or_the_font_of_the_nhs() -> None:
    for file in BUILT.iterdir():
        if file.suffix != ".gz":
            text = file.read_text(encoding="utf-8")
            assert [] == [mark for mark in (LOZENGE[0], "Frutiger", "://assets.nhs") if mark in text]


def test_without_the_built_files_the_way_to_them_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match=r"python -m deploy\.build\.assets"):
        Static(tmp_path)
