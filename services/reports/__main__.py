"""Starts the reports service."""

from services.reports.service import build
from services.reports.settings import ReportsSettings
from shared.service import run
from shared.settings import read_settings

if __name__ == "__main__":
    run("reports", read_settings(ReportsSettings), build)
