"""The logger `drhttp`, created with the first message, because `logging` is slow to load."""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from logging import Logger


def logger() -> Logger:
    """The logger of the package. It is silent if the application has not set up logging."""
    import logging

    found = logging.getLogger("drhttp")
    if not found.handlers:
        found.addHandler(logging.NullHandler())
    return found
