"""Tests that take minutes, which only `nox -s fleet` runs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "clickhouse"))
collect_ignore_glob = [] if importlib.util.find_spec("chdb") else ["*"]
