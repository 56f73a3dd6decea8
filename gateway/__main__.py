"""Start the gateway process."""

from gateway.server.run import run
from gateway.server.settings import GatewaySettings

if __name__ == "__main__":
    run(GatewaySettings())
