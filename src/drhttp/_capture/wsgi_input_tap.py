"""The tap on the input stream of a request (`wsgi.input`): it captures the bytes that the application reads."""

from __future__ import annotations

from functools import partial
from operator import getitem

from drhttp._capture.body_tap import WITH_BODY
from drhttp._guard import guarded

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from _typeshed.wsgi import WSGIEnvironment

    from drhttp._capture.body_tap import RequestBodyCapture

_WITHOUT_LIMIT = ((-1,), (None,))  # arguments of read() that mean: until the end
_set = object.__setattr__


class InputTap:
    """Wraps the input stream of a request (`wsgi.input`, PEP 3333). Only the application reads from it.

    It has the same attributes as the stream, which can be set and deleted. The bytes go to a separate object, because
    that one waits in the queue and must not keep the stream alive. A copy is one of the stream, and what is read from
    that is not captured.
    """

    __slots__ = ("__weakref__", "_capture", "_stream")

    _stream: Any
    _capture: RequestBodyCapture

    def __init__(self, stream: Any, capture: RequestBodyCapture) -> None:
        # An environ that is used again may still contain the tap of the last request.
        _set(self, "_stream", stream._stream if isinstance(stream, InputTap) else stream)
        _set(self, "_capture", capture)

    def read(self, *args: Any, **kwargs: Any) -> Any:
        """Read from the stream with the same arguments."""
        data = self._stream.read(*args, **kwargs)
        if data or args != (0,):
            guarded(self._capture.on_read, data, not (args or kwargs) or args in _WITHOUT_LIMIT)
        return data

    def readline(self, *args: Any, **kwargs: Any) -> Any:
        """Read a line from the stream with the same arguments."""
        line = self._stream.readline(*args, **kwargs)
        if line or args != (0,):
            guarded(self._capture.on_read, line)
        return line

    def readlines(self, *args: Any, **kwargs: Any) -> Any:
        """Read lines from the stream with the same arguments."""
        lines = self._stream.readlines(*args, **kwargs)
        guarded(lambda: self._capture.on_read(b"".join(lines), not args))
        return lines

    def __iter__(self) -> Iterator[Any]:
        iterator = iter(self._stream)
        return self if iterator is self._stream else self._lines(iterator)

    def __next__(self) -> Any:
        try:
            line = next(self._stream)
        except StopIteration:
            guarded(self._capture.on_read, b"")
            raise
        guarded(self._capture.on_read, line)
        return line

    def __copy__(self) -> Any:
        from copy import copy  # not at the top, because it is rarely needed

        return self._instead(copy(self._stream))

    def __deepcopy__(self, memo: Any) -> Any:
        from copy import deepcopy

        return self._instead(deepcopy(self._stream, memo))

    def __reduce__(self) -> tuple[Any, ...]:
        return getitem, ((self._stream,), 0)

    def __getattr__(self, name: str) -> Any:
        if name in InputTap.__slots__:  # `__init__` has not run
            raise AttributeError(name)
        attribute = getattr(self._stream, name)
        special = _SPECIAL.get(name)
        return attribute if special is None else partial(special, self._capture, attribute)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._stream, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._stream, name)

    def _instead(self, copied: Any) -> Any:
        """What stands for a copy of this: the copied stream, unless that is the same one."""
        return self if copied is self._stream else copied

    def _lines(self, iterator: Iterator[Any]) -> Iterator[Any]:
        for line in iterator:
            guarded(self._capture.on_read, line)
            yield line
        guarded(self._capture.on_read, b"")


class ManagedInputTap(InputTap):
    """An input tap for a stream that is a context manager. Python looks for `__enter__` on the type."""

    __slots__ = ()

    def __enter__(self) -> InputTap:
        self._stream.__enter__()
        return self

    def __exit__(self, *exc: object) -> Any:
        return self._stream.__exit__(*exc)


def expects_body(environ: WSGIEnvironment) -> bool:
    """Whether a request may have a body, by its header fields and its method."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        return bool(length != "0")
    return "HTTP_TRANSFER_ENCODING" in environ or environ.get("REQUEST_METHOD") in WITH_BODY


def tapped(stream: Any, capture: RequestBodyCapture) -> InputTap:
    """Wrap a stream in a tap."""
    return (ManagedInputTap if hasattr(type(stream), "__enter__") else InputTap)(stream, capture)


def _read_into(capture: RequestBodyCapture, readinto: Callable[[Any], Any], buffer: Any) -> Any:
    count = readinto(buffer)
    guarded(lambda: capture.on_read(bytes(memoryview(buffer).cast("B")[: count or 0])))
    return count


def _read_some(capture: RequestBodyCapture, read1: Callable[..., Any], *args: Any) -> Any:
    data = read1(*args)
    if data or args != (0,):
        guarded(capture.on_read, data)
    return data


def _read_all(capture: RequestBodyCapture, readall: Callable[[], Any]) -> Any:
    data = readall()
    guarded(capture.on_read, data, True)
    return data


def _seek(capture: RequestBodyCapture, seek: Callable[..., Any], *args: Any) -> Any:
    position = seek(*args)
    # A custom stream may return nothing. Then the position counts from the start, as it nearly always does.
    guarded(lambda: capture.on_seek(args[0] if position is None else position))
    return position


# Methods beyond those of PEP 3333 that read from the stream or move its position.
_SPECIAL: dict[str, Callable[..., Any]] = {
    "read1": _read_some,
    "readall": _read_all,
    "readinto": _read_into,
    "readinto1": _read_into,
    "seek": _seek,
}
