"""Start the identity service."""

from services.identity.service import build
from services.identity.settings import IdentitySettings
from shared.service import run

if __name__ == "__main__":
    run("identity", IdentitySettings(), build)
