"""The text that stands in the place of a secret, unless `Redact(value=...)` says otherwise."""

from __future__ import annotations

MASK = "[redacted]"
