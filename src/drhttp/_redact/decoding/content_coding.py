"""Content codings (RFC 9110, section 8.4): decodes gzip, deflate, br and zstd, up to 64 KiB, to mask what is inside."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from drhttp._redact.errors import MaskingError

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 64 * 1024  # bytes of decoded content; the rest is cut off, as from the body itself
_MEMBERS = 64  # of a gzip stream
_CODINGS = 5  # that may be applied to each other
_WINDOW = 23  # bits of the window of zstd: 8 MiB (RFC 9659)
_SIGNS = ((b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_GZIP, _ZLIB, _RAW = 31, 15, -15  # window bits for zlib, which select the format


def undeclared_coding(content: bytes, *, cut: bool) -> str | None:
    """Return the coding that the first bytes of content reveal, such as gzip's `1f 8b`; `None` if there is none."""
    if len(content) > 1 and content[0] & 0x8F == 8 and (content[0] << 8 | content[1]) % 31 == 0:
        try:  # a text may begin like this too
            return "deflate" if _inflate(content, _ZLIB, cut)[0] else None
        except (zlib.error, MaskingError):
            return None
    return next((name for sign, name in _SIGNS if content.startswith(sign)), None)


def decode(content: bytes, coding: str, *, cut: bool) -> tuple[bytes, bool]:
    """Return the decoded content, and whether its end is missing.

    coding: one name, or several in the order in which they were applied. Raises `MaskingError` ("coding") for content
    that cannot be decoded.
    """
    names = [each.strip().lower() for each in coding.split(",")]
    if len(names) > _CODINGS:
        raise MaskingError("coding")
    for name in reversed(names):
        decoder = _DECODERS.get(name)
        if decoder is None:
            raise MaskingError("coding")
        try:
            content, cut = decoder(content, cut)
        except (zlib.error, ValueError, EOFError, OSError):
            raise MaskingError("coding") from None
    return content, cut


def _identity(content: bytes, cut: bool) -> tuple[bytes, bool]:
    return content, cut


def _gzip(content: bytes, cut: bool) -> tuple[bytes, bool]:
    return _inflate(content, _GZIP, cut)


def _deflate(content: bytes, cut: bool) -> tuple[bytes, bool]:
    """Inflate with or without the zlib header that the coding "deflate" requires, as some servers leave it out."""
    wrapped = len(content) > 1 and content[0] & 0x0F == 8 and (content[0] << 8 | content[1]) % 31 == 0
    return _inflate(content, _ZLIB if wrapped else _RAW, cut)


def _inflate(content: bytes, window: int, cut: bool) -> tuple[bytes, bool]:
    """Inflate all members of a stream. window: the window bits of `zlib.decompressobj`."""
    pieces, room = [], _MOST
    # A gzip stream may have several members.
    members = 0
    while content and room > 0:
        members += 1
        if members > _MEMBERS:
            raise MaskingError("coding")
        inflater = zlib.decompressobj(window)
        piece = inflater.decompress(content, room)
        pieces.append(piece)
        room -= len(piece)
        if not inflater.eof:
            if not cut and not inflater.unconsumed_tail:
                raise MaskingError("coding")  # it ends too early, and was complete when captured
            return b"".join(pieces), True
        content = inflater.unused_data.lstrip(b"\0")
    return b"".join(pieces), cut or bool(content)


def _is_cut(content: bytes, cut: bool, *, ended: bool) -> bool:
    """Whether the end is missing. Raises `ValueError` if it is, and the content was complete."""
    if not ended and not cut and len(content) < _MOST:
        raise ValueError
    return cut or not ended


def _brotli() -> Callable[[bytes, bool], tuple[bytes, bool]] | None:
    try:
        import brotli  # type: ignore[import-not-found,import-untyped,unused-ignore]

        # Older versions have no limit, so that a small body could fill the memory.
        brotli.Decompressor().process(b"", output_buffer_limit=1)
    except (ImportError, AttributeError, TypeError):
        return None

    def decode_brotli(content: bytes, cut: bool) -> tuple[bytes, bool]:
        decompressor = brotli.Decompressor()
        try:
            piece = decompressor.process(content, output_buffer_limit=_MOST)
        except brotli.error as error:
            raise ValueError from error
        # The limit is not exact.
        return piece[:_MOST], _is_cut(piece, cut, ended=decompressor.is_finished()) or len(piece) > _MOST

    return decode_brotli


def _zstandard() -> Callable[[bytes, bool], tuple[bytes, bool]] | None:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from backports import zstd  # type: ignore[import-not-found,unused-ignore,no-redef]
        except ImportError:
            return None

    def decode_zstandard(content: bytes, cut: bool) -> tuple[bytes, bool]:
        decompressor = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW})
        try:
            piece = decompressor.decompress(content, _MOST)
        except zstd.ZstdError as error:
            raise ValueError from error
        return piece, _is_cut(piece, cut, ended=decompressor.eof) or bool(decompressor.unused_data)

    return decode_zstandard


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
