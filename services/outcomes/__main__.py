"""Start the outcomes service."""

from services.outcomes.service import build
from services.outcomes.settings import OutcomesSettings
from shared.service import run

if __name__ == "__main__":
    run("outcomes", OutcomesSettings(), build)
