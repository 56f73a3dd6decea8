"""Starts the identity service."""

from functools import partial

from services.identity.service import build
from services.identity.settings import Settings
from shared.service import run

if __name__ == "__main__":
    settings = Settings()
    run("identity", settings, partial(build, settings=settings))
