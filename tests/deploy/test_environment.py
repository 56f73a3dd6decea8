"""What each process receives: addresses and its own secrets, and nothing that belongs to another."""

from pathlib import Path

import pytest

from deploy.runner.children import PortFile
from deploy.runner.database import DatabaseServer
from deploy.runner.environment import Addresses, Surroundings, databases
from deploy.runner.keyring import open_keyring, service_roles
from deploy.runner.prefork.inheritance import inherited
from deploy.runner.settings import RunnerSettings
from deploy.runner.state import open_state
from shared.messages import PROCESSES, SERVICES

ADMIN = "postgresql://admin:admin-secret@db.example:5432/ics?sslmode=require"


@pytest.fixture
def addresses(tmp_path: Path) -> Addresses:
    keyring = open_keyring(tmp_path / "secrets.json")
    return Addresses(keyring, dict.fromkeys(SERVICES, DatabaseServer(ADMIN)), "nats://127.0.0.1:4222")


def told(tmp_path: Path, addresses: Addresses, process: str, settings: RunnerSettings, *, demo: bool) -> dict[str, str]:
    gateway_port = PortFile(tmp_path / "gateway.port", settings.port)
    mail_port = PortFile(tmp_path / "mail.port", 2525) if demo else None
    surroundings = Surroundings(settings, open_state(tmp_path / "state"), demo, gateway_port, mail_port)
    return surroundings.of(process, addresses)


@pytest.mark.parametrize("process", PROCESSES)
def test_no_process_is_told_a_secret_of_another(tmp_path: Path, addresses: Addresses, process: str) -> None:
    said = " ".join(told(tmp_path, addresses, process, RunnerSettings(), demo=True).values())
    keyring, own_roles = addresses.keyring, service_roles([process])
    others = [
        *(seed for name, seed in keyring.nats_seeds.items() if name != process),
        *(seed for name, seed in keyring.signing_seeds.items() if name != process),
        *(password for role, password in keyring.role_passwords.items() if role not in own_roles),
        *([keyring.pin_key] if process != "identity" else []),
        keyring.superuser_password,
        "admin-secret",
    ]

    assert [] == [secret for secret in others if secret in said]


def test_a_service_is_told_the_same_database_under_its_own_role(tmp_path: Path, addresses: Addresses) -> None:
    password = addresses.keyring.role_passwords["reports_app"]

    url = told(tmp_path, addresses, "reports", RunnerSettings(), demo=False)["ICS_DATABASE_URL"]

    assert f"postgresql://reports_app:{password}@db.example:5432/ics?sslmode=require" == url


def test_the_gateway_is_told_of_no_database_and_no_signing(tmp_path: Path, addresses: Addresses) -> None:
    names = told(tmp_path, addresses, "gateway", RunnerSettings(), demo=True).keys()

    assert set() == names & {
        "ICS_DATABASE_URL",
        "ICS_BACKGROUND_DATABASE_URL",
        "ICS_SIGNING_SEED",
        "ICS_SIGNING_KEYS",
        "ICS_AUDIT_HEADS",
    }
    assert {"ICS_PORT", "ICS_PORT_FILE", "ICS_DEMO_MAIL_DIR"} <= names


def test_only_demo_mode_has_a_mail_catcher(tmp_path: Path, addresses: Addresses) -> None:
    demo = told(tmp_path, addresses, "notifier", RunnerSettings(), demo=True)
    real = told(tmp_path, addresses, "notifier", RunnerSettings(), demo=False)

    assert ("1", "127.0.0.1", "2525") == (demo["ICS_DEMO"], demo["ICS_SMTP_HOST"], demo["ICS_SMTP_PORT"])
    assert set() == {"ICS_DEMO", "ICS_SMTP_HOST"} & real.keys()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"port": 8080}, "http://127.0.0.1:8080"),
        ({"port": 8080, "host": "::1"}, "http://[::1]:8080"),
        ({"public_url": "https://registers.example", "trusted_proxies": 1}, "https://registers.example"),
        ({"port": 0}, ""),
    ],
)
def test_the_address_for_people_is_the_one_that_pages_are_served_on(
    tmp_path: Path, addresses: Addresses, settings: dict[str, object], expected: str
) -> None:
    environment = told(tmp_path, addresses, "gateway", RunnerSettings.model_validate(settings), demo=False)

    assert expected == environment.get("ICS_PUBLIC_URL", "")


def test_a_child_inherits_what_is_not_for_the_runner_or_for_another() -> None:
    given = {
        "LANG": "en_GB.UTF-8",
        "ICS_LOG_LEVEL": "DEBUG",
        "ICS_SMTP_HOST": "mail.example",
        "ICS_MAIL_FROM": "registers@example.org",
        "ICS_DATABASE_URL": ADMIN,
        "ICS_REPORTS_DATABASE_URL": ADMIN,
        "ICS_PIN_KEY": "00",
        "ICS_DEMO": "1",
    }

    assert {"LANG", "ICS_LOG_LEVEL"} == inherited(given, "gateway").keys()
    assert {"LANG", "ICS_LOG_LEVEL", "ICS_SMTP_HOST", "ICS_MAIL_FROM"} == inherited(given, "notifier").keys()
    assert {"LANG", "ICS_LOG_LEVEL"} == inherited(given).keys()


def test_an_empty_list_of_roles_that_need_an_app_reaches_identity_and_other_empty_values_do_not(
    tmp_path: Path, addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICS_APP_REQUIRED_FOR", "")
    monkeypatch.setenv("ICS_LOG_LEVEL", "")

    environment = told(tmp_path, addresses, "identity", RunnerSettings(), demo=False)

    assert "" == environment.get("ICS_APP_REQUIRED_FOR")
    assert "ICS_LOG_LEVEL" not in environment


def test_a_service_s_own_database_goes_before_the_common_one_and_both_before_the_embedded(tmp_path: Path) -> None:
    embedded = DatabaseServer("postgresql://postgres@/ics")
    own = "postgresql://a@reports.example/ics?sslmode=verify-full"
    some = RunnerSettings.model_validate({"reports_database_url": own})
    common = RunnerSettings.model_validate({"database_url": ADMIN})

    assert (own, embedded.admin_dsn) == tuple(
        databases(some, embedded)[service].admin_dsn for service in ("reports", "identity")
    )
    assert {ADMIN} == {server.admin_dsn for server in databases(common, None).values()}
    assert (True, False) == (some.needs_postgres, common.needs_postgres)
