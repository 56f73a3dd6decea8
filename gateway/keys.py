"""Request and application keys that every part of the gateway reads. Other keys are defined next to their class."""

from pathlib import Path

from aiohttp import web

from shared.bus.protocol import Bus
from shared.overlays import OverlayFollower
from shared.permissions import Visitor
from shared.registers.definition.register import Definition
from shared.registers.load import Registers

BUS: web.AppKey[Bus] = web.AppKey("bus")
OVERLAYS = web.AppKey("overlays", OverlayFollower)
REGISTERS = web.AppKey("registers", Registers)
PUBLIC_URL = web.AppKey("public_url", str)
TRUSTED_PROXIES = web.AppKey("trusted_proxies", int)
DEMO_MAIL_DIR: web.AppKey[Path | None] = web.AppKey("demo_mail_dir")

CSP_NONCE = web.RequestKey("csp_nonce", str)
CSRF_TOKEN = web.RequestKey("csrf_token", str)
REGISTER = web.RequestKey("register", Definition)
SENT_AGAIN = web.RequestKey("sent_again", bool)
VISITOR = web.RequestKey("visitor", Visitor)
ASSERTION = web.RequestKey("assertion", str)
