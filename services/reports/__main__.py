"""Starts the reports service."""

from functools import partial

from services.reports.service import build
from services.reports.settings import Settings
from shared.service import run

if __name__ == "__main__":
    settings = Settings()
    run("reports", settings, partial(build, settings=settings))
