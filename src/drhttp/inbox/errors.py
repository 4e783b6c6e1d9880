"""Exceptions of the inbox. Each message is one sentence for the user."""

from __future__ import annotations


class InboxError(Exception):
    """Base class. The message is a sentence for the user."""


class DatabaseFileError(InboxError):
    """The file cannot be used, for example because it is a symbolic link."""


class PortError(InboxError):
    """No port is available to listen on."""


class StoreError(InboxError):
    """The file cannot be read or written."""


class UnwritableBatch(StoreError):
    """Something in a batch cannot be written, though the store can be used."""


class OutdatedStore(StoreError):
    """The file was written by an older version and must be upgraded first."""


class RecordNotFound(InboxError):
    """No record, or more than one, has this ID."""


class QueryError(InboxError):
    """A query is invalid. position, length: the place of the error. suggestions: possible corrections."""

    def __init__(self, sentence: str, position: int, length: int, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.position = position
        self.length = length
        self.suggestions = suggestions


class ApiError(InboxError):
    """The API rejects a request. status, code: of the response. details: further JSON members of the response."""

    def __init__(self, status: int, code: str, sentence: str, **details: object) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.details = details
