"""Text of any kind: prose, logs, source code, messages. People write names and values there in many ways:
`name=value`, `name: value`, `"name": {...}`, `name => value`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from drhttp._redact.extent import Extents

if TYPE_CHECKING:
    from drhttp._redact.rules import Rules

# A name, perhaps between quotes (with backslashes, where it stands in a text within a text), and what ties it to a
# value. The look-behind lets a name begin where a word does, and so keeps the search linear.
_NAME = re.compile(r"""(?<![\w.$%\[\]-])([\w.$%\[\]-]+)(?:\\{0,8}["'`]\]?)?([ \t]{0,4}(?:=>|:=|={1,3}|:)[ \t]{0,8})""")
# Names of several words end so; what stands in front is looked at only then.
_LAST_WORDS = frozenset(("key", "keys", "number", "no", "num", "code", "card", "id", "word", "phrase", "security"))
_WORD = re.compile(r"[\w-]{1,30}")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}")
_LETTER = re.compile(r"\\{1,8}u00([0-9A-Fa-f]{2})")
_DEEPEST_ESCAPE = 3  # times that a text may be encoded


def mask_prose(text: str, rules: Rules) -> tuple[str, int]:
    """A text with the values of its secret names masked, and those that betray themselves; and how many those were."""
    text, count = _mask(text, rules)
    decoded, left = text, _DEEPEST_ESCAPE
    while left and ("%" in decoded or "\\u00" in decoded) and _ESCAPE.search(decoded):
        # What shows only when it is decoded is masked decoded.
        known = _mask(decoded, rules)[1] if count else 0
        decoded, left = _LETTER.sub(lambda match: chr(int(match[1], 16)), unquote(decoded)), left - 1
        masked, found = _mask(decoded, rules)
        if found > known:
            text, decoded, count = masked, masked, count + found
    return text, count


def _mask(text: str, rules: Rules) -> tuple[str, int]:
    text, count = _mask_named(text, rules) if "=" in text or ":" in text else (text, 0)
    text, found = rules.mask_values(text)
    return text, count + found


def _mask_named(text: str, rules: Rules) -> tuple[str, int]:
    pieces, copied, count, extents = [], 0, 0, Extents(text)
    for match in _NAME.finditer(text):
        if match.start() < copied or not _is_secret(match, rules):
            continue
        begin, end = extents.of(match)
        if begin < end:
            pieces += [text[copied:begin], rules.mask(text[begin:end])]
            copied, count = end, count + 1
    return "".join(pieces) + text[copied:], count


def _is_secret(match: re.Match[str], rules: Rules) -> bool:
    name, text, start = match[1], match.string, match.start()
    before = text[start - 1 : start]
    if match[2] == "=" and (before in ("?", "&") or text[max(0, start - 5) : start] == "&amp;"):
        return rules.secret_in_query(name)
    if rules.secret(name):
        return True
    if before != " " or name.lower() not in _LAST_WORDS:
        return False
    words = text[max(0, start - 62) : start - 1].rsplit(" ", 2)[-2:]
    last = words[-1] if _WORD.fullmatch(words[-1]) else ""
    both = f"{words[0]} {last}" if len(words) > 1 and _WORD.fullmatch(words[0]) else last
    return bool(last) and rules.secret(f"{both} {name}")
