"""The taps on the response body: on the iterable that an application returns, and on `write` of the server."""

from __future__ import annotations

from operator import getitem

from drhttp._guard import guarded

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol

    from drhttp._capture.body_tap import Tap

    class Watcher(Protocol):
        """What an output tap notifies of the response."""

        @property
        def tap(self) -> Tap | None:
            """The capture of the body; `None` if the request is not recorded."""

        def finish(self, complete: bool, error: BaseException | None = None) -> None:
            """The response has ended. This may be called several times."""

        def ended(self) -> None:
            """The response was sent to its end, and `close` comes next."""

        def closed(self, error: BaseException | None = None) -> None:
            """The response was closed, or is not used any more. error: the exception of `close`."""

        def wrote(self, data: bytes) -> None:
            """`write` of the server has sent a block."""

        def write_failed(self, error: BaseException) -> None:
            """`write` of the server raised."""


class BlockIterator:
    """The iterator over the blocks of a response.

    owner: an object to keep alive as long as the iterator is in use.
    """

    __slots__ = ("_next", "_owner", "_tap", "_watcher")

    def __init__(self, blocks: Iterator[bytes], watcher: Watcher, owner: object) -> None:
        self._next = blocks.__next__
        self._watcher, self._tap = watcher, watcher.tap
        self._owner = owner

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = self._next()
        except StopIteration:
            guarded(self._watcher.ended)
            raise
        except BaseException as error:
            guarded(self._watcher.finish, False, error)
            raise
        tap = self._tap
        if tap is not None and tap.full and type(chunk) is bytes:
            tap.size += len(chunk)  # only counted, and without a call, which would double the cost of a long stream
        elif tap is not None:
            guarded(tap.note, chunk)
        return chunk


class OutputTap:
    """Wraps the iterable that an application returned. Each `next` takes one block, and `close` is called once.

    It is a class and not a generator, because a generator that is closed before its first `next` runs none of its code;
    the `close` of the application would not be called. A copy is one of the iterable, and belongs to no recording.
    """

    __slots__ = ("__weakref__", "_blocks", "_closed", "_iterable", "_watcher")

    def __init__(self, iterable: Iterable[bytes], watcher: Watcher) -> None:
        self._iterable = iterable
        self._watcher = watcher
        self._blocks: BlockIterator | None = None
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            return BlockIterator(iter(self._iterable), self._watcher, self)
        except BaseException as error:
            guarded(self._watcher.finish, False, error)
            raise

    def __next__(self) -> bytes:
        # Some servers call `next` without calling `iter` first.
        if self._blocks is None:
            self._blocks = BlockIterator(iter(self._iterable), self._watcher, None)
        return next(self._blocks)

    def close(self) -> None:
        """Close the iterable of the application, as PEP 3333 requires. Its exceptions are not caught."""
        if self._closed:
            return
        self._closed = True
        try:
            if (close := getattr(self._iterable, "close", None)) is not None:
                close()
        except BaseException as error:
            guarded(self._watcher.closed, error)
            raise
        guarded(self._watcher.closed)

    def __copy__(self) -> Any:
        from copy import copy  # not at the top, because it is rarely needed

        return copy(self._iterable)

    def __deepcopy__(self, memo: Any) -> Any:
        from copy import deepcopy

        return deepcopy(self._iterable, memo)

    def __reduce__(self) -> tuple[Any, ...]:
        return getitem, ((self._iterable,), 0)

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):  # which is missing if `__init__` has failed
            guarded(self._watcher.closed)


class SizedOutputTap(OutputTap):
    """An output tap for an iterable with a length, which servers use to set `Content-Length`."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self._iterable)  # type: ignore[arg-type]


def write_through(write: Callable[[bytes], Any], watcher: Watcher, data: bytes) -> Any:
    """Call `write` of the server, and capture the block."""
    try:
        result = write(data)
    except BaseException as error:
        guarded(watcher.write_failed, error)
        raise
    guarded(watcher.wrote, data)
    return result
