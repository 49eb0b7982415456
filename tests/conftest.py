"""Property tests try the same examples everywhere and keep nothing; `--hypothesis-profile deep` looks for new ones."""

from hypothesis import HealthCheck, settings


def pytest_configure(config):
    calm = {"database": None, "deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("deep", max_examples=3000, **calm)
    settings.register_profile("same", max_examples=200, derandomize=True, **calm)
    settings.load_profile(config.getoption("hypothesis_profile", None) or "same")
