"""Where mutants are made, and the tests that should see them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """
    Files to change, as glob patterns, and the tests to run.

    `first` takes seconds. Mutants that it does not see are tried with the tests of `then`, the whole of a service.
    """

    files: tuple[str, ...]
    first: tuple[str, ...]
    then: tuple[str, ...] = ()


def rules(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/rules/test_{name}.py" for name in names)


PARTS = {
    "registers": Part(
        ("shared/registers/**/*.py", "shared/permissions.py"),
        rules(
            "definitions", "dsr", "values", "overlay", "load", "standard_rights", "assertion", "consent", "consistency"
        ),
        rules("form", "referral_form", "kept_answers", "match_keys", "succession", "words", "another_register"),
    ),
    "referrals": Part(
        ("services/referrals/rules/*.py",),
        rules("referrals_rules", "match_keys", "likeness", "referral_form", "consistency", "overlay"),
        ("tests/services/referrals",),
    ),
    "identity": Part(
        ("services/identity/rules/*.py",),
        rules("identity_users", "identity_passwords", "identity_log_in", "identity_registration"),
        ("tests/services/identity",),
    ),
    "outcomes": Part(("services/outcomes/rules.py",), rules("outcomes_tasks"), ("tests/services/outcomes",)),
    "meetings": Part(
        ("services/outcomes/meeting_rules.py",), rules("meeting_rules"), ("tests/services/outcomes/meetings",)
    ),
    "reports": Part(
        ("services/reports/rules/*.py",), ("tests/services/reports/test_rules.py",), ("tests/services/reports",)
    ),
    "notifier": Part(
        ("services/notifier/rules.py",), ("tests/services/notifier/test_rules.py",), ("tests/services/notifier",)
    ),
    "policies": Part(
        ("services/*/sql/*.sql",),
        ("tests/services/walls/test_policies.py",),
        ("tests/services/referrals/test_scope.py", "tests/services/reports/test_scope.py", "tests/services/notifier"),
    ),
}
