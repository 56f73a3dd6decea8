"""A stand-in for loading the demo: it adds a line to a file each time it runs."""

import os
from pathlib import Path

if __name__ == "__main__":
    with Path(os.environ["ICS_STATE_DIR"], "loads").open("a", encoding="ascii") as loads:
        loads.write("loaded\n")
