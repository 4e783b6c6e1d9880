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


class OutdatedStore(StoreError):
    """The file was written by an older version and has to be brought up to date."""


class UnknownRecord(InboxError):
    """No record, or more than one, has the id."""


class QueryError(InboxError):
    """A query cannot be read. position, length: where in its text. suggestions: what may have been meant."""

    def __init__(self, sentence: str, position: int, length: int, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.position = position
        self.length = length
        self.suggestions = suggestions


class RefusedError(InboxError):
    """What was asked over the API is not done. status, code: of the answer. told: more of its members."""

    def __init__(self, status: int, code: str, sentence: str, **told: object) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.told = told
