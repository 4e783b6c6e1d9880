"""Content codings (RFC 9110, section 8.4): decodes gzip, deflate, br and zstd up to a limit, which stops bombs."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_MEMBERS = 64  # of a gzip stream
_CODINGS = 5  # that may be applied to each other
_WINDOW = 23  # bits of the window of zstd: 8 MiB (RFC 9659)
_SIGNS = ((b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
GZIP, ZLIB, RAW = 31, 15, -15
"""Window bits for zlib, which select the format: gzip (RFC 1952), zlib (RFC 1950), deflate alone (RFC 1951)."""


class CodingError(ValueError):
    """Content is not in the coding that it is said to be in, ends too early, or the coding is not supported."""


class Decoded(NamedTuple):
    """Decoded content. more: some was not decoded, as of the limit. incomplete: the coded data has no end."""

    content: bytes
    more: bool = False
    incomplete: bool = False


class InflateStream:
    """Decompresses one gzip, zlib or deflate stream in pieces. data: all of it. window: `GZIP`, `ZLIB` or `RAW`."""

    __slots__ = ("_decompressor", "_unread")

    def __init__(self, data: bytes, window: int) -> None:
        self._decompressor = zlib.decompressobj(window)
        self._unread = data

    @property
    def ended(self) -> bool:
        """Whether the end of the stream was reached, and its checksum is right."""
        return self._decompressor.eof

    @property
    def readable(self) -> bool:
        """Whether a further `read` may return anything."""
        return bool(self._unread) and not self.ended

    @property
    def trailing(self) -> bytes:
        """What follows the end of the stream."""
        return self._decompressor.unused_data

    def read(self, most: int) -> bytes:
        """Return the next piece, of at most this many bytes, which must be positive. Raises `CodingError`."""
        try:
            piece = self._decompressor.decompress(self._unread, most)
        except zlib.error as error:
            raise CodingError(str(error)) from error
        self._unread = self._decompressor.unconsumed_tail
        return piece


def detect_coding(content: bytes, *, limit: int, cut: bool) -> str | None:
    """Return the coding that the first bytes of content reveal, such as gzip's `1f 8b`; `None` if there is none.

    limit: bytes that are decoded to make sure.
    """
    if _has_zlib_header(content):
        try:  # a text may begin like this too
            decoded = _inflate(content, limit, ZLIB, ignore_trailing=False)
        except CodingError:
            return None
        return "deflate" if decoded.content and (cut or not decoded.incomplete) else None
    return next((name for sign, name in _SIGNS if content.startswith(sign)), None)


def decode(content: bytes, coding: str, *, limit: int, cut: bool, ignore_trailing: bool = False) -> Decoded:
    """Decode content up to `limit` bytes.

    coding: one name, or several in the order in which they were applied. cut: the end of the content is missing, so it
    may end too early. ignore_trailing: bytes that follow a gzip or deflate stream are ignored if they are not another
    one. Raises `CodingError`.
    """
    names = [each.strip().lower() for each in coding.split(",")]
    if len(names) > _CODINGS:
        raise CodingError("too many codings")
    more = incomplete = False
    for name in reversed(names):
        decoder = _DECODERS.get(name)
        if decoder is None:
            raise CodingError("unknown coding")
        decoded = decoder(content, limit, ignore_trailing)
        if decoded.incomplete and not (cut or more):
            raise CodingError("incomplete")
        content, more, incomplete = decoded.content, more or decoded.more, incomplete or decoded.incomplete
    return Decoded(content, more, incomplete)


def _identity(content: bytes, limit: int, ignore_trailing: bool) -> Decoded:
    return Decoded(content)


def _gzip(content: bytes, limit: int, ignore_trailing: bool) -> Decoded:
    return _inflate(content, limit, GZIP, ignore_trailing=ignore_trailing)


def _deflate(content: bytes, limit: int, ignore_trailing: bool) -> Decoded:
    """Inflate with or without the zlib header that the coding "deflate" requires, as some servers leave it out."""
    return _inflate(content, limit, ZLIB if _has_zlib_header(content) else RAW, ignore_trailing=ignore_trailing)


def _has_zlib_header(content: bytes) -> bool:
    """Whether content begins with a zlib header (RFC 1950, section 2.2)."""
    return len(content) > 1 and content[0] & 0x8F == 8 and (content[0] << 8 | content[1]) % 31 == 0


def _inflate(content: bytes, limit: int, window: int, *, ignore_trailing: bool) -> Decoded:
    """Inflate all members of a stream: gzip may have several (RFC 1952, section 2.2)."""
    pieces: list[bytes] = []
    room = limit
    while content and room > 0:
        if len(pieces) == _MEMBERS:
            if ignore_trailing:
                break
            raise CodingError("too many members")
        stream = InflateStream(content, window)
        try:
            piece = stream.read(room)
        except CodingError:
            if ignore_trailing and pieces:
                return Decoded(b"".join(pieces))
            raise
        pieces.append(piece)
        room -= len(piece)
        if not stream.ended:
            more = stream.readable or room == 0
            return Decoded(b"".join(pieces), more=more, incomplete=not more)
        content = stream.trailing.lstrip(b"\0")
    return Decoded(b"".join(pieces), more=bool(content))


def _brotli() -> Callable[[bytes, int, bool], Decoded] | None:
    try:
        import brotli  # type: ignore[import-not-found,import-untyped,unused-ignore]

        # Older versions have no limit, so that a small body could fill the memory.
        brotli.Decompressor().process(b"", output_buffer_limit=1)
    except (ImportError, AttributeError, TypeError):
        return None

    def decode_brotli(content: bytes, limit: int, ignore_trailing: bool) -> Decoded:
        decompressor = brotli.Decompressor()
        try:
            piece = decompressor.process(content, output_buffer_limit=limit)
        except brotli.error as error:
            raise CodingError(str(error)) from error
        return _decoded(piece, limit, ended=decompressor.is_finished())

    return decode_brotli


def _zstandard() -> Callable[[bytes, int, bool], Decoded] | None:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from backports import zstd  # type: ignore[import-not-found,unused-ignore,no-redef]
        except ImportError:
            return None

    def decode_zstandard(content: bytes, limit: int, ignore_trailing: bool) -> Decoded:
        decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW})
        try:
            piece = decompressor.decompress(content, limit)
        except (zstd.ZstdError, ValueError, EOFError, OSError) as error:
            raise CodingError(str(error)) from error
        decoded = _decoded(piece, limit, ended=decompressor.eof)
        return decoded._replace(more=decoded.more or bool(decompressor.unused_data))

    return decode_zstandard


def _decoded(piece: bytes, limit: int, *, ended: bool) -> Decoded:
    """Return the result of a decoder whose limit is not exact, or that does not say why it stopped."""
    full = len(piece) >= limit
    return Decoded(piece[:limit], more=len(piece) > limit or (full and not ended), incomplete=not (full or ended))


_DECODERS = {
    name: decoder
    for name, decoder in {
        "identity": _identity,
        "": _identity,
        "gzip": _gzip,
        "x-gzip": _gzip,
        "deflate": _deflate,
        "br": _brotli(),
        "zstd": _zstandard(),
    }.items()
    if decoder is not None
}
