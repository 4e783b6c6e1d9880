"""JSON (RFC 8259): secrets are replaced where they stand; all other text stays as it is, to the letter.

The text is not parsed and written anew: that would change numbers, duplicates and spacing, and could not be done at all
with a document that was cut. It is read as tokens; `json.loads` is asked only whether a whole document is one.
"""

from __future__ import annotations

import base64
import re
from functools import partial
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from drhttp._json_document import Document, read, remember_derived
from drhttp._redact.decoding.entities import unescape
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.graphql import VARIABLES, mask_graphql, secret_variables_at
from drhttp._redact.formats.json_fast_path import holds_no_secret, mask_by_names
from drhttp._redact.formats.json_name_value_pairs import VALUE_KEYS, has_nested_arrays, may_name_values, named_values_at
from drhttp._redact.formats.json_rewriter import (
    CutJsonRewriter,
    JsonRewriter,
    JsonValueRewriter,
    decode_base64_json,
    is_harmless_text,
)
from drhttp._redact.formats.json_tables import TABLE_KEYS, may_hold_table, secret_cells_at
from drhttp._redact.formats.json_tree import read_nodes
from drhttp._redact.formats.markup import mask_markup
from drhttp._redact.formats.text import mask_text
from drhttp._redact.formats.text_tables import mask_tables
from drhttp._redact.formats.truncated_json import close_brackets

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

_DEEPEST_TEXT = 3  # levels of JSON and markup inside of a JSON string
_ENDS = {"{": "}", "[": "]", '"': '"'}
_ELEMENT = re.compile(r"<[A-Za-z_]")
_ENTITY = re.compile(r"&(?:lt|quot|apos|#)")
# Members that hold what people or programs say, and what was packed; others are not searched for all of it.
_TEXT_KEYS = frozenset(
    f"{word}{end}"
    for word in ("message", "msg", "error", "detail", "log", "text", "output", "stderr", "stdout", "traceback",
                 "exception", "reason", "command", "cmd", "query", "sql", "statement", "data", "payload", "body",
                 "Data", "Message", "Error", "Payload", "Body", "Command", "content", "value", "event")
    for end in ("", "s")
)  # fmt: skip
_VARIABLES = frozenset(VARIABLES)
_ELSEWHERE = _VARIABLES | TABLE_KEYS
_NOWHERE = frozenset[int]()
_SPECIAL = _TEXT_KEYS | VALUE_KEYS
_MOST_CLOSERS = 200


def mask_json(
    text: str, policy: Policy, level: int = 0, secret_members: frozenset[str] = frozenset()
) -> tuple[str, int]:
    """A whole document, masked, and how many values that were. Raises `MaskingError` if it is not JSON.

    secret_members: the names of further members of the outermost object that are secret.
    """
    document = check_json(text)
    ordinary = _SPECIAL.isdisjoint(document.names)
    secret_at = _NOWHERE
    nested = "[" in text and has_nested_arrays(text)
    if (not ordinary or "[" in text) and may_name_values(
        text, document.names, policy, nested=nested, ordinary=ordinary
    ):
        secret_at = named_values_at(text, policy)
    if nested or not _ELSEWHERE.isdisjoint(document.names):
        secret_at = _add_tables_and_variables(text, document.names, policy, secret_at)
    if secret_members:
        secret_at |= {value.begin for node in read_nodes(text, policy)[:1] for value in node.member(*secret_members)}
    return _mask_document(text, document, policy, level, secret_at, ordinary=ordinary)


def _add_tables_and_variables(
    text: str, names: frozenset[str], policy: Policy, secret_at: frozenset[int], *, cut: bool = False
) -> frozenset[int]:
    """Where the values begin that are secret by a heading, or by the GraphQL document that they are passed to.

    named: those that are secret by what stands beside them; the names of columns are not.
    """
    variables = not _VARIABLES.isdisjoint(names)
    if not (variables or may_hold_table(text, names, policy, cut=cut)):
        return secret_at
    nodes = read_nodes(text, policy)
    cells, headings = secret_cells_at(nodes, policy)
    return (secret_at - headings) | cells | secret_variables_at(nodes, policy)


