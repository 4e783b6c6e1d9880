"""What can go wrong in the inbox and is told in one sentence."""

from __future__ import annotations


class InboxError(Exception):
    """The inbox cannot do what was asked; the text is a sentence for the user."""


class PlaceError(InboxError):
    """The file may not be used as it is."""


class PortError(InboxError):
    """There is no port to listen on."""


class StoreError(InboxError):
    """The file cannot be read or written."""


class UnknownRecord(InboxError):
    """No record, or more than one, has the id."""
