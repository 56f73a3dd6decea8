"""Starts the reports service."""

from services.reports.service import build
from services.reports.settings import ReportsSettings
from shared.service import run

if __name__ == "__main__":
    run("reports", ReportsSettings(), build)
