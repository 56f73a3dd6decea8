"""Starts the notifier service."""

from functools import partial

from services.notifier.service import build
from services.notifier.settings import Settings
from shared.service import run

if __name__ == "__main__":
    settings = Settings()
    run("notifier", settings, partial(build, settings=settings))
