"""The logger `drhttp`, loaded when there is something to say: `logging` is slow to load."""

from __future__ import annotations

TYPE_CHECKING = False  # for type checkers, who take it for true: `typing` is slow to load

if TYPE_CHECKING:
    from logging import Logger


def logger() -> Logger:
    """The logger of the package, which is silent where the application has not set up logging."""
    import logging

    found = logging.getLogger("drhttp")
    if not found.handlers:
        found.addHandler(logging.NullHandler())
    return found
