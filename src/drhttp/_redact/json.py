"""JSON (RFC 8259): secrets are replaced where they stand; all other text stays as it is, to the letter.

The text is not parsed and written anew: that would change numbers, duplicates and spacing, and could not be done at all
with a document that was cut. It is read as tokens; `json.loads` is asked only whether a whole document is one.
"""

from __future__ import annotations

import base64
import re
from functools import partial
from html import unescape
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from drhttp._document import Document, derive, read
from drhttp._redact.cut import closed
from drhttp._redact.markup import mask_markup
from drhttp._redact.measures import is_scored
from drhttp._redact.members import POINTED, may_point, pointed_at
from drhttp._redact.prose import mask_prose
from drhttp._redact.rules import Refusal
from drhttp._redact.tables import mask_tables, may_hold_tables
from drhttp._redact.tokens import (
    CutPassage,
    Passage,
    ValuePassage,
    is_plain,
    may_be_packed,
    quoted,
    unpacked,
    worth_a_look,
)

if TYPE_CHECKING:
    from drhttp._redact.rules import Rules

_DEEPEST_TEXT = 3  # levels of JSON and markup inside of a JSON string
_SCALAR = re.compile(r"(\s*:\s*)([^\s,{}\[\]]+)")  # a colon, and a number or word
_MEMBER = re.compile(r'\s*:\s*("[^"]*"|[^\s,{}\[\]"]+)')  # what follows a name whose value is no object or array
_NAME = re.compile(r"[\w.$@ -]+")  # a name without anything that could stand between two strings
_TIE = re.compile(r"\s*:\s*")
_FEW = 16  # names that are looked for one by one
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
_SPECIAL = _TELLING | POINTED
_MOST_CLOSERS = 200


def mask_json(text: str, rules: Rules, level: int = 0) -> tuple[str, int]:
    """A whole document, masked, and how many values that were. Raises `Refusal` if it is not JSON."""
    document = check_json(text)
    ordinary = _SPECIAL.isdisjoint(document.names)
    if (not ordinary or "[" in text) and may_point(text, document.names, rules, ordinary=ordinary):
        return _mask_document(text, document, rules, level, pointed_at(text, rules))
    return _mask_document(text, document, rules, level, ordinary=ordinary)


def _mask_document(
    text: str,
    document: Document,
    rules: Rules,
    level: int,
    named: frozenset[int] = frozenset(),
    *,
    ordinary: bool = False,
) -> tuple[str, int]:
    """named: where the values begin that are secret by what stands beside them. ordinary: no name is a special one."""
    if named:
        done = None
    elif "\\" not in text:
        done = _mask_plain(text, document, rules, level, ordinary=ordinary)
    elif _is_innocent(text, document, rules, ordinary=ordinary):
        return text, 0
    else:
        done = None
    if done is None:
        inner = partial(mask_string, rules=rules, level=level)
        passage = Passage(text, rules, inner, betrays=rules.betrays(text), named=named)
    elif rules.betrays(done[0]):
        passage = ValuePassage(done[0], rules, rules.mask_values, betrays=True)
    else:
        if done[1]:
            derive(done[0], document)
        return done
    passage.run()
    return passage.result(), passage.count + (done[1] if done else 0)


