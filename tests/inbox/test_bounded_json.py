from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest

from drhttp.inbox.bounded_json import BATCH, MAX_DEPTH, MAX_VALUES, Limits, RequestRejected, inflate, load, parse


def nested(levels):
    return b"[" * levels + b"]" * levels


def test_gzip_and_plain_json_are_read_alike():
    """A body is the same whether the sender could compress it or not."""
    text = json.dumps([{"a": "é"}]).encode()

    assert load(gzip.compress(text), "gzip", BATCH) == load(text, "identity", BATCH) == ([{"a": "é"}], len(text))


def test_a_bomb_is_refused_before_it_unfolds():
    """What would inflate beyond the limit is refused while only about the limit was ever in memory."""
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    tracemalloc.start()
    with pytest.raises(RequestRejected) as refused:
        inflate(bomb, 1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert refused.value.status == 413
    assert str(refused.value) == "The body decompresses to more than 1,000,000 bytes."
    assert peak < 4_000_000


def test_a_body_at_the_limit_is_taken():
    """The limit itself is still allowed."""
    assert len(inflate(gzip.compress(bytes(1_000_000)), 1_000_000)) == 1_000_000


@pytest.mark.parametrize(
    ("wire", "sentence"),
    [
        (b"[]", "The body is not valid gzip"),
        (b"", "The gzip data is truncated."),
        (gzip.compress(b"[1,2,3]" * 100, mtime=0)[:-9], "The gzip data is truncated."),
        (gzip.compress(b"[]", mtime=0) * 2, "The gzip data is followed by other bytes."),
    ],
)
def test_broken_gzip_is_refused_in_a_sentence(wire, sentence):
    """Cut, doubled or foreign data are a bad request."""
    with pytest.raises(RequestRejected, match=sentence) as refused:
        inflate(wire, 1000)

    assert refused.value.status == 400


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe\xfa", nested(MAX_DEPTH + 1), nested(200_000), b'{"a":' * 90 + b"1" + b"}" * 90]
)
def test_json_that_is_broken_or_too_deep_is_refused(text):
    """Neither a parser's complaint nor the interpreter's recursion limit becomes an error of the inbox."""
    with pytest.raises(RequestRejected) as refused:
        parse(text)

    assert refused.value.status == 400


def test_json_as_deep_as_allowed_is_taken():
    """Sixty-four levels are read."""
    assert parse(nested(MAX_DEPTH)) is not None


def test_too_many_values_are_refused_before_they_are_built():
    """Millions of empty lists are small on the wire and large in memory."""
    with pytest.raises(RequestRejected) as refused:
        parse(b"[" + b"[]," * MAX_VALUES + b"[]]")

    assert refused.value.status == 413


def test_the_limits_are_those_that_are_documented():
    """Sixteen MiB a batch on the wire, sixty-four inflated, a thousand events; one MiB a single record."""
    assert Limits(wire=16 << 20, inflated=64 << 20, records=1000) == BATCH
