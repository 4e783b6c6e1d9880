"""HAR 1.2, both ways: what other tools read, and what they write.

What the format has no field for lies below ``_drhttp``, so that a file that comes back gives equal records.
"""

from __future__ import annotations

from drhttp.inbox.har.reader import LARGEST, NotHar, exchanges, read
from drhttp.inbox.har.writer import entry, opening

__all__ = ["LARGEST", "NotHar", "entry", "exchanges", "opening", "read"]
