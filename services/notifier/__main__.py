"""Start the notifier service."""

from services.notifier.service import build
from services.notifier.settings import NotifierSettings
from shared.service import run
from shared.settings import read_settings

if __name__ == "__main__":
    run("notifier", read_settings(NotifierSettings), build)
