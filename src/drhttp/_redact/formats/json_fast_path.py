"""JSON fast path: masks documents with few or no escapes, such as `{"password": "abc"}`, without reading all tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from drhttp._redact.detect.command_lines import may_hold_words
from drhttp._redact.detect.token_usage import has_logprob
from drhttp._redact.formats.base64_json import may_be_base64_json
from drhttp._redact.formats.json_rewriter import encode_string, may_hold_named_value
from drhttp._redact.formats.text_hints import may_hold_values
from drhttp._redact.formats.text_tables import may_hold_tables

if TYPE_CHECKING:
    from drhttp._json_document import Document
    from drhttp._redact.policy import Policy

    Inner = Callable[[str, Policy, int], tuple[str, int]]

_SCALAR = re.compile(r"(\s*:\s*)([^\s,{}\[\]]+)")  # a colon, and a number or word
_MEMBER = re.compile(r'\s*:\s*("[^"]*"|[^\s,{}\[\]"]+)')  # a colon, and a scalar
_NAME = re.compile(r"[\w.$@ -]+")  # a name that cannot be the text between two strings
_COLON = re.compile(r"\s*:\s*")
_ROWS_IN_STRING = re.compile(r'"\[\s*\[\s*\\"')  # a list of lists, as JSON in a string
_POSTAL = re.compile(r'(?:\s*:\s*)?([0-9]{3} ?[0-9]{3})(?![^\s,}"])')  # like a postal code of India
_NEIGHBORS = 40  # pieces on each side that may belong to the same object
_FEW = 16  # names that are searched for one by one


def holds_no_secret(text: str, document: Document, policy: Policy, *, ordinary: bool) -> bool:
    """Whether a document with escapes holds nothing to mask, as far as that shows without reading its tokens."""
    if "\\\\" in text or not policy.are_harmless(document.names) or may_hold_tables(text, policy):
        return False
    if '"[' in text and _ROWS_IN_STRING.search(text):
        return False
    plain = decode_escapes(text)
    # A quote inside a string must not be taken for one around it.
    quoted = decode_escapes(text.replace('\\"', "'")) if '\\"' in text else plain
    return not (
        "\\" in plain or _may_hold_named_values(quoted, document, ordinary=ordinary) or policy.may_hold_secret(plain)
    )


def decode_escapes(text: str) -> str:
    """Decode a document as a whole; the result is no JSON, but holds the words of its strings."""
    return text.replace("\\/", "/").encode("ascii", "backslashreplace").decode("unicode_escape")


def _may_hold_named_values(text: str, document: Document, *, ordinary: bool) -> bool:
    """Whether a string in a document may hold a name with a value, markup, or base64 of JSON; `False` is certain."""
    if "=" in text or "%" in text or "<" in text or "&" in text or text.count(":") > document.members:
        return True
    if may_hold_values(text, is_json=True):
        return True
    return not ordinary and (may_be_base64_json(text) or may_hold_words(text))


def mask_by_names(
    text: str, document: Document, policy: Policy, level: int, inner: Inner, *, ordinary: bool
) -> tuple[str, int] | None:
    """Mask a document without escapes by its names; `None` if a secret is an object or an array.

    inner: masks a string; takes its nesting level.
    """
    if _may_hold_named_values(text, document, ordinary=ordinary):
        return _mask_pieces(text.split('"'), policy, level, inner)
    if policy.are_harmless(document.names):
        return text, 0
    secret = list(filter(policy.is_secret, document.names))
    if len(secret) > _FEW or not all(map(_NAME.fullmatch, secret)):
        return _mask_pieces(text.split('"'), policy, level, inner)
    return _mask_named_members(text, secret, policy)


def _mask_named_members(text: str, names: list[str], policy: Policy) -> tuple[str, int] | None:
    """Mask the values of a few names, which are searched for one by one, in quotes."""
    found = []
    for name in names:
        key = f'"{name}"'
        at = text.find(key)
        while at >= 0:
            at += len(key)
            match = _MEMBER.match(text, at)
            if match is not None:
                found.append((*match.span(1), name))
            else:
                colon = _COLON.match(text, at)
                if colon and policy.end_of_harmless(name, text, colon.end()) is None:
                    return None  # the value is an object or an array
            at = text.find(key, at)
    pieces: list[str] = []
    copied = count = 0
    for start, end, name in sorted(found):
        value = text[start:end]
        if policy.is_harmless_literal(name, value) or has_logprob(name, text, end):
            continue
        if policy.is_postal_code(name, text, start, end):
            continue
        pieces += (text[copied:start], encode_string(policy.mask(value.strip('"'))))
        copied, count = end, count + 1
    return "".join(pieces) + text[copied:], count


def _mask_pieces(pieces: list[str], policy: Policy, level: int, inner: Inner) -> tuple[str, int] | None:
    """Mask a document that is split at its quotes: every second piece is a string, and a colon follows names."""
    count, behind_key = 0, False
    for at in range(1, len(pieces) - 1, 2):
        rest = pieces[at + 1].lstrip()
        found: int | None = 0
        if rest[:1] == ":":
            if policy.is_secret(pieces[at]):
                behind_key = len(rest.rstrip()) == 1
                found = _replace_value(pieces, at, policy, quotes=behind_key)
        elif behind_key:
            behind_key = False
        elif may_hold_named_value(pieces[at]):
            masked, found = inner(pieces[at], policy, level)
            pieces[at] = _encode_inside_quotes(masked) if found else pieces[at]
        if found is None:
            return None
        count += found
    return '"'.join(pieces), count


def _replace_value(pieces: list[str], at: int, policy: Policy, *, quotes: bool) -> int | None:
    """Mask the value of a secret name; `None` if that is an object or an array."""
    if quotes:
        if policy.is_harmless_literal(pieces[at], f'"{pieces[at + 2]}"') or has_logprob(
            pieces[at], '"'.join(pieces[at + 3 : at + 6]), 0
        ):
            return 0
        if _is_postal_code(pieces, at, policy, quotes=True):
            return 0
        pieces[at + 2] = _encode_inside_quotes(policy.mask(pieces[at + 2]))
        return 1
    match = _SCALAR.match(pieces[at + 1])
    if match is None:
        return None
    if policy.is_harmless_literal(pieces[at], match[2]) or _is_postal_code(pieces, at, policy, quotes=False):
        return 0
    pieces[at + 1] = f"{match[1]}{encode_string(policy.mask(match[2]))}{pieces[at + 1][match.end() :]}"
    return 1


def _is_postal_code(pieces: list[str], at: int, policy: Policy, *, quotes: bool) -> bool:
    """Whether the value of a name is a postal code. quotes: whether it is a string."""
    if not pieces[at].lower().endswith("code"):
        return False
    front = '"'.join(pieces[max(0, at - _NEIGHBORS) : at + (2 if quotes else 1)]) + '"'
    text = front + '"'.join(pieces[at + (2 if quotes else 1) : at + _NEIGHBORS])
    value = _POSTAL.match(text, len(front))
    return value is not None and policy.is_postal_code(pieces[at], text, *value.span(1))


def _encode_inside_quotes(text: str) -> str:
    """Encode a text as JSON, without the quotes around it."""
    return str(encode_string(text))[1:-1]
