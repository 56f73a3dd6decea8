"""The terminal output of the runner and its children: one line at a time, each with the name of its writer."""

import os
import sys

WIDTH = 12


class Console:
    """Writes whole lines. If the terminal has gone away, the output is discarded and the product keeps running."""

    def line(self, name: str, text: str) -> None:
        self.plain(f"{name:<{WIDTH}} | {text}")

    def say(self, text: str) -> None:
        """Write a line of the runner itself."""
        self.line("ics", text)

    def plain(self, text: str) -> None:
        try:
            print(text, flush=True)
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
