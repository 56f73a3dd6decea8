"""What the tests of the nursery fork: says what it was given, and does what it is told."""

import os
import signal
import sys

if __name__ == "__main__":
    order = os.environ.get("ORDER")
    sys.stdout.write(f"{order} {os.environ.get('SECRET')} {'asyncpg' in sys.modules}\n")
    if order == "leave":
        sys.exit(3)
    if order == "fail":
        raise RuntimeError("failed")
    if order == "have children":
        os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "600")
    signal.pause()
