"""Start the notifier service."""

from services.notifier.service import build
from services.notifier.settings import NotifierSettings
from shared.service import run

if __name__ == "__main__":
    run("notifier", NotifierSettings(), build)
