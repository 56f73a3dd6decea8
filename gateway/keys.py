"""The names under which the gateway keeps what its middlewares, pages and tests share."""

from pathlib import Path

from aiohttp import web

from gateway.masthead import Masthead
from gateway.organisations import OrganisationNames
from gateway.rendering import Templates
from gateway.sessions import Sessions
from gateway.time_out import TimeOut
from shared.bus.protocol import Bus
from shared.overlays import Overlays
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.load import Registers

BUS: web.AppKey[Bus] = web.AppKey("bus")
TEMPLATES = web.AppKey("templates", Templates)
SESSIONS = web.AppKey("sessions", Sessions)
ORGANISATIONS = web.AppKey("organisations", OrganisationNames)
OVERLAYS = web.AppKey("overlays", Overlays)
REGISTERS = web.AppKey("registers", Registers)
PUBLIC_URL = web.AppKey("public_url", str)
TRUSTED_PROXIES = web.AppKey("trusted_proxies", int)
DEMO_MAIL_DIR: web.AppKey[Path | None] = web.AppKey("demo_mail_dir")

CSP_NONCE = web.RequestKey("csp_nonce", str)
CSRF_TOKEN = web.RequestKey("csrf_token", str)
MASTHEAD = web.RequestKey("masthead", Masthead)
REGISTER = web.RequestKey("register", Definition)
SENT_AGAIN = web.RequestKey("sent_again", bool)
TIME_OUT = web.RequestKey("time_out", TimeOut)
VISITOR = web.RequestKey("visitor", Visitor)
ASSERTION = web.RequestKey("assertion", str)
