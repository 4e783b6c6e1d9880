"""Taps: the bytes pass unchanged, the start of them is kept, all of them are counted."""

from __future__ import annotations

import copy
import io
import pickle
from typing import TYPE_CHECKING, Any
from wsgiref.validate import InputWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drhttp._capture.body_tap import RequestBodyCapture, Tap
from drhttp._capture.wsgi_input_tap import InputTap, tapped
from drhttp._capture.wsgi_output_tap import OutputTap
from drhttp._guard import failures

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = b"one\ntwo\nthree"


class Bare:
    """What PEP 3333 demands of an input stream, and nothing more; it counts how often it is read."""

    def __init__(self, body: bytes = BODY) -> None:
        self._file = io.BytesIO(body)
        self.reads = 0

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        return self._file.read(size)

    def readline(self, size: int = -1) -> bytes:
        self.reads += 1
        return self._file.readline(size)

    def readlines(self, hint: int = -1) -> list[bytes]:
        self.reads += 1
        return self._file.readlines(hint)

    def __iter__(self) -> Iterator[bytes]:
        self.reads += 1
        return iter(self._file)


class Raw(io.RawIOBase):
    """A stream of the `io` kind without a buffer."""

    def __init__(self, body: bytes = BODY) -> None:
        self._file = io.BytesIO(body)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(buffer)


def tap(stream: Any, limit: int = 100) -> tuple[Any, RequestBodyCapture]:
    """A tapped stream, and what passes."""
    capture = RequestBodyCapture(limit)
    return tapped(stream, capture), capture


@given(st.lists(st.binary(max_size=6), max_size=8), st.integers(0, 20))
def test_kept_and_counted(chunks: list[bytes], limit: int) -> None:
    """The start is kept up to the limit, and everything is counted, however it is divided."""
    body, noted = b"".join(chunks), Tap(limit)
    for chunk in chunks:
        noted.note(chunk)
    assert (noted.content(), noted.size) == (body[:limit], len(body))
    noted.settle()
    assert (noted.content(), noted.size) == (body[:limit], len(body))


def test_kept_by_reference() -> None:
    """A block within the limit is not copied; of one that crosses it, only the part kept is held."""
    block = b"x" * 10
    noted = Tap(15)
    noted.note(block)
    assert noted.content() is block
    noted.note(block)
    assert noted.content() == b"x" * 15


def test_nothing_is_kept_after_settling() -> None:
    """What passes when the record waits already is counted only."""
    noted = Tap(10)
    noted.note(b"ab")
    noted.settle()
    noted.note(b"cd")
    assert (noted.content(), noted.size) == (b"ab", 4)


@pytest.mark.parametrize("chunk", [bytearray(b"ab"), memoryview(b"ab"), memoryview(b"axbx")[::2]])
def test_buffers_that_may_change(chunk: Any) -> None:
    """Of a buffer that its owner may change later, a copy is kept."""
    noted = Tap(10)
    noted.note(chunk)
    assert noted.content() == b"ab"


@pytest.mark.parametrize("kind", [Bare, io.BytesIO, lambda body=BODY: InputWrapper(Bare(body))])
@pytest.mark.parametrize(
    "reads",
    [
        [("read", 4), ("read", 100), ("read", 1)],
        [("readline",), ("readlines",)],
        [("readline",), ("iterate",)],
        [("iterate",)],
        [("readlines", 1), ("read", 100), ("read", 1)],
        [("read", 100), ("read", 1)],
    ],
)
def test_every_way_to_read(kind: Any, reads: list[tuple[Any, ...]]) -> None:
    """W6: read, readline, readlines and iteration give identical bytes, and all are noted."""

    def results(stream: Any) -> list[Any]:
        return [list(stream) if name == "iterate" else getattr(stream, name)(*args) for name, *args in reads]

    stream, capture = tap(kind(BODY))
    assert results(stream) == results(kind(BODY))
    assert capture.content() == BODY
    assert capture.exhausted is True


@pytest.mark.parametrize(
    ("reads", "exhausted"),
    [
        ([], False),
        ([("read", 0)], False),
        ([("readline", 0)], False),
        ([("read", 4)], False),
        ([("read", 100)], False),
        ([("read", 13), ("read", 1)], True),
        ([("read",)], True),
        ([("read", -1)], True),
        ([("read", None)], True),
        ([("readlines",)], True),
        ([("readline",)], False),
        ([("readline",)] * 4, True),
    ],
)
def test_whether_all_was_read(reads: list[tuple[Any, ...]], exhausted: bool) -> None:
    """W6: the end is known once the application has seen it, not before."""
    stream, capture = tap(io.BytesIO(BODY))
    for name, *args in reads:
        getattr(stream, name)(*args)
    assert capture.exhausted is exhausted


