"""HAR 1.2, both ways: what other tools read, and what they write.

What the format has no field for lies below ``_drhttp``, so that a file that comes back gives equal records.
"""

from __future__ import annotations

from drhttp.inbox.har.reading import NotHar, exchanges
from drhttp.inbox.har.writing import entry, opening

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read."""

__all__ = ["LARGEST", "NotHar", "entry", "exchanges", "opening"]
