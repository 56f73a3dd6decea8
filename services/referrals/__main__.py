"""Starts the referrals service."""

from services.referrals.service import build
from services.referrals.settings import ReferralsSettings
from shared.service import run
from shared.settings import read_settings

if __name__ == "__main__":
    run("referrals", read_settings(ReferralsSettings), build)
