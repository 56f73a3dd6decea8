"""Starts the referrals service."""

from functools import partial

from services.referrals.service import build
from services.referrals.settings import Settings
from shared.service import run

if __name__ == "__main__":
    settings = Settings()
    run("referrals", settings, partial(build, settings=settings))
