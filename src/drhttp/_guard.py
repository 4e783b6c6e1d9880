"""Protects the application from the recorder.

A catch-all surrounds everything that the recorder does inside a request, and a mark on the request keeps a second
middleware from recording it again. What the recorder leaves on a request does not keep the application from copying it.
"""

from __future__ import annotations

from drhttp._logger import logger
from drhttp._rate_limiter import RateLimiter

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, TypeVar

    from typing_extensions import Self

    R = TypeVar("R")

#: Key in the WSGI environ under which the outermost middleware leaves its recording.
MARK = "drhttp.exchange"

_MAX_FRAMES = 10  # innermost frames of a traceback that are logged

_log_limiter = RateLimiter()
_failures: dict[str, int] = {}


class CopiedAsItself:
    """The base of what the recorder leaves on a request, which an application may copy as a whole, or pickle.

    Each copy of the request has the same object. A pickled one has `None` in its place.
    """

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


def guarded(function: Callable[..., R], *args: Any) -> R | None:
    """Call `function(*args)`. If it raises, count that, log it no more than once a minute, and return `None`.

    Only `Exception` is caught: an interrupt or an exit belongs to the application.
    """
    try:
        return function(*args)
    except Exception as error:  # noqa: BLE001 - whatever it is, the application goes on
        _note(function, error)
        return None


def raised_by(function: Callable[..., Any], *args: Any) -> Exception | None:
    """Call `function(*args)`, and return the exception of the application that it raises; `None` if there is none."""
    try:
        function(*args)
    except Exception as error:  # noqa: BLE001 - the caller raises it in a later call
        return error
    return None


async def aguarded(function: Callable[..., Awaitable[R]], *args: Any) -> R | None:
    """Await `function(*args)`. If it raises, count that, log it no more than once a minute, and return `None`."""
    try:
        return await function(*args)
    except Exception as error:  # noqa: BLE001 - whatever it is, the application goes on
        _note(function, error)
        return None


def error_location(error: BaseException | None) -> str:
    """The type of an exception and where it was raised, for a log.

    Without its message and the source lines, which may contain secrets.
    """
    if error is None:
        return "None"
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-_MAX_FRAMES:]))}"


def failures() -> int:
    """Number of times that the recorder failed inside a request, in this process."""
    return sum(_failures.values())


def forget_failures() -> None:
    """Reset the count, as in a forked child."""
    _failures.clear()


def _note(function: Callable[..., Any], error: Exception) -> None:
    name = getattr(function, "__qualname__", repr(function))
    _failures[name] = _failures.get(name, 0) + 1
    if not _log_limiter.allow():
        return
    from contextlib import suppress  # not at the top, because it is slow to load

    with suppress(Exception):  # a handler or filter of the application may raise
        logger().warning(
            "could not record part of a request (%d times so far): %s: %s", failures(), name, error_location(error)
        )