def test_no_read_of_our_own() -> None:
    """W6: the stream is read when and as often as the application reads: an interim answer is never sent early."""
    stream = Bare()
    watched, _ = tap(stream)
    assert stream.reads == 0
    for count, read in enumerate([lambda: watched.read(1), watched.readline, watched.readlines, watched.read], 1):
        read()
        assert stream.reads == count


@pytest.mark.parametrize("stream", [Bare(), io.BytesIO(), Raw(), io.BufferedReader(Raw())])
def test_exact_surface(stream: Any) -> None:
    """W6: what the stream has, the tap has, and nothing else, whether code asks the object or its type."""
    watched, _ = tap(stream)
    names = {name for name in {*dir(stream), *dir(watched), *dir(RequestBodyCapture)} if not name.startswith("_")}
    assert {name for name in names if hasattr(watched, name)} == {name for name in names if hasattr(stream, name)}
    for name in ("seek", "tell", "readinto", "readinto1", "read1", "readall", "close", "fileno", "size", "exhausted"):
        assert hasattr(watched, name) is hasattr(stream, name)
    for name in ("__enter__", "__exit__"):
        assert hasattr(type(watched), name) is hasattr(type(stream), name)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = watched.nonsense


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda stream: pickle.loads(pickle.dumps(stream))])
@pytest.mark.parametrize("kind", [io.BytesIO, Bare])
def test_copies(kind: Any, how: Any) -> None:
    """W6: a copy of the tap is one of the stream: it reads what that has left, and what it reads is its own."""
    stream = kind(BODY)
    watched, capture = tap(stream)
    assert watched.readline() == b"one\n"
    copied = how(watched)
    assert type(copied) is kind
    assert copied.read() == b"two\nthree"
    assert (capture.content(), capture.exhausted) == (b"one\n", False)
    if kind is io.BytesIO or how is not copy.copy:  # a shallow copy of the other one shares its file
        assert watched.read() == b"two\nthree"
        assert (capture.content(), capture.exhausted) == (BODY, True)


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, pickle.dumps])
def test_copies_of_what_cannot_be_copied(how: Any) -> None:
    """W6: a stream that cannot be copied refuses as without the tap."""
    with pytest.raises(TypeError, match="BufferedReader"):
        how(tap(io.BufferedReader(Raw()))[0])


def test_a_stream_that_copies_as_itself() -> None:
    """W6: a copy of a stream that copies as itself is the tap, which goes on to capture."""

    class Single(Bare):
        def __copy__(self) -> Any:
            return self

        def __deepcopy__(self, memo: Any) -> Any:
            return self

    watched, _ = tap(Single())
    assert copy.copy(watched) is copy.deepcopy(watched) is watched


def test_half_made() -> None:
    """W6: a tap that `__init__` has not made has no attributes, and does not look for them without end."""
    for name in ("_stream", "_capture", "read1", "__setstate__"):
        assert not hasattr(object.__new__(InputTap), name)


def test_with_statement() -> None:
    """A stream that can stand in a `with` statement still can, and is closed by it."""
    stream = io.BytesIO(BODY)
    watched, capture = tap(stream)
    with watched as entered:
        assert entered.read() == BODY
    assert stream.closed
    assert capture.content() == BODY


@pytest.mark.parametrize("name", ["readinto", "readinto1"])
def test_readinto(name: str) -> None:
    """W6: what is read into a buffer is noted, once."""
    stream, capture = tap(io.BytesIO(BODY) if name == "readinto" else io.BufferedReader(Raw()))
    buffer = bytearray(5)
    while count := getattr(stream, name)(buffer):
        assert count <= 5
    assert (capture.content(), capture.exhausted) == (BODY, True)


def test_read1_and_readall() -> None:
    """W6: so is what is read by the other methods of the `io` module."""
    stream, capture = tap(io.BufferedReader(Raw()))
    assert stream.read1(0) == b""
    assert capture.exhausted is False
    assert stream.read1(5) + stream.read1(100) == BODY
    assert capture.content() == BODY
    stream, capture = tap(Raw())
    assert stream.readall() == BODY
    assert (capture.content(), capture.exhausted) == (BODY, True)