def mask_cut_json(text: str, rules: Rules) -> tuple[str, int]:
    """What is sure of a document whose end is missing, closed so that it is one again, and how many values were masked.

    The last member is left out: its value may be incomplete, and so may be its name. Raises `Refusal`.
    """
    sure = closed(text)
    if sure is not None:
        document = check_json(sure)
        # The end that is missing may name what stands in objects that are still open.
        named = frozenset[int]()
        if may_point(sure, document.names, rules, cut=True):
            named = pointed_at(_without_closers(sure, text), rules, cut=True)
        return _mask_document(sure, document, rules, 0, named)
    if text.lstrip()[:1] not in ("{", "["):
        raise Refusal("unparsable")  # nothing of anything else is sure
    masker = CutPassage(
        text,
        rules,
        partial(mask_string, rules=rules),
        betrays=rules.betrays(text),
        named=pointed_at(text, rules, cut=True),
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


def mask_string(text: str, rules: Rules, level: int = 0, *, tags: bool = True, tables: bool = True) -> tuple[str, int]:
    """A text from within something else, masked, and how many values that were.

    JSON and markup are read as such, also packed in base64; where they go too deep within each other, the text is taken
    for a secret. tags, tables: whether to look for markup and for tables.
    """
    if is_plain(text, rules):
        return text, 0
    begin = text.lstrip()[:1]
    rules.spend(4)
    if begin in _ENDS and text.rstrip()[-1] == _ENDS[begin]:
        try:
            if level < _DEEPEST_TEXT:
                return mask_json(text, rules, level + 1)
            check_json(text)
            return rules.mask(text), 1
        except Refusal as refusal:
            if refusal.reason != "unparsable":
                raise
    packed = unpacked(text)
    if packed is not None:
        masked, count = mask_string(packed, rules, level + 1) if level < _DEEPEST_TEXT else (rules.mask(packed), 1)
        return (base64.b64encode(masked.encode("utf-8", "replace")).decode(), count) if count else (text, 0)
    masked, count = mask_tables(text, rules) if tables and ("\n" in text or "\r" in text) else (text, 0)
    masked, found = mask_prose(masked, rules)
    count += found
    if tags and ("<" in masked or "&" in masked):
        masked, found = _mask_tags(masked, rules, level)
        count += found
    return masked, count


def _mask_tags(text: str, rules: Rules, level: int) -> tuple[str, int]:
    """Markup within a text, and what shows only without its entities."""
    count = 0
    inner = partial(mask_string, rules=rules, level=level + 1)
    if "<" in text and _ELEMENT.search(text):
        if level >= _DEEPEST_TEXT:
            return rules.mask(text), 1
        text, count = mask_markup(text, rules, inner, html=True)
    if "&" in text and _ENTITY.search(text):
        if level >= _DEEPEST_TEXT:
            return rules.mask(text), 1
        plain = unescape(text)
        masked, found = inner(plain)
        if masked != plain:
            return escape(masked), count + found
    return text, count


def check_json(text: str) -> Document:
    """What is known of a document. Raise `Refusal` if it is none."""
    document = read(text)
    if document.fault:
        raise Refusal(document.fault)
    return document


def _is_innocent(text: str, document: Document, rules: Rules, *, ordinary: bool) -> bool:
    """Whether a document with escapes holds nothing to mask, as far as that shows without reading it token by token."""
    if "\\\\" in text or not rules.innocent_names(document.names) or may_hold_tables(text, rules):
        return False
    plain = text.replace("\\/", "/").encode("ascii", "backslashreplace").decode("unicode_escape")
    return not ("\\" in plain or _is_tied(plain, document, ordinary=ordinary) or rules.betrays(plain))


def _is_tied(text: str, document: Document, *, ordinary: bool) -> bool:
    """Whether a string may tie a name to a value, or hold markup, or be packed."""
    if "=" in text or "%" in text or "<" in text or "&" in text or text.count(":") > document.members:
        return True
    if ordinary:
        return False
    return "--" in text or " '" in text or "('" in text or may_be_packed(text)


def _mask_plain(text: str, document: Document, rules: Rules, level: int, *, ordinary: bool) -> tuple[str, int] | None:
    """A document without escapes, masked by its names, without reading it token by token.

    `None` if a secret is an object or an array.
    """
    if _is_tied(text, document, ordinary=ordinary):
        return _replace_plain(text.split('"'), rules, level)
    if rules.innocent_names(document.names):
        return text, 0
    secret = list(filter(rules.secret, document.names))
    if len(secret) > _FEW or not all(map(_NAME.fullmatch, secret)):
        return _replace_plain(text.split('"'), rules, level)
    return _replace_named(text, secret, rules)


def _replace_named(text: str, names: list[str], rules: Rules) -> tuple[str, int] | None:
    """The same for a few names, looked for one by one: between quotes, none of them is anything but a string."""
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
                tie = _TIE.match(text, at)
                if tie and rules.end_of_spared(name, text, tie.end()) is None:
                    return None  # it names an object or an array
            at = text.find(key, at)
    pieces: list[str] = []
    copied = count = 0
    for start, end, name in sorted(found):
        value = text[start:end]
        if rules.spared(name, value) or is_scored(name, text, end):
            continue
        pieces += (text[copied:start], quoted(rules.mask(value.strip('"'))))
        copied, count = end, count + 1
    return "".join(pieces) + text[copied:], count


def _replace_plain(pieces: list[str], rules: Rules, level: int) -> tuple[str, int] | None:
    """The same for the text between quotes: every second piece is a string; what follows a key begins with a colon."""
    count, behind_key = 0, False
    for at in range(1, len(pieces) - 1, 2):
        rest = pieces[at + 1].lstrip()
        found: int | None = 0
        if rest[:1] == ":":
            if rules.secret(pieces[at]):
                behind_key = len(rest.rstrip()) == 1
                found = _replace_value(pieces, at, rules, quotes=behind_key)
        elif behind_key:
            behind_key = False
        elif worth_a_look(pieces[at]):
            masked, found = mask_string(pieces[at], rules, level)
            pieces[at] = _inside(masked) if found else pieces[at]
        if found is None:
            return None
        count += found
    return '"'.join(pieces), count


def _replace_value(pieces: list[str], at: int, rules: Rules, *, quotes: bool) -> int | None:
    """Mask what stands behind a secret name; `None` if that is an object or an array."""
    if quotes:
        if rules.spared(pieces[at], f'"{pieces[at + 2]}"') or is_scored(
            pieces[at], '"'.join(pieces[at + 3 : at + 6]), 0
        ):
            return 0
        pieces[at + 2] = _inside(rules.mask(pieces[at + 2]))
        return 1
    match = _SCALAR.match(pieces[at + 1])
    if match is None:
        return None
    if rules.spared(pieces[at], match[2]):
        return 0
    pieces[at + 1] = f"{match[1]}{quoted(rules.mask(match[2]))}{pieces[at + 1][match.end() :]}"
    return 1


def _inside(text: str) -> str:
    """A text as it stands between the quotes of a JSON string."""
    return str(quoted(text))[1:-1]
