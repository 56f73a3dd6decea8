"""When a gateway is ready, and what it says of the services in its metrics."""

import pytest
from prometheus_client import REGISTRY

from gateway.server.readiness import needed_and_away
from shared.messages import SERVICES


@pytest.mark.parametrize(
    ("away", "missed"),
    [
        (set(), []),
        ({"reports"}, []),
        ({"outcomes", "notifier", "reports"}, []),
        ({"identity"}, ["identity"]),
        ({"referrals"}, ["referrals"]),
        (set(SERVICES), ["identity", "referrals"]),
    ],
)
async def test_a_gateway_is_ready_while_its_needed_services_answer(away: set[str], missed: list[str]) -> None:
    async def ping(service: str) -> bool:
        return service not in away

    assert missed == await needed_and_away(ping)
    told = {service: REGISTRY.get_sample_value("ics_service_answers", {"service": service}) for service in SERVICES}
    assert {service: float(service not in away) for service in SERVICES} == told
