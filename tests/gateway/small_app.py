"""The gateway's public pages without any service, with every error and a page that shows every component."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from aiohttp import web
from jinja2 import ChainableUndefined, ChoiceLoader, FileSystemLoader
from markupsafe import Markup

from gateway.pages import public
from gateway.security.guard import ANYONE, PageRoute
from gateway.security.network import ANYWHERE, NetworkPolicy
from gateway.server.app import AppContext, build_app
from gateway.ui.brand import Brand
from gateway.ui.form import Choice, Field, Form
from gateway.ui.masthead import MASTHEAD, SIGNED_IN, Masthead, NavigationItem
from gateway.ui.render import Templates, show
from gateway.ui.static import Static
from gateway.ui.table import Column, Paging, risk_mark
from shared.fake_bus import FakeBus
from shared.messages import Fault, NotAnswered, Refused
from shared.registers.files import LoadedRegister
from shared.registers.load import Registers, load_registers

YES_NO = (Choice("yes", "Yes"), Choice("no", "No"))
NAVIGATION = tuple(
    NavigationItem(label, f"/dsr/{place}/", current=place == "referrals", posted=place == "logout")
    for place, label in (
        ("home", "Home"),
        ("new", "Submit New Referral"),
        ("referrals", "Referrals"),
        ("reporting", "Reporting"),
        ("help", "Help"),
        ("password", "Change Password"),
        ("administration", "Administration"),
        ("logout", "Logout"),
    )
)
LOGGED_IN = Masthead(
    "Staffordshire and Stoke-on-Trent DSR",
    "Dynamic Support Register",
    home="/dsr/",
    help="/dsr/help/",
    account="/dsr/account/",
    navigation=NAVIGATION,
)

FIELDS = (
    Field("name", "First Name*", missing="Enter the first name", autocomplete="given-name"),
    Field(
        "email", "Email Address", kind="email", hint="One that ends in nhs.net, nhs.uk or gov.uk", autocomplete="email"
    ),
    Field("password", "Current Password", kind="password", placeholder="Your current password", missing="Enter it"),
    Field("born", "Date of birth", kind="date", hint="For example, 7 2 2001", missing="Enter the date of birth"),
    Field("tries", "How often", kind="whole_number", width=2),
    Field("organisation", "Referring Organisation", kind="select", choices=(Choice("", "All Organisations"), *YES_NO)),
    Field(
        "ethnicity",
        "Ethnicity",
        kind="select",
        choices=(
            Choice("", "Select Option"),
            Choice("a", "British", group="White"),
            Choice("b", "Other", group="Other"),
        ),
    ),
    Field("capacity", "Does the person have capacity?", kind="choice", choices=YES_NO, missing="Say whether they have"),
    Field("decision", "Who decided?"),
    Field("told", "Who is told", kind="choices", choices=(Choice("a", "The team", "By e-mail"), Choice("b", "You"))),
    Field("update", "Latest Update for DSR Meeting", kind="long_text"),
    Field("sheet", "Select the CSV file to upload", kind="file"),
)
COLUMNS = tuple(
    Column(label) for label in ("NAME", "ORG", "LOCALITY", "RISK LEVEL", "DATE CREATED", "CREATED BY", "ACTIONS")
)


def rows() -> list[list[str | Markup]]:
    view = Markup('<a class="nhsuk-link" href="/dsr/1/">View<span class="nhsuk-u-visually-hidden"> {}</span></a>')
    organisation, locality = "Stoke on Trent City Council (@stoke.gov.uk)", "South Staffordshire"
    return [
        [name, organisation, locality, risk_mark(word.lower(), word), "17/06/2022", "Jayne Billings", view.format(name)]
        for name, word in (("Tester Three", "Red"), ("Tester Four", "Amber"), ("<b>Tester & Five", "Green"))
    ]


async def showcase(request: web.Request) -> web.Response:
    """Show the components. A posted form that lacks answers is shown again with every message."""
    request[MASTHEAD] = partial(replace, LOGGED_IN)
    request[SIGNED_IN] = partial(str, "User logged in: Jayne Billings")
    form = Form(FIELDS)
    if request.method == "POST":
        form.read(await request.post())
    status = 422 if form.errors else 200
    paging = Paging(1, (1, 2, 3, 0, 8), next="2")
    return await show(request, "showcase.html", status=status, form=form, columns=COLUMNS, rows=rows(), paging=paging)


async def fail(request: web.Request) -> web.Response:
    """Raise the failure that the address names."""
    raise FAILURES[request.match_info["how"]]


FAILURES: dict[str, Exception] = {
    "400": web.HTTPBadRequest(),
    "403": web.HTTPForbidden(),
    "409": Refused("conflict"),
    "413": web.HTTPRequestEntityTooLarge(max_size=1, actual_size=2),
    "429": web.HTTPTooManyRequests(headers={"Retry-After": "60"}),
    "500": ValueError("Ruby Scarlet, born 7 February 2001"),
    "503": NotAnswered(Fault.UNAVAILABLE),
    "unknown": Refused("a_code_without_a_page"),
}


PAGES = (
    PageRoute("GET", "/", public.start, ANYONE),
    PageRoute("GET", "/help/", public.general_help, ANYONE),
    PageRoute("GET", "/accessibility/", public.accessibility, ANYONE),
    PageRoute("GET", "/privacy/", public.privacy, ANYONE),
    PageRoute("GET", "/showcase/", showcase, ANYONE),
    PageRoute("POST", "/showcase/", showcase, ANYONE),
    PageRoute("GET", "/fail/{how}/", fail, ANYONE),
    PageRoute("GET", "/{register}/", public.public_home, ANYONE),
    PageRoute("GET", "/{register}/help/", public.register_help, ANYONE),
)


def two_registers() -> Registers:
    """Return two registers: the DSR, and one in which administrators create the accounts."""
    dsr = next(each for each in load_registers().every() if each.definition.code == "dsr")
    other = dsr.definition.model_copy(
        update={
            "identity": dsr.definition.identity.model_copy(update={"code": "other", "name": "Other Register"}),
            "access": dsr.definition.access.model_copy(update={"self_registration": False}),
        }
    )
    return Registers((dsr, LoadedRegister(other, dsr.sha256)))


def small_app(
    cache: Path,
    *,
    brand: Brand | None = None,
    registers: Registers | None = None,
    public_url: str = "",
    undefined: type[ChainableUndefined] = ChainableUndefined,
    demo: bool = False,
    reach: NetworkPolicy = ANYWHERE,
    trusted_proxies: int = 0,
    hosts: frozenset[str] = frozenset(),
) -> web.Application:
    static = Static()
    templates = Templates(static, brand or Brand(), cache, demo=demo, undefined=undefined)
    ours = FileSystemLoader(Path(__file__).parent / "templates")
    templates.environment.loader = ChoiceLoader([ours, templates.environment.loader or ours])
    context = AppContext(
        FakeBus("gateway"),
        registers or two_registers(),
        templates,
        static,
        public_url=public_url,
        reach=reach,
        trusted_proxies=trusted_proxies,
        hosts=hosts,
    )
    return build_app(context, PAGES)
