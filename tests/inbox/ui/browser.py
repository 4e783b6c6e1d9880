"""Playwright, or the reason why the tests of the page are passed over; where CI is set its want is an error."""

from __future__ import annotations

import importlib.util
import os

import pytest

if importlib.util.find_spec("playwright") is None and "CI" not in os.environ:
    pytest.skip("playwright is not installed (pip install --group browser)", allow_module_level=True)

from playwright.sync_api import expect

# On a busy machine a page may take its time; what never comes fails all the same.
expect.set_options(timeout=20_000)

__all__ = ["expect"]
