"""Undoes the content codings of a body (gzip, deflate, br, zstd), declared or not, before it is masked."""

from __future__ import annotations

from typing import NamedTuple

from drhttp._http.content_coding import CodingError, decode, detect_coding
from drhttp._redact.errors import MaskingError

_MOST_DECODED = 64 * 1024  # bytes of decoded content; the rest is cut off, as from the body itself
_MOST_UNDECLARED = 3  # codings that a body may have without declaring them


class Decoded(NamedTuple):
    """Content without its codings. cut: its end is missing. codings: what was undone."""

    content: bytes
    cut: bool
    codings: list[str]


def undo_codings(content: bytes, coding: str, *, cut: bool) -> Decoded:
    """Undo the declared codings, and then those that the content shows to have.

    coding: the value of `Content-Encoding`. cut: the end of the content is missing. Raises `MaskingError` if it cannot
    be decoded.
    """
    codings: list[str] = []
    if coding not in ("", "identity"):
        codings.append(coding)
        content, cut = _undo(content, coding, cut)
    while (hidden := detect_coding(content, limit=_MOST_DECODED, cut=cut)) is not None:
        if len(codings) > _MOST_UNDECLARED:
            raise MaskingError("coding")
        codings.append(hidden)
        content, cut = _undo(content, hidden, cut)
    return Decoded(content, cut, codings)


def _undo(content: bytes, coding: str, cut: bool) -> tuple[bytes, bool]:
    try:
        decoded = decode(content, coding, limit=_MOST_DECODED, cut=cut)
    except CodingError:
        raise MaskingError("coding") from None
    return decoded.content, cut or decoded.more or decoded.incomplete
