"""Settings that would let data leave the machine without encryption, or count all users as one, stop the start."""

import re
from collections.abc import Mapping

import pytest
from prometheus_client import REGISTRY
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from structlog.testing import capture_logs

from deploy.build.documents import SETTINGS
from deploy.runner.refusals import CannotStart
from deploy.runner.settings import RunnerSettings
from deploy.runner.settings import read_settings as read_runner_settings
from gateway.server.settings import GatewaySettings
from services.referrals.settings import ReferralsSettings
from shared.cleartext import is_in_clear, settings_in_clear
from shared.health import tell_in_clear
from shared.settings import read_settings

NEEDED = {
    "NATS_URL": "nats://127.0.0.1:4222",
    "NATS_SEED": "seed",
    "SIGNING_SEED": "00" * 32,
    "SIGNING_KEYS": "{}",
    "PIN_KEY": "00" * 32,
    "DATABASE_URL": "postgresql:///ics",
    "BACKGROUND_DATABASE_URL": "postgresql:///ics",
    "SMTP_HOST": "",
}
CLEAR = {
    "NATS_URL": "nats://10.0.0.5:4222",
    "DATABASE_URL": "postgresql://u:p@10.0.0.6/ics?sslmode=disable",
    "BACKGROUND_DATABASE_URL": "postgresql://b:p@10.0.0.6/ics?sslmode=disable",
    "HOST": "0.0.0.0",  # that is what is refused
    "PUBLIC_URL": "http://ics.example.nhs.uk",
}
NAMES_A_SERVER = re.compile("url|host|address|server|endpoint")
NOT_CHECKED = {
    "smtp_host": "smtp_security refuses an unencrypted connection",
    "smtp_local_hostname": "a name in mails",
    "health_address": "answers whether the process is ready, and figures without personal data",
    "host_names": "names in a Host header",
}


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NEEDED.items():
        monkeypatch.setenv(f"ICS_{name}", value)
    return monkeypatch


