"""Applications that lean on every corner of PEP 3333; the header field `X-Recorded` puts the recorder in between."""

from __future__ import annotations

import io
import itertools
import os
import sys
from typing import TYPE_CHECKING, Any

import drhttp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

TEXT = [("Content-Type", "text/plain")]
CHUNKS = 200
EVENTS = 20
FILLER = b"x" * 100_000


def one_block(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT[:])
    return [b"hello"]


def one_block_in_a_tuple(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT[:])
    return (b"hello",)


class Sized:
    """An iterable with a length that is no list."""

    def __init__(self, *blocks: bytes) -> None:
        self._blocks = blocks

    def __len__(self) -> int:
        return len(self._blocks)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._blocks)


def one_block_in_an_object(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT[:])
    return Sized(b"hello")


def text(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("203 Fine", TEXT[:])
    return ["no bytes"]


def text_behind_bytes(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("203 Fine", TEXT[:])
    return [b"sent", "no bytes", b"never sent"]


def lazy_text(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("203 Fine", TEXT[:])
    yield "no bytes"


def eager(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("203 Fine", [*TEXT, ("X-Twice", "1"), ("X-Twice", "2")])
    return (block for block in (b"first", b"second"))


def lazy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("203 Fine", [*TEXT, ("X-Lazy", "\xb6")])
    yield b"first"
    yield b""
    yield b"second"


def corrected(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT[:])
    try:
        raise ValueError("noticed before anything was sent")
    except ValueError:
        start_response("503 Sorry", [*TEXT, ("X-Corrected", "yes")], sys.exc_info())
    return [b"sorry"]


def too_late(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT[:])
    yield b"sent"
    try:
        raise ValueError("noticed after something was sent")
    except ValueError:
        start_response("503 Sorry", TEXT[:], sys.exc_info())
    yield b"never seen"


def writing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    write = start_response("200 OK", TEXT[:])
    write(b"a")
    return iter([b"", b"b", b"", b"c"])


def no_content(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("204 No Content", [])
    return []


def not_modified(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("304 Not Modified", [("ETag", '"x"')])
    return iter([])


def with_length(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("Content-Length", "5")])
    return iter([b"he", b"llo"] if environ["REQUEST_METHOD"] != "HEAD" else [])


def failing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    raise LookupError("nothing there")


def failing_midway(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT[:])
    yield b"first"
    raise LookupError("nothing more there")


def failing_after_three(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("203 Fine", TEXT[:])
    yield from (b"one", b"two", b"three")
    raise LookupError("nothing more there")


def failing_after_writing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("203 Fine", TEXT[:])(b"written")
    raise LookupError("nothing more there")


def failing_after_nothing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("203 Fine", TEXT[:])
    yield b""
    raise LookupError("nothing more there")


def failing_before_anything(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("203 Fine", TEXT[:])
    yield from ()
    raise LookupError("nothing there")


class FailingInClose:
    """Blocks, and a `close` that raises."""

    def __init__(self, *blocks: bytes) -> None:
        self._blocks = blocks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._blocks)

    def close(self) -> None:
        raise LookupError("nothing to close")


def failing_in_close(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("203 Fine", [*TEXT, ("Content-Length", "3")])
    return FailingInClose(b"all")


def failing_in_close_without_a_body(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("203 Fine", [*TEXT, ("Content-Length", "0")])
    return FailingInClose()


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    stream = environ["wsgi.input"]
    length = environ.get("CONTENT_LENGTH")
    body = stream.read(int(length)) if length else b"".join(iter(lambda: stream.read(3), b""))
    start_response("200 OK", TEXT[:])
    summary = (
        f"{length} {environ.get('wsgi.input_terminated')} {hasattr(stream, 'seek')} {hasattr(stream, 'readinto')} "
    )
    return [summary.encode(), body]


def lines(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    stream = environ["wsgi.input"]
    first = stream.readline()
    rest = stream.read(int(environ["CONTENT_LENGTH"]) - len(first))
    start_response("200 OK", TEXT[:])
    return [first, b"|", rest]


def never_reading(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", TEXT[:])
    return [b"not interested"]


def file(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("Content-Length", "12")])
    wrapper = environ.get("wsgi.file_wrapper", lambda stream: iter([stream.read()]))
    environ["test.returned"] = wrapper(io.BytesIO(b"file content"))
    return environ["test.returned"]


def identified(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("X-DrHTTP-User", "ada"), ("x-drhttp-device", "phone"), ("X-Other", "stays")])
    return [b"hello"]


class Gate:
    """Waits until the test, in another process, lets the application go on; reports events to the test."""

    def __init__(self, opens: int, events: int) -> None:
        self._opens = opens
        self._events = events

    def wait(self) -> None:
        """Report that, and wait until the test opens the gate."""
        self.report("waiting")
        os.read(self._opens, 1)

    def report(self, event: str) -> None:
        os.write(self._events, event.encode() + b"\n")


def gated_stream(gate: Gate) -> Callable[..., Iterable[bytes]]:
    def stream(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", TEXT[:])
        yield b"chunk 0\n"
        gate.wait()
        for number in range(1, CHUNKS):
            yield b"chunk %d\n" % number

    return stream


def gated_events(gate: Gate) -> Callable[..., Iterable[bytes]]:
    """Endless. After the last one that the test waits for, they come without a pause, so that a server notices."""

    def events(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        try:
            for number in itertools.count():
                yield b"data: %d\n\n" % number + (FILLER if number >= EVENTS else b"")
                if number < EVENTS:
                    gate.wait()
        finally:
            gate.report("finally")

    return events


def gated_blocks(gate: Gate) -> Iterator[bytes]:
    """Three blocks, and after the gate more than any server keeps for a client that does not read."""
    try:
        for number in range(3):
            yield b"chunk %d\n" % number
        gate.wait()
        for _ in range(100_000):
            yield FILLER
    finally:
        gate.report("finally")


def gated_writing(gate: Gate) -> Callable[..., Iterable[bytes]]:
    def left_while_writing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", TEXT[:])
        blocks = gated_blocks(gate)
        try:
            for block in blocks:
                write(block)
        finally:
            blocks.close()
        return []

    return left_while_writing


def gated_apps(gate: Gate) -> dict[str, Callable[..., Iterable[bytes]]]:
    """Those that wait for the test, or tell it something."""

    def left(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", TEXT[:])
        return gated_blocks(gate)

    def server(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        gate.report(getattr(start_response, "__self__", start_response).__class__.__name__)
        start_response("200 OK", TEXT[:])
        return []

    return {
        "stream": gated_stream(gate),
        "events": gated_events(gate),
        "left": left,
        "left_while_writing": gated_writing(gate),
        "server": server,
    }


def site(dsn: str, gate: Gate) -> Callable[..., Iterable[bytes]]:
    """The application that a server runs: the path names one of those above."""
    plain = (one_block, one_block_in_a_tuple, one_block_in_an_object, eager, lazy, corrected, too_late, writing)
    plain += (no_content, not_modified, with_length, failing, failing_midway, echo, lines, never_reading, file)
    plain += (
        failing_after_three,
        failing_after_writing,
        failing_after_nothing,
        failing_before_anything,
        failing_in_close,
        failing_in_close_without_a_body,
        text,
        text_behind_bytes,
        lazy_text,
    )
    apps = {app.__name__: app for app in (*plain, identified)} | gated_apps(gate)

    def bare(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return apps[environ["PATH_INFO"].split("/")[1]](environ, start_response)

    recorded = drhttp.WSGIMiddleware(bare, dsn=dsn, flush_interval=0.05, redact=False)  # to see every byte

    def choose(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        result = (recorded if "HTTP_X_RECORDED" in environ else bare)(environ, start_response)
        if "test.returned" in environ:
            gate.report("identical" if result is environ["test.returned"] else "another")
        return result

    return choose
