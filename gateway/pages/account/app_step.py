"""The second step of a log-in by authenticator app: the code that the app shows, or a recovery code."""

from aiohttp import web

from gateway.keys import REGISTER
from gateway.pages.account.second_step import CodePage, app_code_field, open_page, verify
from gateway.pages.account.sign_in import APP, RECOVERY
from gateway.ui.form import Field, Form
from gateway.ui.render import show
from shared.registers.definition.register import Definition


async def app_page(request: web.Request) -> web.Response:
    return await open_page(request, APP_PAGE)


async def verify_app(request: web.Request) -> web.Response:
    return await verify(request, APP_PAGE)


async def recovery_page(request: web.Request) -> web.Response:
    return await open_page(request, RECOVERY_PAGE)


async def verify_recovery(request: web.Request) -> web.Response:
    return await verify(request, RECOVERY_PAGE)


def _app_field(register: Definition) -> Field:
    return app_code_field(register.words)


def _recovery_field(register: Definition) -> Field:
    words = register.words
    missing = words("recovery_step.missing")
    return Field("code", words("recovery_step.label"), missing=missing, autocomplete="off", width=20)


async def _show_app(request: web.Request, form: Form) -> web.Response:
    return await _show(request, "account/app_step.html", form)


async def _show_recovery(request: web.Request, form: Form) -> web.Response:
    return await _show(request, "account/recovery_step.html", form)


async def _show(request: web.Request, template: str, form: Form) -> web.Response:
    register = request[REGISTER]
    return await show(
        request,
        template,
        form=form,
        words=register.words,
        site=register.identity.site_name,
        contact=register.contact.administrator_email,
        app=register.address(APP),
        recovery=register.address(RECOVERY),
        cancel=register.address("login/cancel"),
    )


APP_PAGE = CodePage(
    "code", lambda register: app_code_field(register.words), _show_app, lambda words: words("app_step.refused")
)
RECOVERY_PAGE = CodePage(
    "code", _recovery_field, _show_recovery, lambda words: words("recovery_step.refused"), remembers=False
)
