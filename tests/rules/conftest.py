"""Sets up Hypothesis for the tests of rules: without a time limit, because a busy machine proves nothing."""

from hypothesis import HealthCheck, settings

settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rules")
