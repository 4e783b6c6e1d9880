"""Multipart forms (RFC 7578): masks fields by name, such as `name="password"`; files are reduced to name, type and
size.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from typing import TYPE_CHECKING

from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.json import mask_string

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(rb"""(?<![\w*])(name|filename)(\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)""", re.IGNORECASE)
_NESTED = re.compile(r"content-type\s*:\s*(multipart/[^\r\n]*)", re.IGNORECASE)
_CODING = re.compile(r"content-transfer-encoding\s*:\s*(base64|quoted-printable)", re.IGNORECASE)
_LIKE = re.compile(rb"\s*--([^\s\"]{1,70})\r?\ncontent-[\w-]{1,60}:", re.IGNORECASE)
_DEEPEST = 3  # levels of nested forms


def looks_like_multipart(content: bytes) -> str | None:
    """Return the content type for a form that is not declared as one; `None` if the content is not a form."""
    match = _LIKE.match(content)
    return f'multipart/form-data; boundary="{match[1].decode("latin-1")}"' if match else None


def mask_multipart(
    content: bytes, content_type: str, policy: Policy, *, cut: bool, level: int = 0
) -> tuple[bytes, int]:
    """Mask a form; return it and how many values were masked.

    cut: the end is missing, so the last part is left out, as it may be incomplete. Raises `MaskingError` if it is not a
    form.
    """
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise MaskingError("unparsable")
    if level == _DEEPEST:
        raise MaskingError("too_deep")
    delimiter = b"--" + (match[1] or match[2]).encode("latin-1", "replace")
    parts = _split(content, delimiter)
    if cut:
        parts = parts[:-1]
    masked, total, end = [], 0, b""
    for part in parts:
        if part.startswith(b"--"):
            end = delimiter + b"--\r\n"
            break
        if not part.lstrip(b" \t").startswith(b"\r\n") or delimiter in part:
            raise MaskingError("unparsable")
        text, count = _mask_part(part, policy, level)
        masked.append(delimiter + text + b"\r\n")
        total += count
    changed = total or cut or b"filename" in content.lower()
    return b"".join([*masked, end]) if changed else content, total


def _split(content: bytes, delimiter: bytes) -> list[bytes]:
    """Split a form into its parts. Raises `MaskingError` if there are none."""
    preamble, *parts = (b"\r\n" + content).split(b"\r\n" + delimiter)
    if not parts or preamble.strip():
        raise MaskingError("unparsable")
    return parts


def _mask_part(part: bytes, policy: Policy, level: int) -> tuple[bytes, int]:
    """Mask one part: its header fields, and its content unless it is a file."""
    policy.budget.spend(8)
    head, separator, body = part.partition(b"\r\n\r\n")
    if not separator:
        raise MaskingError("unparsable")
    parameters = [(kind.lower(), star, value) for kind, star, value in _PARAMETER.findall(head)]
    secret = any(kind == b"name" and policy.is_secret(_text_of(value)) for kind, _, value in parameters)
    head, found = _mask_head(head, policy, secret=secret)
    if any(kind == b"filename" for kind, _, _ in parameters):
        # A file may hold anything in any format. For debugging, it is enough to know that it was there.
        return head + separator + f"[{len(body)} bytes]".encode(), found
    if secret:
        masked = policy.mask(body.decode("utf-8", "replace"))
        return head + separator + masked.encode(), found + 1
    content, count = _mask_content(head, body, policy, level)
    return head + separator + content, found + count


def _mask_content(head: bytes, body: bytes, policy: Policy, level: int) -> tuple[bytes, int]:
    """Mask the content of a part that is not a file."""
    coding = _CODING.search(head.decode("latin-1"))
    if coding:
        return _mask_coded(coding[1].lower(), body, policy)
    nested = _NESTED.search(head.decode("latin-1"))
    if nested:
        return mask_multipart(body, nested[1], policy, cut=False, level=level + 1)
    if b"\0" in body and mask_string(body.replace(b"\0", b"").decode("utf-8", "replace"), policy)[1]:
        raise MaskingError("encoding")
    masked, count = mask_string(body.decode("utf-8", "surrogateescape"), policy)
    return (masked.encode("utf-8", "surrogateescape") if count else body), count


def _mask_coded(coding: str, body: bytes, policy: Policy) -> tuple[bytes, int]:
    """Mask the content of a part in a transfer encoding (RFC 2045)."""
    try:
        content = quopri.decodestring(body) if coding != "base64" else base64.b64decode(body)
        text = content.decode()
    except (binascii.Error, ValueError):
        raise MaskingError("encoding") from None
    masked, count = mask_string(text, policy)
    if not count:
        return body, 0
    code = quopri.encodestring if coding != "base64" else base64.encodebytes
    return code(masked.encode("utf-8", "replace")).rstrip(b"\n").replace(b"\n", b"\r\n"), count


def _mask_head(head: bytes, policy: Policy, *, secret: bool) -> tuple[bytes, int]:
    """Mask the header fields of a part. secret: its field has a secret name, so the name of its file is masked too."""
    fields, found = mask_string(head.decode("utf-8", "surrogateescape"), policy)
    head = fields.encode("utf-8", "surrogateescape") if found else head
    if not secret:
        return head, found
    count = 0

    def replace(match: re.Match[bytes]) -> bytes:
        nonlocal count
        if match[1].lower() == b"name":
            return match[0]
        count += 1
        return match[1] + b'="' + policy.mask(_text_of(match[3])).replace('"', "'").encode() + b'"'

    return _PARAMETER.sub(replace, head), found + count


def _text_of(value: bytes) -> str:
    """Return the text of a parameter, without its quotes."""
    text = value.decode("utf-8", "replace")
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] == '"' else text
