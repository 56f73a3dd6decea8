"""Start the identity service."""

from services.identity.service import build
from services.identity.settings import IdentitySettings
from shared.service import run
from shared.settings import read_settings

if __name__ == "__main__":
    run("identity", read_settings(IdentitySettings), build)
