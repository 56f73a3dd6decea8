"""Start the outcomes service."""

from services.outcomes.service import build
from services.outcomes.settings import OutcomesSettings
from shared.service import run
from shared.settings import read_settings

if __name__ == "__main__":
    run("outcomes", read_settings(OutcomesSettings), build)
