"""Compression of batches: gzip (RFC 1952), by a faster library where that is installed: `pip install drhttp[speed]`."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LEVEL = 1  # 3 takes half as long again for a twentieth less, 6 three times as long for an eighth
_SAMPLES, _SAMPLE = 64, 256  # how many, of how many bytes
_DENSE = 0.7  # of its size, or more, is what a sample is compressed to; base64 of anything dense: 0.75
_WITH_HEADER = 31  # zlib's window, and gzip's header and trailer


def _compress() -> Callable[..., bytes]:
    try:
        from isal import igzip  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        import gzip

        return gzip.compress
    fast: Callable[..., bytes] = igzip.compress
    return fast


_gzip = _compress()


def compress(content: bytes) -> bytes:
    """The content as gzip; without a time in it, so that equal content makes equal bytes."""
    # The faster library finds that out by itself.
    slow = _gzip.__module__ == "gzip" and _is_dense(content)
    return _coded(content) if slow else _gzip(content, _LEVEL, mtime=0)


def _is_dense(content: bytes) -> bool:
    """Whether there is little to be found twice in it, as in base64 of pictures: by small samples of all its parts."""
    step = len(content) // _SAMPLES
    if step < _SAMPLE * 4:
        return False
    sample = b"".join([content[at : at + _SAMPLE] for at in range(0, len(content), step)])
    return len(zlib.compress(sample, _LEVEL)) > _DENSE * len(sample)


def _coded(content: bytes) -> bytes:
    """The same without looking for what is there twice, which takes five times as long (RFC 1951 section 3.2)."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WITH_HEADER, strategy=zlib.Z_HUFFMAN_ONLY)
    return compressor.compress(content) + compressor.flush()
