"""The templates, and answering a request with a page or a redirect."""

import secrets
from datetime import datetime
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

from gateway.keys import CSP_NONCE, CSRF_TOKEN, REGISTER
from gateway.ui.brand import Brand
from gateway.ui.form import Form
from gateway.ui.masthead import MASTHEAD, Masthead
from gateway.ui.static import Static
from gateway.ui.table import risk_mark, table_rows
from gateway.ui.time_out import TIME_OUT
from shared.values import LONDON

FOLDER = Path(__file__).parents[1] / "templates"
NOTICE = "notice"


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
        self.environment.globals.update(
            asset=static.address, brand=brand, demo=demo, risk_mark=risk_mark, table_rows=table_rows
        )

    def warm(self) -> None:
        """Compile our templates before the first request: a form takes a third of a second the first time."""
        for file in FOLDER.rglob("*.html"):
            self.environment.get_template(file.relative_to(FOLDER).as_posix())

    def render(self, template: str, values: dict[str, object]) -> str:
        return self.environment.get_template(template).render(values)


TEMPLATES = web.AppKey("templates", Templates)


async def show(
    request: web.Request, template: str, *, status: int | None = None, form: Form | None = None, **values: object
) -> web.Response:
    """
    Answer with a page. Besides the values given here, every template sees `register`, `masthead`, `csrf_token`,
    `brand`, `demo`, `time_out`, `was_sent` (the page answers a POST) and `printed`.

    `form` gives the page its error summary, the "Error: " of its title, and its status after a POST.
    """
    templates = request.config_dict[TEMPLATES]
    masthead = request.get(MASTHEAD) or Masthead(templates.brand.name, templates.brand.name)
    around = {
        "form": form,
        "register": request.get(REGISTER),
        "masthead": masthead,
        "copyright": masthead.copyright.replace("{year}", str(datetime.now(LONDON).year)),
        "csrf_token": request.get(CSRF_TOKEN, ""),
        "time_out": request.get(TIME_OUT),
        "was_sent": request.method == "POST",
        "printed": f"{datetime.now(LONDON):%d/%m/%Y, %H:%M}",
        "cspNonce": request.setdefault(CSP_NONCE, secrets.token_urlsafe(16)),
    }
    page = templates.render(template, around | values)
    sent = form.status if form and request.method == "POST" else 200
    return web.Response(text=page, content_type="text/html", status=status or sent)


def see_other(url: str, notice: str = "") -> web.Response:
    """Redirect after a POST, so that a reload repeats nothing. The next page shows the text for the code `notice`."""
    said = f"{'&' if '?' in url else '?'}{NOTICE}={notice}" if notice else ""
    return web.Response(status=303, headers={"Location": url + said})
