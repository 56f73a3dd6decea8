"""Start the gateway process."""

from gateway.server.run import run
from gateway.server.settings import GatewaySettings
from shared.settings import read_settings

if __name__ == "__main__":
    run(read_settings(GatewaySettings))
