"""Starts the outcomes service."""

from functools import partial

from services.outcomes.service import build
from services.outcomes.settings import Settings
from shared.service import run

if __name__ == "__main__":
    settings = Settings()
    run("outcomes", settings, partial(build, settings=settings))
