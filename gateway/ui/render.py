"""The templates, and answering a request with a page or a redirect."""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from aiohttp import web
from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PackageLoader,
)
from markupsafe import Markup

from gateway.keys import CSP_NONCE, CSRF_TOKEN, REGISTER
from gateway.ui.brand import Brand
from gateway.ui.form import Form, HoledForm
from gateway.ui.help_links import help_link
from gateway.ui.hold import HOLD
from gateway.ui.masthead import MASTHEAD, SIGNED_IN, Masthead
from gateway.ui.shell import Holes, Same, Shell, Shells
from gateway.ui.static import Static
from gateway.ui.table import Cell, risk_mark, table_rows
from gateway.ui.time_out import TIME_OUT
from shared.clock import london_today, utc_now
from shared.registers.definition.register import Definition
from shared.values import LONDON

FOLDER = Path(__file__).parents[1] / "templates"


def environment(cache: Path, undefined: type[ChainableUndefined] = ChainableUndefined) -> Environment:
    """
    Return the template environment: our templates, then the NHS components, which need chainable undefined values and
    autoescaping.

    `cache` is a folder for compiled templates. They are code, so no other user may write there.
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
    """All templates, compiled once, with what every page shares: brand, front-end files, demo mode."""

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
        self.shells = Shells()
        self.environment.globals.update(
            asset=static.address, brand=brand, demo=demo, risk_mark=risk_mark, table_rows=table_rows
        )

    def warm(self) -> None:
        """Compile our templates before the first request: a form takes a third of a second the first time."""
        for file in FOLDER.rglob("*.html"):
            self.environment.get_template(file.relative_to(FOLDER).as_posix())

    def render(self, template: str, values: Mapping[str, object]) -> str:
        return self.environment.get_template(template).render(values)

    def shell(
        self, template: str, names: Iterable[str], values: Mapping[str, object], form: Form | None = None
    ) -> Shell:
        """Return the page or part that is kept for these values, with holes of these names and for what is typed."""
        fields = form.fields if form else None

        def render(holes: Holes) -> str:
            shown = {name: holes.hole(name) for name in names}
            holed = None if fields is None else HoledForm(fields, holes)
            return self.render(template, {"form": holed, **shown, **values})

        return self.shells.find((template, Same(fields), *names, *map(_key, values.items())), render)


def _key(item: tuple[str, object]) -> tuple[str, object]:
    name, value = item
    return (name, Same(value)) if isinstance(value, Definition) else item


TEMPLATES = web.AppKey("templates", Templates)


async def show(
    request: web.Request,
    template: str,
    *,
    status: int | None = None,
    form: Form | None = None,
    holes: Mapping[str, Cell] | None = None,
    **values: object,
) -> web.Response:
    """
    Answer with a page. Besides the values given here, every template sees those of `_shared` and `_fresh`, `brand` and
    `demo`.

    `form` gives the page its error summary, the "Error: " of its title, and its status after a POST.

    A page with `holes` is kept, except while its form has errors; see `gateway.ui.shell`. Its other values must be
    hashable.
    """
    templates, shown, fresh = request.config_dict[TEMPLATES], _shared(request) | values, _fresh(request)
    if holes is None or (form and form.summary):
        page = templates.render(template, {"form": form, **fresh, **(holes or {}), **shown})
    else:
        filled = form.filled() if form else {}
        filled.update({**fresh, **holes})
        page = templates.shell(template, (*fresh, *holes), shown, form).fill(filled)
    sent = form.status if form and request.method == "POST" else 200
    return web.Response(text=page, content_type="text/html", status=status or sent)


def show_part(request: web.Request, template: str, **values: object) -> Markup:
    """Return a part of a page, which sees `register` and what is given here."""
    shown = {"register": request.get(REGISTER), **values}
    return Markup(request.config_dict[TEMPLATES].render(template, shown))  # noqa: S704  our template


def kept_part(request: web.Request, template: str, *names: str, **values: object) -> Shell:
    """Return a part of a page that is kept as a page is, with holes of these names to fill."""
    shown = {"register": request.get(REGISTER), **values}
    return request.config_dict[TEMPLATES].shell(template, names, shown)


def _shared(request: web.Request) -> dict[str, object]:
    """Return the values that every page sees and many pages share. `was_sent` means that the page answers a POST."""
    brand = request.config_dict[TEMPLATES].brand.name
    make = request.get(MASTHEAD)
    masthead = make() if make else Masthead(brand, brand)
    time_out = request.get(TIME_OUT)
    hold = request.config_dict.get(HOLD)
    return {
        "register": request.get(REGISTER),
        "masthead": masthead,
        "copyright": masthead.copyright.replace("{year}", str(london_today().year)),
        "time_out": time_out.dialog if time_out else None,
        "held": hold.because if hold else None,
        "help_link": help_link(request),
        "was_sent": request.method == "POST",
    }


def _fresh(request: web.Request) -> dict[str, Cell]:
    """Return the values that differ on every page: the holes of a kept page."""
    time_out, signed_in = request.get(TIME_OUT), request.get(SIGNED_IN)
    return {
        "csrf_token": request.get(CSRF_TOKEN, ""),
        "nonce": request.setdefault(CSP_NONCE, secrets.token_urlsafe(16)),
        "printed": f"{utc_now().astimezone(LONDON):%d/%m/%Y, %H:%M}",
        "signed_in": signed_in() if signed_in else "",
        "page_holder": time_out.holder if time_out else "",
        "seconds_left": str(time_out.seconds) if time_out else "",
        "minutes_left": str(time_out.minutes) if time_out else "",
    }
