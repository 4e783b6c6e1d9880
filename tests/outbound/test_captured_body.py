"""O10: what is kept of a body that passes, and what is copied of it."""

from __future__ import annotations

import tracemalloc

import pytest

from drhttp._outbound.captured_body import CapturedBody
from drhttp._outbound.chunked_decoder import ChunkedDecoder

MEGABYTE = 1024 * 1024


def captured(limit, *blocks):
    """What is kept of some blocks: content, size, and how many bytes are kept."""
    body = CapturedBody(limit)
    for block in blocks:
        body.note(block)
    assert body.kept == len(body.content())
    before = body.content()
    body.settle()
    assert body.content() == before
    body.note(b"late")
    return body.content(), body.size - 4


@pytest.mark.parametrize(
    ("limit", "blocks", "content"),
    [
        (10, [], b""),
        (10, [b"", b"abc", b""], b"abc"),
        (3, [b"abc", b"d"], b"abc"),
        (4, [b"abc", b"def", b"g"], b"abcd"),
        (0, [b"abc"], b""),
        (4, [bytearray(b"abc"), memoryview(b"def")], b"abcd"),
        (4, [memoryview(b"abcdef").cast("H")], b"abcd"),
    ],
)
def test_the_first_bytes_are_kept(limit, blocks, content):
    """The first bytes up to the limit are kept, and all are counted."""
    assert captured(limit, *blocks) == (content, sum(memoryview(block).nbytes for block in blocks))


def test_a_block_is_kept_by_reference():
    """A block of bytes that fits is not copied; a buffer that its owner may change is."""
    body, block, buffer = CapturedBody(100), b"block of bytes", bytearray(b"buffer")
    body.note(block)
    assert body.content() is block
    body.note(buffer)
    buffer[:] = b"change"
    assert body.content() == b"block of bytesbuffer"


def test_what_has_no_bytes_is_ignored():
    """The client raises of it, and so need not we."""
    assert captured(10, "text", 5, b"abc") == (b"abc", 3)


def copied(feed, *arguments):
    """The memory that a function needs for a moment, in bytes."""
    tracemalloc.start()
    try:
        feed(*arguments)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("limit", [0, 1000, 65_536])
def test_o10_chunks_are_not_copied(limit):
    """O10: of the chunks of an upload, only what is kept is copied."""
    body = CapturedBody(limit)
    decoder = ChunkedDecoder(body)
    chunk = b"%x\r\n%b\r\n" % (4 * MEGABYTE, bytes(4 * MEGABYTE))
    assert copied(decoder.feed, chunk) < 2 * 65_536 + 10_000
    assert copied(decoder.feed, chunk) < 10_000
    decoder.feed(b"0\r\n\r\n")
    assert decoder.done
    assert (body.size, body.kept) == (8 * MEGABYTE, limit)
