"""The templates, and the rules under which they become HTML."""

from pathlib import Path

from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PackageLoader,
)

from gateway.brand import Brand
from gateway.rows import risk_mark, table_rows
from gateway.static import Static

FOLDER = Path(__file__).parent / "templates"


def environment(cache: Path, undefined: type[ChainableUndefined] = ChainableUndefined) -> Environment:
    """
    Ours first, then the NHS components, which lean on undefined values that chain and on escaping being on.

    `cache` keeps compiled templates, which are code: nobody else may write there.
    """
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(FOLDER), PackageLoader("nhsuk_frontend_jinja")]),
        undefined=undefined,
        autoescape=True,
        auto_reload=False,
        bytecode_cache=FileSystemBytecodeCache(str(cache)),
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Templates:
    """Every template, compiled once, with what all pages share: brand, front-end files, whether it is a demo."""

    def __init__(
        self,
        static: Static,
        brand: Brand,
        cache: Path,
        *,
        demo: bool = False,
        undefined: type[ChainableUndefined] = ChainableUndefined,
    ) -> None:
        if brand.logo_file:
            static.add("logo", brand.logo_file)
        self.brand = brand
        self.environment = environment(cache, undefined)
        self.environment.globals.update(
            asset=static.address, brand=brand, demo=demo, risk_mark=risk_mark, table_rows=table_rows
        )

    def warm(self) -> None:
        """Compile ours before the first visitor comes: a form takes a third of a second the first time."""
        for file in FOLDER.rglob("*.html"):
            self.environment.get_template(file.relative_to(FOLDER).as_posix())

    def render(self, template: str, values: dict[str, object]) -> str:
        return self.environment.get_template(template).render(values)
