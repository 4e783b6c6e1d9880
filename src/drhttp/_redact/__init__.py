"""Redaction: masks the secrets in a record, such as `password=abc`, before anything else sees it.

`redact` changes neither the record nor the policy. Apart from the user's function, its result depends on nothing else,
except that work saved by the policy's cache does not count toward the limit of work. The worker calls it.
"""

from __future__ import annotations

from drhttp._redact.policy import Policy
from drhttp._redact.record import redact

__all__ = ["Policy", "redact"]
