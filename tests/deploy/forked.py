"""The module that tests of the prefork server fork: it prints what it was given, and follows its order."""

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
