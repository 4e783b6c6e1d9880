"""Further settings of a test, which `make test` leaves to `make test-all`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet


def wide(*settings: Any) -> list[ParameterSet]:
    """Return settings for `parametrize`, each with the mark `wide`; a tuple has one value for each argument."""
    return [pytest.param(*(each if isinstance(each, tuple) else (each,)), marks=pytest.mark.wide) for each in settings]