def _mask_document(
    text: str,
    document: Document,
    policy: Policy,
    level: int,
    secret_at: frozenset[int] = frozenset(),
    *,
    ordinary: bool = False,
) -> tuple[str, int]:
    """named: where the values begin that are secret by what stands beside them. ordinary: no name is a special one."""
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
    """What is sure of a document whose end is missing, closed so that it is one again, and how many values were masked.

    The last member is left out: its value may be incomplete, and so may be its name. Raises `MaskingError`.
    """
    sure = close_brackets(text)
    if sure is not None:
        document = check_json(sure)
        # The end that is missing may name what stands in objects that are still open.
        secret_at = _NOWHERE
        without = _without_closers(sure, text)
        if may_name_values(sure, document.names, policy, nested=has_nested_arrays(sure), cut=True):
            secret_at = named_values_at(without, policy, cut=True)
        secret_at = _add_tables_and_variables(without, document.names, policy, secret_at, cut=True)
        return _mask_document(sure, document, policy, 0, secret_at)
    if text.lstrip()[:1] not in ("{", "["):
        raise MaskingError("unparsable")  # nothing of anything else is sure
    nodes = read_nodes(text, policy)
    cells, headings = secret_cells_at(nodes, policy)
    masker = CutJsonRewriter(
        text,
        policy,
        partial(mask_string, policy=policy),
        may_hold_secret=policy.may_hold_secret(text),
        secret_at=(named_values_at(text, policy, cut=True) - headings) | secret_variables_at(nodes, policy) | cells,
    )
    masker.run()
    masked = masker.result()
    check_json(masked)
    return masked, masker.count


def _without_closers(sure: str, text: str) -> str:
    """What is sure of a text, as it stood there."""
    end = len(sure)
    while end > max(0, len(sure) - _MOST_CLOSERS) and not text.startswith(sure[:end]):
        end -= 1
    return sure[:end]


def mask_string(
    text: str, policy: Policy, level: int = 0, *, tags: bool = True, tables: bool = True
) -> tuple[str, int]:
    """A text from within something else, masked, and how many values that were.

    JSON and markup are read as such, also packed in base64; where they go too deep within each other, the text is taken
    for a secret. tags, tables: whether to look for markup and for tables.
    """
    if is_harmless_text(text, policy):
        return text, 0
    begin = text.lstrip()[:1]
    policy.budget.spend(5)
    if begin in _ENDS and text.rstrip()[-1] == _ENDS[begin]:
        try:
            if level < _DEEPEST_TEXT:
                return mask_json(text, policy, level + 1)
            check_json(text)
            return policy.mask(text), 1
        except MaskingError as error:
            if error.reason != "unparsable":
                raise
    document = _mask_packed(text, policy, level)
    if document is not None:
        return document
    masked, count = mask_tables(text, policy) if tables and ("\n" in text or "\r" in text) else (text, 0)
    masked, found = mask_text(masked, policy)
    count += found
    if tags and ("<" in masked or "&" in masked):
        masked, found = _mask_tags(masked, policy, level)
        count += found
    return masked, count


def _mask_packed(text: str, policy: Policy, level: int) -> tuple[str, int] | None:
    """GraphQL, and JSON in base64, masked; `None` if the text is neither."""
    if "{" in text and ("(" in text or "#" in text) and level < _DEEPEST_TEXT:
        document = mask_graphql(text, policy, partial(mask_string, policy=policy, level=level + 1))
        if document is not None:
            return document
    packed = decode_base64_json(text)
    if packed is None:
        return None
    masked, count = mask_string(packed, policy, level + 1) if level < _DEEPEST_TEXT else (policy.mask(packed), 1)
    return (base64.b64encode(masked.encode("utf-8", "replace")).decode(), count) if count else (text, 0)


def _mask_tags(text: str, policy: Policy, level: int) -> tuple[str, int]:
    """Markup within a text, and what shows only without its entities."""
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
        if plain == text:  # what looks like a character reference may be none
            return text, count
        masked, found = inner(plain)
        if masked != plain:
            return escape(masked), count + found
    return text, count


def check_json(text: str) -> Document:
    """What is known of a document. Raise `MaskingError` if it is none."""
    document = read(text)
    if document.fault:
        raise MaskingError(document.fault)
    return document
