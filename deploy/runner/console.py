"""What the runner and its children write to the terminal: one line at a time, each with the name of its writer."""

import os
import sys

WIDTH = 12


class Console:
    """Writes whole lines; a terminal that has gone away is not a reason to stop."""

    def line(self, name: str, text: str) -> None:
        self.plain(f"{name:<{WIDTH}} | {text}")

    def say(self, text: str) -> None:
        """What the runner itself has to tell."""
        self.line("ics", text)

    def plain(self, text: str) -> None:
        try:
            print(text, flush=True)
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
