"""The token of the inbox itself, of the environment or random."""

from __future__ import annotations

import os
import secrets

from drhttp.inbox.errors import InboxError

MIN_TOKEN_LENGTH = 16


def read_token() -> str:
    """Return the token of the inbox: that of DRHTTP_INBOX_TOKEN, or a random one."""
    fixed = os.environ.get("DRHTTP_INBOX_TOKEN", "")
    if not fixed:
        return secrets.token_hex(16)
    if len(fixed) < MIN_TOKEN_LENGTH or not fixed.isascii() or not fixed.isalnum():
        raise InboxError(
            f"DRHTTP_INBOX_TOKEN must have at least {MIN_TOKEN_LENGTH} letters and digits and no other characters."
        )
    return fixed
