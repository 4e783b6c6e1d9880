"""Clean JSON: finds out in few passes that a document certainly holds nothing to mask, which is true of most.

Each pass runs in C: a look at the names, and searches in the strings for what every rule needs, such as a sign of
assignment or a long word. A document in which one of them finds something is masked by the rules; it may be clean too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._json_document import STRING_SEPARATOR
from drhttp._redact.detect.command_lines import may_hold_words
from drhttp._redact.formats.base64_json import may_be_base64_json
from drhttp._redact.formats.json_codes import login_key_at
from drhttp._redact.formats.json_name_value_pairs import VALUE_KEYS, has_nested_arrays
from drhttp._redact.formats.json_structures import STRUCTURE_KEYS, may_hold_structures
from drhttp._redact.formats.text_hints import may_hold_values

if TYPE_CHECKING:
    from drhttp._json_document import Document
    from drhttp._redact.policy import Policy

#: Members that hold messages, commands and payloads; only these are searched for names with values in every form.
TEXT_KEYS = frozenset(
    f"{word}{end}"
    for word in ("message", "msg", "error", "detail", "log", "text", "output", "stderr", "stdout", "traceback",
                 "exception", "reason", "command", "cmd", "query", "sql", "statement", "data", "payload", "body",
                 "Data", "Message", "Error", "Payload", "Body", "Command", "content", "value", "event")
    for end in ("", "s")
)  # fmt: skip
_SPECIAL_KEYS = VALUE_KEYS | STRUCTURE_KEYS
_ASCII_ESCAPE = re.compile(r"\\u00[0-7]")
_SCHEMES = ("http", "https")
# Strings that are only a time (RFC 3339).
_TIMES = re.compile(
    r'"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"'
)
# The end of what stands in front of the colon of a time: `12`, `T12`, `2026-11-30T12`.
_BEFORE_COLON = re.compile(r"(?:.*[^0-9A-Za-z_$.%\]-])?((?:[0-9]{4}-[0-9]{2}-[0-9]{2}T|T)?[0-9]{1,2})", re.DOTALL)
_LONGEST_HOUR = len("2026-11-30T12")


def is_clean(text: str, document: Document, policy: Policy, *, cut: bool = False) -> bool:
    """Whether a JSON object or array certainly holds nothing to mask.

    document: what is known about the text. cut: the end was missing, and may have named other values.
    """
    if not (policy.min_length and document.unique and text[:1] in ("{", "[")):
        return False
    if "\\" in text and _may_hide_signs(text):
        return False
    strings = document.strings
    # Names that were part of a clean document need no second look.
    new_names = document.names - policy.cache.ordinary_names
    if new_names:
        strings = STRING_SEPARATOR.join((strings, *new_names))
        if not _are_clean_names(new_names, strings, policy):
            return False
    clean = (
        not ("=" in strings or "%" in strings or "<" in strings or "&" in strings or "\\" in strings)
        and (":" not in strings or _has_harmless_colons(strings, policy))
        and ("[" not in text or _has_clean_arrays(text, document.members))
        and not (cut and may_hold_structures(text, document.names, policy, cut=True))
        and not may_hold_values(strings, is_json=True)
        and not policy.may_hold_secret(strings)
        and not ("key" in document.names and login_key_at(text, policy))
    )
    if clean and new_names:
        policy.cache.add_ordinary_names(new_names - TEXT_KEYS)
    return clean


def _may_hide_signs(text: str) -> bool:
    """Whether the escapes in a document could hide something: others than those of slashes and of letters."""
    return text.count("\\") != text.count("\\u") + text.count("\\/") or _ASCII_ESCAPE.search(text) is not None


def _are_clean_names(names: frozenset[str], strings: str, policy: Policy) -> bool:
    """Whether no name of a document makes a value secret. strings: all strings of the document."""
    policy.budget.spend(sum(map(len, names)) // 3)
    if not names.isdisjoint(_SPECIAL_KEYS):
        return False
    for name in names:
        # A name with "value" may be part of a pair under compound names.
        if "alue" in name or "ALUE" in name or policy.is_secret(name):
            return False
    return names.isdisjoint(TEXT_KEYS) or not (may_be_base64_json(strings) or may_hold_words(strings))


def _has_harmless_colons(strings: str, policy: Policy) -> bool:
    """Whether each colon stands in a time or in a URL."""
    pieces = _TIMES.sub("", f'"{strings}"').split(":")
    for at, piece in enumerate(pieces[:-1]):
        if piece.endswith(_SCHEMES):
            if pieces[at + 1][:2] != "//":
                return False
        else:
            policy.budget.spend(1)
            hour = _BEFORE_COLON.fullmatch(piece[-_LONGEST_HOUR - 1 :])
            # As in `pass 1: abc`, or if the user has added names of digits.
            if hour is None or hour[1].lower() in policy.last_words or policy.is_secret(hour[1]):
                return False
    return True


def _has_clean_arrays(text: str, members: int) -> bool:
    """Whether no array can be a table or a list of arguments."""
    return not (has_nested_arrays(text) or (not members and '"-' in text))
