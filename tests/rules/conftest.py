"""Rules are tried on many made-up cases; how fast a busy machine gets through them proves nothing."""

from hypothesis import HealthCheck, settings

settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rules")
