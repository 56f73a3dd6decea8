"""Starts the identity service."""

from services.identity.service import build
from services.identity.settings import Settings
from shared.service import run

if __name__ == "__main__":
    run("identity", Settings(), build)
