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

from drhttp._json_document import Document, derive, read
from drhttp._redact.decoding.entities import unescape
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.cut_json import closed
from drhttp._redact.formats.graphql import VARIABLES, mask_graphql, variables_at
from drhttp._redact.formats.json_members import POINTED, may_point, nests, pointed_at
from drhttp._redact.formats.json_rewriter import (
    CutJsonRewriter,
    JsonRewriter,
    JsonValueRewriter,
    is_plain,
    unpacked,
)
from drhttp._redact.formats.json_tables import TELLING, may_hold_rows, secret_cells_at
from drhttp._redact.formats.json_tree import read_nodes
from drhttp._redact.formats.markup import mask_markup
from drhttp._redact.formats.plain_json import holds_no_secret, mask_plain
from drhttp._redact.formats.tables import mask_tables
from drhttp._redact.formats.text import mask_prose

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

_DEEPEST_TEXT = 3  # levels of JSON and markup inside of a JSON string
_ENDS = {"{": "}", "[": "]", '"': '"'}
_ELEMENT = re.compile(r"<[A-Za-z_]")
_ENTITY = re.compile(r"&(?:lt|quot|apos|#)")
# Members that hold what people or programs say, and what was packed; others are not searched for all of it.
_TELLING = frozenset(
    f"{word}{end}"
    for word in ("message", "msg", "error", "detail", "log", "text", "output", "stderr", "stdout", "traceback",
                 "exception", "reason", "command", "cmd", "query", "sql", "statement", "data", "payload", "body",
                 "Data", "Message", "Error", "Payload", "Body", "Command", "content", "value", "event")
    for end in ("", "s")
)  # fmt: skip
_VARIABLES = frozenset(VARIABLES)
_ELSEWHERE = _VARIABLES | TELLING
_NOWHERE = frozenset[int]()
_SPECIAL = _TELLING | POINTED
_MOST_CLOSERS = 200


def mask_json(
    text: str, policy: Policy, level: int = 0, secret_members: frozenset[str] = frozenset()
) -> tuple[str, int]:
    """A whole document, masked, and how many values that were. Raises `MaskingError` if it is not JSON.

    secret_members: the names of further members of the outermost object that are secret.
    """
    document = check_json(text)
    ordinary = _SPECIAL.isdisjoint(document.names)
    named = _NOWHERE
    nested = "[" in text and nests(text)
    if (not ordinary or "[" in text) and may_point(text, document.names, policy, nested=nested, ordinary=ordinary):
        named = pointed_at(text, policy)
    if nested or not _ELSEWHERE.isdisjoint(document.names):
        named = _named_elsewhere(text, document.names, policy, named)
    if secret_members:
        named |= {value.begin for node in read_nodes(text, policy)[:1] for value in node.member(*secret_members)}
    return _mask_document(text, document, policy, level, named, ordinary=ordinary)


def _named_elsewhere(
    text: str, names: frozenset[str], policy: Policy, named: frozenset[int], *, cut: bool = False
) -> frozenset[int]:
    """Where the values begin that are secret by a heading, or by the GraphQL document that they are passed to.

    named: those that are secret by what stands beside them; the names of columns are not.
    """
    variables = not _VARIABLES.isdisjoint(names)
    if not (variables or may_hold_rows(text, names, policy, cut=cut)):
        return named
    nodes = read_nodes(text, policy)
    cells, headings = secret_cells_at(nodes, policy)
    return (named - headings) | cells | variables_at(nodes, policy)


def _mask_document(
    text: str,
    document: Document,
    policy: Policy,
    level: int,
    named: frozenset[int] = frozenset(),
    *,
    ordinary: bool = False,
) -> tuple[str, int]:
    """named: where the values begin that are secret by what stands beside them. ordinary: no name is a special one."""
    if named:
        done = None
    elif "\\" not in text:
        done = mask_plain(text, document, policy, level, mask_string, ordinary=ordinary)
    elif holds_no_secret(text, document, policy, ordinary=ordinary):
        return text, 0
    else:
        done = None
    if done is None:
        inner = partial(mask_string, policy=policy, level=level)
        rewriter = JsonRewriter(text, policy, inner, may_hold_secret=policy.may_hold_secret(text), named=named)
    elif policy.may_hold_secret(done[0]):
        rewriter = JsonValueRewriter(done[0], policy, policy.mask_values, may_hold_secret=True)
    else:
        if done[1]:
            derive(done[0], document)
        return done
    rewriter.run()
    return rewriter.result(), rewriter.count + (done[1] if done else 0)


def mask_cut_json(text: str, policy: Policy) -> tuple[str, int]:
    """What is sure of a document whose end is missing, closed so that it is one again, and how many values were masked.

    The last member is left out: its value may be incomplete, and so may be its name. Raises `MaskingError`.
    """
    sure = closed(text)
    if sure is not None:
        document = check_json(sure)
        # The end that is missing may name what stands in objects that are still open.
        named = _NOWHERE
        without = _without_closers(sure, text)
        if may_point(sure, document.names, policy, nested=nests(sure), cut=True):
            named = pointed_at(without, policy, cut=True)
        named = _named_elsewhere(without, document.names, policy, named, cut=True)
        return _mask_document(sure, document, policy, 0, named)
    if text.lstrip()[:1] not in ("{", "["):
        raise MaskingError("unparsable")  # nothing of anything else is sure
    nodes = read_nodes(text, policy)
    cells, headings = secret_cells_at(nodes, policy)
    masker = CutJsonRewriter(
        text,
        policy,
        partial(mask_string, policy=policy),
        may_hold_secret=policy.may_hold_secret(text),
        named=(pointed_at(text, policy, cut=True) - headings) | variables_at(nodes, policy) | cells,
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
    if is_plain(text, policy):
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
    masked, found = mask_prose(masked, policy)
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
    packed = unpacked(text)
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