def test_wrapped_by_the_application() -> None:
    """An application may put a buffer or a text layer of its own over the stream."""
    stream, capture = tap(Raw())
    assert list(io.TextIOWrapper(io.BufferedReader(stream), "ascii")) == ["one\n", "two\n", "three"]
    assert capture.content() == BODY


def test_read_twice() -> None:
    """W6: an application that goes back and reads again gets the same bytes; each is noted once."""
    stream, capture = tap(io.BytesIO(BODY))
    assert stream.seek(0, io.SEEK_END) == len(BODY)
    assert stream.tell() == len(BODY)
    stream.seek(0)
    assert stream.read(5) == BODY[:5]
    stream.seek(2)
    assert stream.read(5) == BODY[2:7]
    stream.seek(0)
    assert stream.read() == BODY
    assert (capture.content(), capture.size) == (BODY, len(BODY))


def test_seek_that_returns_nothing() -> None:
    """W6: nor does a stream confuse us whose `seek` tells nothing."""

    class Silent(io.BytesIO):
        def seek(self, *args: int) -> None:  # type: ignore[override]
            super().seek(*args)

    stream, capture = tap(Silent(BODY))
    stream.read(5)
    assert stream.seek(0) is None
    assert stream.read() == BODY
    assert (capture.content(), capture.size) == (BODY, len(BODY))
    assert failures() == 0


def test_part_that_was_skipped() -> None:
    """What the application jumped over is not made up."""
    stream, capture = tap(io.BytesIO(BODY))
    stream.read(3)
    stream.seek(8)
    stream.read()
    assert (capture.content(), capture.size) == (b"one", 3)


def test_what_the_stream_raises() -> None:
    """Errors of the stream pass, and nothing is noted of them."""

    class Broken:
        def read(self, *args: int) -> bytes:
            raise OSError("reset")

        readline = readlines = __next__ = read

        def __iter__(self) -> Broken:
            return self

    stream, capture = tap(Broken())
    for read in (stream.read, stream.readline, stream.readlines, lambda: list(stream)):
        with pytest.raises(OSError, match="reset"):
            read()
    assert capture.size == 0
    with pytest.raises(TypeError):
        iter(tap(object())[0])


def test_tap_upon_tap() -> None:
    """A tap that was left in the environ by an earlier request is replaced, not covered."""
    stream = io.BytesIO(BODY)
    first, old = tap(stream)
    second, new = tap(first)
    assert isinstance(second, InputTap)
    assert second.read() == BODY
    assert (old.size, new.size) == (0, len(BODY))


class Log:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.tap: Tap | None = Tap(100)
        self.ends: list[Any] = []

    def finish(self, complete: bool, error: BaseException | None = None) -> None:
        self.ends.append((complete, repr(error)))

    def ended(self) -> None:
        self.finish(True)

    def closed(self, error: BaseException | None = None) -> None:
        self.finish(False, error)


def test_blocks_that_change_after_the_end() -> None:
    """A server that goes on asking after the end gets what the iterator says."""
    watcher = Log()
    blocks = OutputTap(iter([b"a"]), watcher)
    assert list(blocks) == [b"a"]
    assert next(blocks, None) is None
    blocks.close()
    del blocks
    assert watcher.ends[0] == (True, "None")
    assert watcher.tap.content() == b"a"


def test_blocks_beyond_the_limit() -> None:
    """What is kept ends at the limit, within a block or between two; all is counted, whatever the blocks are."""
    for limit in (0, 1, 3, 4, 5, 9):
        watcher = Log()
        watcher.tap = Tap(limit)
        blocks = [b"", b"abc", bytearray(b"d"), b"", b"ef", memoryview(b"gh"), b"i"]
        assert list(OutputTap(iter(blocks), watcher)) == blocks
        assert (watcher.tap.content(), watcher.tap.size) == (b"abcdefghi"[:limit], 9)


def test_blocks_that_nobody_keeps() -> None:
    """Without a tap they pass all the same, and their end is told."""
    watcher = Log()
    watcher.tap = None
    assert list(OutputTap(iter([b"a", b"b"]), watcher)) == [b"a", b"b"]
    assert watcher.ends[0] == (True, "None")
