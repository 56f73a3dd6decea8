"""Starts the reports service."""

from services.reports.service import build
from services.reports.settings import Settings
from shared.service import run

if __name__ == "__main__":
    run("reports", Settings(), build)
