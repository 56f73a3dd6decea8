"""Starts the referrals service."""

from services.referrals.service import build
from services.referrals.settings import ReferralsSettings
from shared.service import run

if __name__ == "__main__":
    run("referrals", ReferralsSettings(), build)
