"""Starts the gateway."""

from gateway.run import run
from gateway.settings import Settings

if __name__ == "__main__":
    run(Settings())
