"""JSON (RFC 8259): masks members with secret names, such as `{"password": "abc"}`; everything else stays byte for byte.

The text is not parsed and serialized again: that would change numbers, duplicates and spacing, and is impossible for a
truncated document. It is rewritten token by token; `json.loads` only decides whether a whole document is JSON.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from drhttp._json_document import Document, read, remember_derived
from drhttp._redact.decoding.entities import unescape
from drhttp._redact.decoding.surroundings import surroundings
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.base64_json import decode_base64_json, encode, mask_base64_json, may_be_base64_json
from drhttp._redact.formats.clean_json import TEXT_KEYS, is_clean
from drhttp._redact.formats.graphql import mask_graphql
from drhttp._redact.formats.json_codes import login_key_at
from drhttp._redact.formats.json_fast_path import holds_no_secret, mask_by_names
from drhttp._redact.formats.json_name_value_pairs import VALUE_KEYS, has_nested_arrays, may_name_values, named_values_at
from drhttp._redact.formats.json_rewriter import (
    JsonRewriter,
    JsonValueRewriter,
    TruncatedJsonRewriter,
    is_harmless_text,
    may_hold_named_value,
)
from drhttp._redact.formats.json_structures import STRUCTURE_KEYS, add_by_structure, secret_in_structures
from drhttp._redact.formats.json_tree import read_nodes
from drhttp._redact.formats.markup import mask_markup
from drhttp._redact.formats.text import mask_text
from drhttp._redact.formats.text_tables import mask_tables
from drhttp._redact.formats.truncated_json import close_brackets

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

_DEEPEST_TEXT = 3  # levels of JSON and markup inside a JSON string
_ENDS = {"{": "}", "[": "]", '"': '"'}
_ELEMENT = re.compile(r"<[A-Za-z_]")
_ENTITY = re.compile(r"&(?:lt|quot|apos|#)")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#|\w{1,32};)")
_NO_POSITIONS = frozenset[int]()
_SPECIAL_KEYS = TEXT_KEYS | VALUE_KEYS
_MOST_CLOSERS = 200


def mask_json(
    text: str, policy: Policy, level: int = 0, secret_members: frozenset[str] = frozenset()
) -> tuple[str, int]:
    """Mask a whole document; return it and how many values were masked.

    secret_members: names of further secret members of the outermost object. Raises `MaskingError` if it is not JSON.
    """
    document = check_json(text)
    if not secret_members and is_clean(text, document, policy):
        return text, 0
    ordinary = _SPECIAL_KEYS.isdisjoint(document.names)
    secret_at = _NO_POSITIONS
    nested = "[" in text and has_nested_arrays(text)
    if may_name_values(text, document.names, policy, nested=nested, ordinary=ordinary):
        secret_at = named_values_at(text, policy)
    if nested or not STRUCTURE_KEYS.isdisjoint(document.names):
        secret_at = add_by_structure(text, document.names, policy, secret_at)
    if secret_members:
        secret_at |= {value.begin for node in read_nodes(text, policy)[:1] for value in node.member(*secret_members)}
    secret_at |= login_key_at(text, policy)
    return _mask_document(text, document, policy, level, secret_at, ordinary=ordinary)


def _mask_document(
    text: str,
    document: Document,
    policy: Policy,
    level: int,
    secret_at: frozenset[int] = frozenset(),
    *,
    ordinary: bool = False,
) -> tuple[str, int]:
    """Mask a document that is JSON, in the fastest way that is possible.

    secret_at: where values begin that are secret by something else than their name. ordinary: no member may name
    others, or hold text that needs a closer look.
    """
    if secret_at:
        done = None
    elif "\\" not in text:
        done = mask_by_names(text, document, policy, level, mask_string, ordinary=ordinary)
    elif holds_no_secret(text, document, policy, ordinary=ordinary):
        return text, 0
    else:
        done = None
    if done is None:
        inner = partial(mask_string, policy=policy, level=level)
        rewriter = JsonRewriter(text, policy, inner, may_hold_secret=policy.may_hold_secret(text), secret_at=secret_at)
    elif policy.may_hold_secret(done[0]):
        rewriter = JsonValueRewriter(done[0], policy, policy.mask_values, may_hold_secret=True)
    else:
        if done[1]:
            remember_derived(done[0], document)
        return done
    rewriter.run()
    return rewriter.result(), rewriter.count + (done[1] if done else 0)


def mask_truncated_json(text: str, policy: Policy) -> tuple[str, int]:
    """Mask a document whose end is missing, and close its brackets; return it and how many values were masked.

    The last member is left out: its value may be incomplete, and so may its name. Raises `MaskingError`.
    """
    sure = close_brackets(text)
    if sure is not None:
        document = check_json(sure)
        if is_clean(sure, document, policy, cut=True):
            return sure, 0
        # The missing end may hold the names of values in open objects.
        secret_at = _NO_POSITIONS
        without = _without_closers(sure, text)
        if may_name_values(sure, document.names, policy, nested=has_nested_arrays(sure), cut=True):
            secret_at = named_values_at(without, policy, cut=True)
        secret_at = add_by_structure(without, document.names, policy, secret_at, cut=True) | login_key_at(sure, policy)
        ordinary = _SPECIAL_KEYS.isdisjoint(document.names)
        return _mask_document(sure, document, policy, 0, secret_at, ordinary=ordinary)
    if text.lstrip()[:1] not in ("{", "["):
        raise MaskingError("unparsable")  # a scalar may be incomplete
    nodes = read_nodes(text, policy)  # first, as it is the quickest way to reach the limit of work
    secret_at = named_values_at(text, policy, cut=True)
    masker = TruncatedJsonRewriter(
        text,
        policy,
        partial(mask_string, policy=policy),
        may_hold_secret=policy.may_hold_secret(text),
        secret_at=secret_in_structures(nodes, policy, secret_at) | login_key_at(text, policy),
    )
    masker.run()
    masked = masker.result()
    check_json(masked)
    return masked, masker.count


def _without_closers(sure: str, text: str) -> str:
    """Return the part of a closed document that was in the text."""
    end = len(sure)
    while end > max(0, len(sure) - _MOST_CLOSERS) and not text.startswith(sure[:end]):
        end -= 1
    return sure[:end]


def mask_string(
    text: str, policy: Policy, level: int = 0, *, tags: bool = True, tables: bool = True
) -> tuple[str, int]:
    """Mask a text from inside something else; return it and how many values were masked.

    JSON and markup are masked as such, also as base64; a text in which they are nested too deep is a secret. tags,
    tables: whether to look for markup and for tables.
    """
    if is_harmless_text(text, policy):
        return text, 0
    policy.budget.spend(8)
    document = _mask_inner_json(text, policy, level) or _mask_packed(text, policy, level)
    if document is not None:
        return document
    masked, count = mask_tables(text, policy) if tables and ("\n" in text or "\r" in text) else (text, 0)
    if not count and _holds_nothing(text, policy):
        return text, 0
    masked, found = mask_text(masked, policy)
    count += found
    masked, found = _mask_words(masked, policy, level)
    count += found
    if tags and ("<" in masked or "&" in masked):
        masked, found = _mask_tags(masked, policy, level)
        count += found
    return masked, count


def _mask_inner_json(text: str, policy: Policy, level: int) -> tuple[str, int] | None:
    """Mask a text that is JSON; `None` if it is not."""
    begin = text.lstrip()[:1]
    if begin not in _ENDS or text.rstrip()[-1] != _ENDS[begin]:
        return None
    try:
        if level < _DEEPEST_TEXT:
            return mask_json(text, policy, level + 1)
        check_json(text)
        return policy.mask(text), 1
    except MaskingError as error:
        if error.reason != "unparsable":
            raise
        return None


def _holds_nothing(text: str, policy: Policy) -> bool:
    """Whether a text without tables certainly holds nothing to mask."""
    if not policy.min_length or "\\" in text:  # escapes may hide signs
        return False
    return not (may_hold_named_value(text) or policy.may_hold_secret(text))


def _mask_words(text: str, policy: Policy, level: int) -> tuple[str, int]:
    """Mask base64 of JSON among the words of a text."""
    if level >= _DEEPEST_TEXT or not may_be_base64_json(text):
        return text, 0
    return mask_base64_json(text, partial(mask_string, policy=policy, level=level + 1))


def _mask_packed(text: str, policy: Policy, level: int) -> tuple[str, int] | None:
    """Mask GraphQL, or base64 of JSON; `None` if the text is neither."""
    if "{" in text and ("(" in text or "#" in text) and level < _DEEPEST_TEXT:
        document = mask_graphql(text, policy, partial(mask_string, policy=policy, level=level + 1))
        if document is not None:
            return document
    packed = decode_base64_json(text)
    if packed is None:
        return None
    masked, count = mask_string(packed, policy, level + 1) if level < _DEEPEST_TEXT else (policy.mask(packed), 1)
    return (encode(masked), count) if count else (text, 0)


def _mask_tags(text: str, policy: Policy, level: int) -> tuple[str, int]:
    """Mask markup in a text, and secrets that show only when character references are decoded."""
    count = 0
    inner = partial(mask_string, policy=policy, level=level + 1)
    if "<" in text and _ELEMENT.search(text):
        if level >= _DEEPEST_TEXT:
            return policy.mask(text), 1
        text, count = mask_markup(text, policy, inner, html=True)
    if "&" in text and _ENTITY.search(text):
        if level >= _DEEPEST_TEXT:
            return policy.mask(text), 1
        policy.budget.spend(text.count("&"))
        plain = unescape(text)
        if plain == text:  # it was not a character reference
            return text, count
        parts = surroundings(text, _REFERENCE)
        if parts is not None and all(inner(part)[0] == part for part in map(unescape, parts)):
            return text, count
        masked, found = inner(plain)
        if masked != plain:
            return escape(masked), count + found
    return text, count


def check_json(text: str) -> Document:
    """Return what is known about a document. Raises `MaskingError` if it is not JSON."""
    document = read(text)
    if document.fault:
        raise MaskingError(document.fault)
    return document
