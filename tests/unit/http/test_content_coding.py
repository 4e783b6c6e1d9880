"""Content codings: what is decoded, up to which limit, and what is refused."""

from __future__ import annotations

import gzip
import zlib

import pytest

from drhttp._http.content_coding import GZIP, CodingError, Decoded, InflateStream, decode, detect_coding


def raw(content):
    """Compress without a header, as some servers do for `deflate`."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


PACKERS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "Deflate ": raw}


@pytest.mark.parametrize("coding", PACKERS)
def test_a_coding_is_decoded_up_to_the_limit(coding):
    """There is more when the limit is reached before the end, and nothing more at the very end."""
    packed = PACKERS[coding](b"abc" * 1000)

    assert decode(packed, coding, limit=3000, cut=False) == Decoded(b"abc" * 1000)
    assert decode(packed, coding, limit=2999, cut=False) == Decoded((b"abc" * 1000)[:2999], more=True)


@pytest.mark.parametrize("coding", PACKERS)
def test_an_early_end_is_an_error_unless_the_content_is_cut(coding):
    """What was decoded until then is returned."""
    packed = PACKERS[coding](bytes(range(256)) * 4)[:-8]

    with pytest.raises(CodingError):
        decode(packed, coding, limit=10_000, cut=False)

    content, more, incomplete = decode(packed, coding, limit=10_000, cut=True)
    assert (bytes(range(256)) * 4).startswith(content)
    assert (len(content) > 200, more, incomplete) == (True, False, True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, x", "x", "*", ",".join(["identity"] * 6)])
def test_other_content_and_other_codings_are_refused(coding):
    """Whether the content is cut makes no difference."""
    with pytest.raises(CodingError):
        decode(b"nonsense, and more", coding, limit=100, cut=True)


def test_codings_are_undone_from_the_last_to_the_first():
    """A limit that cuts the outer one off is no error of the inner one."""
    content = bytes(range(256))
    packed = gzip.compress(zlib.compress(content))

    assert decode(packed, "deflate, gzip", limit=1000, cut=False) == Decoded(content)
    beginning, more, incomplete = decode(packed, "deflate, gzip", limit=100, cut=False)
    assert content.startswith(beginning)
    assert (len(beginning) < 100, more, incomplete) == (True, True, True)


def test_a_gzip_stream_may_have_members_and_padding():
    """Other bytes behind it are an error, unless they are ignored."""
    packed = gzip.compress(b"abc") + gzip.compress(b"def") + bytes(8)

    assert decode(packed, "gzip", limit=100, cut=False) == Decoded(b"abcdef")
    assert decode(packed, "gzip", limit=4, cut=False) == Decoded(b"abcd", more=True)
    with pytest.raises(CodingError):
        decode(packed + b"more", "gzip", limit=100, cut=False)
    assert decode(packed + b"more", "gzip", limit=100, cut=False, ignore_trailing=True) == Decoded(b"abcdef")
    with pytest.raises(CodingError):
        decode(gzip.compress(b"") * 65, "gzip", limit=100, cut=False)


def test_a_stream_is_inflated_in_pieces():
    """Each piece has at most the given size, and what follows the stream is kept."""
    stream = InflateStream(gzip.compress(b"a" * 1000) + b"more", GZIP)
    pieces = []
    while stream.readable:
        pieces.append(stream.read(300))

    assert list(map(len, pieces)) == [300, 300, 300, 100]
    assert (stream.ended, stream.trailing) == (True, b"more")


@pytest.mark.parametrize(
    ("content", "coding"),
    [
        (gzip.compress(b"abc", mtime=0), "gzip"),
        (zlib.compress(b"abc"), "deflate"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"x\x9c is how a text begins, too", None),
        (zlib.compress(b"abc")[:-4], None),
        (raw(b"abc"), None),
        (b"", None),
    ],
)
def test_a_coding_is_detected_by_the_first_bytes(content, coding):
    """A header of zlib is two bytes only, so that decoding has to succeed, too."""
    assert detect_coding(content, limit=100, cut=False) == coding
