"""The edge between the application and the recorder.

Two things keep the one from hurting the other: a catch-all around whatever the recorder does inside a request, and a
mark on the request which says that it is already being recorded.
"""

from __future__ import annotations

from drhttp._logger import logger
from drhttp._rate_limiter import RateLimiter

TYPE_CHECKING = False  # for type checkers, who take it for true: `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, TypeVar

    R = TypeVar("R")

#: Key in the WSGI environ under which the first middleware leaves the exchange that it records.
MARK = "drhttp.exchange"

_DEEPEST = 10  # frames of a failure that are told, the innermost

_log_limiter = RateLimiter()
_failures: dict[str, int] = {}


def guarded(function: Callable[..., R], *args: Any) -> R | None:
    """Call `function(*args)`; if it raises, count that, log it at most once a minute, and return `None`.

    Only `Exception` is caught: an interrupt or exit that reaches the thread while our code runs is the application's.
    """
    try:
        return function(*args)
    except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the application goes on
        _note(function, error)
        return None


async def aguarded(function: Callable[..., Awaitable[R]], *args: Any) -> R | None:
    """The same for a coroutine function."""
    try:
        return await function(*args)
    except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the application goes on
        _note(function, error)
        return None


def error_location(error: BaseException | None) -> str:
    """What happened and where, for a log: never the message or the source, which may hold what must not be shown."""
    if error is None:
        return "None"
    places = []
    trace = error.__traceback__
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(places[-_DEEPEST:]))}"


def failures() -> int:
    """How often the recorder's own code failed inside a request, in this process."""
    return sum(_failures.values())


def forget_failures() -> None:
    """Start from zero: a forked child counts its own."""
    _failures.clear()


def _note(function: Callable[..., Any], error: Exception) -> None:
    name = getattr(function, "__qualname__", repr(function))
    _failures[name] = _failures.get(name, 0) + 1
    if not _log_limiter.allow():
        return
    from contextlib import suppress  # not at the top, because it is slow to load

    with suppress(Exception):  # a handler or filter of the application's may raise
        logger().warning(
            "could not record part of a request (%d times so far): %s: %s", failures(), name, error_location(error)
        )
