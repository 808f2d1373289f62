"""How hypothesis searches: the same examples in every run, or HYPOTHESIS_PROFILE=explore."""

import os

from hypothesis import HealthCheck, settings

COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}
settings.register_profile("ci", derandomize=True, max_examples=200, **COMMON)
settings.register_profile("quick", derandomize=True, max_examples=60, **COMMON)
settings.register_profile("explore", max_examples=3000, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
