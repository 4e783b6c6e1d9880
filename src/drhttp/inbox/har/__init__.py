"""Reads and writes HAR 1.2.

Data without a HAR field is stored under ``_drhttp``, so that a re-imported file yields equal records.
"""

from __future__ import annotations

from drhttp.inbox.har.pages import Pages
from drhttp.inbox.har.reader import MAX_FILE_SIZE, InvalidHar, exchanges, read, unknown
from drhttp.inbox.har.writer import entry, opening

__all__ = ["MAX_FILE_SIZE", "InvalidHar", "Pages", "entry", "exchanges", "opening", "read", "unknown"]