def put(tell: pytest.MonkeyPatch, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        tell.setenv(f"ICS_{name}", value)


@pytest.mark.parametrize(
    ("address", "in_clear"),
    [
        ("nats://10.0.0.5:4222", True),
        ("nats://nats:4222", True),
        ("nats://127.0.0.1:1,nats://10.0.0.5:1", True),
        ("10.0.0.5:4222", True),
        ("tls://10.0.0.5:4222", False),
        ("nats://127.0.0.1:4222", False),
        ("nats://[::1]:4222", False),
        ("postgresql://u:p@db/ics", True),
        ("postgresql://u:p@db/ics?sslmode=prefer", True),
        ("postgresql://u:p@127.0.0.1,db/ics", True),
        ("postgresql:///ics?host=db", True),
        ("postgresql:///ics?service=elsewhere", True),
        ("postgresql:///ics?service=elsewhere&sslmode=require", False),
        ("postgresql://u:p@localhost/ics?service=elsewhere", False),
        ("postgres://u:p@db/ics?sslmode=disable&sslmode=require", False),
        ("postgresql://u:p@db/ics?sslmode=verify-full", False),
        ("postgresql://u:p@localhost:5432/ics", False),
        ("postgresql://u@%2Fvar%2Frun%2Fpostgresql/ics", False),
        ("postgresql:///ics?host=/var/run/postgresql", False),
        ("http://ics.example.nhs.uk", True),
        ("http://localhost:8080", False),
        ("https://ics.example.nhs.uk", False),
        ("0.0.0.0", True),
        ("::", True),
        ("", True),
        ("192.168.1.4", True),
        ("127.0.0.1", False),
        ("::1", False),
    ],
)
def test_what_leaves_the_machine_in_clear(address: str, in_clear: bool) -> None:
    assert in_clear == is_in_clear(address)


def test_the_variables_of_libpq_count_too(tell: pytest.MonkeyPatch) -> None:
    tell.setenv("PGHOST", "db")
    with pytest.raises(ValidationError, match="ICS_DATABASE_URL would let data leave"):
        ReferralsSettings()

    tell.setenv("PGSSLMODE", "verify-full")
    assert [] == ReferralsSettings().in_clear


@pytest.mark.parametrize("address", ["postgresql:///ics", "postgresql://u:p@db/ics"])
def test_a_service_of_libpq_may_name_any_host_and_outranks_the_variables(address: str) -> None:
    variables = {"PGHOST": "/var/run/postgresql", "PGSSLMODE": "verify-full"}

    assert not is_in_clear(address, variables)
    assert is_in_clear(address, {**variables, "PGSERVICE": "elsewhere"})


@pytest.mark.parametrize("kind", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("name", CLEAR)
def test_each_process_refuses_each_address_in_clear(
    tell: pytest.MonkeyPatch, kind: type[BaseSettings], name: str
) -> None:
    if name.lower() not in kind.model_fields:
        return
    put(tell, {name: CLEAR[name]})

    with pytest.raises(ValidationError, match=f"ICS_{name} would let data leave"):
        kind()

    put(tell, {"ALLOW_INSECURE": "yes"})
    assert [name.lower()] == settings_in_clear(kind())


def test_every_setting_that_names_a_server_is_checked() -> None:
    """A new setting must end in `_url`, or be named here with the reason why it may be in clear."""
    by_name = {name for kind in SETTINGS.values() for name in kind.model_fields if NAMES_A_SERVER.search(name)}

    assert by_name == {name for name in by_name if name == "host" or name.endswith("_url")} | NOT_CHECKED.keys()


def test_what_is_allowed_in_clear_stands_in_the_log_and_in_the_figures(tell: pytest.MonkeyPatch) -> None:
    put(tell, {"NATS_URL": CLEAR["NATS_URL"], "ALLOW_INSECURE": "yes"})

    with capture_logs() as written:
        tell_in_clear(read_settings(ReferralsSettings).in_clear)

    assert [["ICS_NATS_URL"]] == [line["settings"] for line in written if line["event"] == "settings.in_clear"]
    assert 1 == REGISTRY.get_sample_value("ics_settings_in_clear")
    tell_in_clear([])
    assert 0 == REGISTRY.get_sample_value("ics_settings_in_clear")


def test_a_process_says_in_one_sentence_what_it_refuses(
    tell: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tell, {"DATABASE_URL": CLEAR["DATABASE_URL"]})

    with pytest.raises(SystemExit) as ended:
        read_settings(ReferralsSettings)

    said = str(ended.value.code)
    assert said.startswith("ICS_DATABASE_URL would let data leave this machine without encryption. Add ?sslmode=")
    assert "10.0.0.6" not in said
    assert ("", "") == capsys.readouterr()


def test_a_process_names_each_setting_that_it_cannot_read(tell: pytest.MonkeyPatch) -> None:
    put(tell, {"PORT": "many"})
    tell.delenv("ICS_NATS_SEED")

    with pytest.raises(SystemExit, match=r"ICS_NATS_SEED: Field required\nICS_PORT: Input should be a valid integer"):
        read_settings(GatewaySettings)


# -------------------------------------------------------------------------------------------------------------- proxies
def test_behind_a_proxy_its_number_must_be_said(tell: pytest.MonkeyPatch) -> None:
    put(tell, {"PUBLIC_URL": "https://ics.example.nhs.uk"})

    with pytest.raises(SystemExit, match=r"^ICS_TRUSTED_PROXIES must be set where ICS_PUBLIC_URL is https"):
        read_settings(GatewaySettings)

    for number in ("0", "1"):
        put(tell, {"TRUSTED_PROXIES": number})
        assert int(number) == read_settings(GatewaySettings).trusted_proxies


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"PUBLIC_URL": "https://ics.example.nhs.uk"}, "ICS_TRUSTED_PROXIES must be set"),
        ({"HOST": "0.0.0.0"}, "ICS_HOST would let data leave"),
        ({"DATABASE_URL": "", "REPORTS_DATABASE_URL": "postgresql://u:p@db/ics"}, "ICS_REPORTS_DATABASE_URL would"),
        ({"PORT": "many"}, "These settings cannot be used: ICS_PORT."),
    ],
)
def test_the_runner_says_the_same_before_it_starts_anything(
    tell: pytest.MonkeyPatch, told: Mapping[str, str], said: str
) -> None:
    put(tell, told)

    with pytest.raises(CannotStart, match=f"^{said}"):
        read_runner_settings()


def test_the_runner_takes_an_address_of_its_own_machine(tell: pytest.MonkeyPatch) -> None:
    put(tell, {"PUBLIC_URL": "https://ics.example.nhs.uk", "TRUSTED_PROXIES": "1"})

    assert "127.0.0.1" == RunnerSettings().host
