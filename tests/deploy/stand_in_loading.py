"""Stands in for what fills a new installation: leaves a line each time it is run."""

import os
from pathlib import Path

if __name__ == "__main__":
    with Path(os.environ["ICS_STATE_DIR"], "loads").open("a", encoding="ascii") as loads:
        loads.write("loaded\n")
