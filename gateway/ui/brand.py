"""A deployment's name and logo. The default is neutral: no logo, and no organisation's name."""

import tomllib
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LOGO_TYPES = (".svg", ".png")


class Brand(BaseModel):
    """The deployment's `brand.toml`. A logo is the deployer's own file: the product ships none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="ICS Registers", description="Shown in the header where no register is named.")
    logo: Literal["none", "nhs", "file"] = Field(
        default="none", description="`nhs` needs the owner's written leave; without a file it is the three letters."
    )
    logo_file: Path | None = Field(default=None, description="SVG or PNG, beside the file that names it.")
    logo_text: str = Field(default="", description="What the logo says, for people who do not see it.")
    contact: str = Field(default="", description="Whom to ask when something does not work, in one sentence.")

    @model_validator(mode="after")
    def _logo_can_be_shown(self) -> Self:
        if self.logo == "file" and not (self.logo_file and self.logo_text):
            raise ValueError("a logo from a file needs logo_file and logo_text")
        if self.logo_file and self.logo_file.suffix not in LOGO_TYPES:
            raise ValueError(f"a logo is one of {', '.join(LOGO_TYPES)}")
        return self

    @property
    def logo_words(self) -> str:
        """The logo's text alternative; empty when there is none."""
        return {"none": "", "nhs": "NHS", "file": self.logo_text}[self.logo]


def read_brand(file: Path | None) -> Brand:
    """Return the brand that a deployment's file describes; the neutral one without a file."""
    if file is None:
        return Brand()
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    if "logo_file" in told:
        told["logo_file"] = file.parent / told["logo_file"]
    return Brand.model_validate(told)
