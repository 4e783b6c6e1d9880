"""Compression: with the library for it, where that is installed, and without."""

from __future__ import annotations

import base64
import gzip
import importlib
import importlib.util
import random
import sys

import pytest

from drhttp._wire import _gzip

CONTENT = b'{"a": "b"}' * 10_000


@pytest.fixture(params=["with", "without"])
def compress(request, monkeypatch):
    """The function, in both kinds of environment; with the library only where there is one."""
    if request.param == "without":
        monkeypatch.setitem(sys.modules, "isal", None)
    yield importlib.reload(_gzip).compress
    monkeypatch.undo()
    importlib.reload(_gzip)


@pytest.mark.parametrize("content", [b"", b"a", CONTENT])
def test_what_was_compressed_comes_back_and_has_no_time_in_it(compress, content):
    packed = compress(content)
    assert gzip.decompress(packed) == content
    assert packed[4:8] == bytes(4)
    assert len(packed) < len(content) / 10 or len(content) < 2


@pytest.mark.parametrize("others", [0, 200])
def test_what_holds_nothing_twice_comes_back_too(compress, others):
    """Base64 of noise, with something that compresses well behind it or not: coded, not searched, where it is slow."""
    content = base64.b64encode(random.Random(1).randbytes(200_000)) + CONTENT * (others // 10)
    packed = compress(content)
    assert gzip.decompress(packed) == content
    assert packed[4:8] == bytes(4)
    assert _gzip._is_dense(content) is (not others)


def test_the_faster_library_is_taken_where_it_is_installed():
    fast = importlib.util.find_spec("isal") is not None
    assert _gzip._gzip.__module__.startswith("isal") is fast
