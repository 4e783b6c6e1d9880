"""Reads and writes HAR 1.2.

Data without a HAR field is stored under ``_drhttp``, so that a re-imported file yields equal records.
"""

from __future__ import annotations

from drhttp.inbox.har.reader import LARGEST, NotHar, exchanges, read
from drhttp.inbox.har.writer import entry, opening

__all__ = ["LARGEST", "NotHar", "entry", "exchanges", "opening", "read"]
