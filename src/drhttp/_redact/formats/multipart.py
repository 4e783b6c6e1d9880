"""Multipart forms (RFC 7578): masks fields by name, such as `name="password"`; files are reduced to name, type and
size.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from typing import TYPE_CHECKING

from drhttp._http.multipart import PARAMETER, MultipartError, Part, boundary_of, parameters, strict_parts, text_of
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.compound_pairs import named_fields
from drhttp._redact.formats.json import mask_string

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drhttp._redact.policy import Policy

_NESTED = re.compile(r"content-type\s*:\s*(multipart/[^\r\n]*)", re.IGNORECASE)
_CODING = re.compile(r"content-transfer-encoding\s*:\s*(base64|quoted-printable)", re.IGNORECASE)
_LIKE = re.compile(rb"\s*--([^\s\"]{1,70})\r?\ncontent-[\w-]{1,60}:", re.IGNORECASE)
_FILE = b"filename"
_DEEPEST = 3  # levels of nested forms
_LONGEST_NAME = 80  # characters of a name in the content of a part


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
    boundary = boundary_of(content_type)
    if boundary is None:
        raise MaskingError("unparsable")
    if level == _DEEPEST:
        raise MaskingError("too_deep")
    delimiter = b"--" + boundary
    masked, total, end = [], 0, 0
    try:
        parts = list(strict_parts(content, boundary, cut=cut))
        named = _named_by_parts(parts, content, policy)
        for part in parts:
            text, count = _mask_part(part.head, content[part.start : part.end], policy, level, named)
            masked.append(delimiter + text + b"\r\n")
            total += count
            end = part.end
    except MultipartError:
        raise MaskingError("unparsable") from None
    closing, rest = delimiter + b"--", content[end:].lstrip()
    epilogue = rest[len(closing) :] if rest.startswith(closing) else None
    if epilogue is not None:
        masked.append(closing + b"\r\n")
    # What stands behind the last part belongs to no part, and may be anything (RFC 2046, section 5.1.1).
    changed = total or cut or (epilogue and epilogue.strip()) or (not policy.keep_files and _FILE in content.lower())
    return b"".join(masked) if changed else content, total


def _named_by_parts(parts: Iterable[Part], content: bytes, policy: Policy) -> set[str]:
    """Return the names of parts that another part names: `name="value"` beside a `name="name"` with a secret name."""
    found = set[str]()
    if b"alue" in content or b"ALUE" in content:
        for part in parts:
            policy.budget.spend(2)
            if part.end - part.start <= _LONGEST_NAME:
                fields = [named_fields(text) for kind, text in parameters(part.head) if kind == "name"]
                policy.budget.spend(6 * sum(map(bool, fields)))
                if any(fields) and policy.is_secret(content[part.start : part.end].decode("utf-8", "replace").strip()):
                    found.update(*fields)
    return found


def _mask_part(head: bytes, body: bytes, policy: Policy, level: int, named: set[str]) -> tuple[bytes, int]:
    """Mask one part: its header fields, and its content unless it is a file. named: names that another part makes
    secret.
    """
    policy.budget.spend(8)
    # Not by `email`: its time grows with the square of a hostile line, and it stops at the first line that is no field.
    # A name counts wherever it stands, as it is not known how the application reads the head.
    found = parameters(head)
    is_file = any(kind == "filename" for kind, _ in found)
    names = [text for kind, text in found if kind == "name"]
    secret = any(text in named or _is_secret_name(text, policy, is_file=is_file) for text in names)
    head, count = _mask_head(head, policy, secret=secret)
    head += b"\r\n\r\n"
    if is_file and not policy.keep_files:
        # A file may hold anything in any format. For debugging, it is enough to know that it was there.
        return head + f"[{len(body)} bytes]".encode(), count
    if secret:
        masked = policy.mask(body.decode("utf-8", "replace"))
        return head + masked.encode(), count + 1
    content, more = _mask_file(body, policy) if is_file else _mask_content(head, body, policy, level)
    return head + content, count + more


def _is_secret_name(name: str, policy: Policy, *, is_file: bool) -> bool:
    """Whether the name of a part is secret. The names of parameters in URLs count too, but not for files, and not
    `key`, by which a form of Amazon S3 names the object.
    """
    if is_file or name.lower() == "key":
        return policy.is_secret(name)
    return policy.is_secret_in_query(name)


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


def _mask_file(body: bytes, policy: Policy) -> tuple[bytes, int]:
    """Mask a file as text, or if it is binary, only the values in it that are secret by their form."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        masked, count = mask_string(text, policy)
        return (masked.encode("utf-8", "replace") if count else body), count
    masked, count = policy.mask_values(body.decode("latin-1"))
    return (masked.encode("latin-1", "replace") if count else body), count


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
        return match[1] + b'="' + policy.mask(text_of(match[3])).replace('"', "'").encode() + b'"'

    return PARAMETER.sub(replace, head), found + count
