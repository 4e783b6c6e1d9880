"""The error that says why a part of a record cannot be masked, and so must not be sent."""

from __future__ import annotations


class MaskingError(Exception):
    """A part cannot be masked safely.

    reason: one word for the record, such as "unparsable" or "too_dense".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
