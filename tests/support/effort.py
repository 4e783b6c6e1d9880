"""How hard the generated tests try.

By default they take seconds. `HYPOTHESIS_PROFILE=long` makes them try a hundred times as much:

    HYPOTHESIS_PROFILE=long pytest -n 2 --timeout 7200 tests/unit/delivery/test_queue_states.py \
        tests/unit/delivery/test_worker_states.py tests/unit/test_wsgi_property.py tests/unit/wire/test_wire_property.py

`HYPOTHESIS_EFFORT=10` is a factor of one's own instead. A failure that is found so is kept in `.hypothesis`, and is
tried first by the next run, long or not.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
FACTOR = float(os.environ.get("HYPOTHESIS_EFFORT", "100" if LONG else "1"))

# Others use the machine, too: how long an example takes says nothing about it.
settings.register_profile("drhttp", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("long", settings.get_profile("drhttp"), stateful_step_count=100)


def effort(examples: int, steps: int = 50) -> settings:
    """Settings for a test that tries so many examples by default, of so many steps if it has steps."""
    return settings(
        settings.get_profile("long" if LONG else "drhttp"),
        max_examples=max(1, round(examples * FACTOR)),
        stateful_step_count=steps * 2 if LONG else steps,
    )


def every(number: int) -> int:
    """Return 1 if a test tries all places of a text, or that number if it tries every such place only."""
    return 1 if FACTOR >= 1 else number


def share(number: int) -> int:
    """Return how many cases of that number a test tries that makes them itself."""
    return max(1, round(number * min(FACTOR, 1)))
