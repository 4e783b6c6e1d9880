"""Hints that a text may hold secrets with names, which is faster to find out than to mask it: `nomad -token abc`.

Each rule of `formats/text.py` must have its hint here, or what is masked in a text is not masked in JSON.
"""

from __future__ import annotations

import re

from drhttp._redact.detect import code_sentences
from drhttp._redact.detect.command_lines import WITHOUT_OPTIONS, first_hyphen, holds_command, holds_config_set
from drhttp._redact.formats.text_pairs import holds_netrc

_WIDE_SIGNS = ("\uff1a", "\uff1d", "\u2192")
# Signs that assign a value, apart from `=`, `:` and `<>`.
_RARE_SIGNS = ("->", *_WIDE_SIGNS)
#: An option in front of its value: `--password abc`.
OPTION = re.compile(r"-(?<![\w.-].)-?([A-Za-z][\w.-]*)[ \t]+(?=[^\s-])")
#: Quotes around a string.
QUOTES = ('"', "'", "`")
# A quote with which a value or a pair may begin, perhaps behind prefixes as in Python. A literal comes first, which
# `re` searches for fast, and a test that most quotes fail.
_OPENING, _PREFIX = r"[\s(\[,]", "[bBfFnNrRuU]"
_BEGINS_VALUE = {
    quote: re.compile(
        rf"{quote}(?<=[\s(\[,bBfFnNrRuU].)"
        rf"(?:(?<={_OPENING}.)|(?<={_OPENING}{_PREFIX}.)|(?<={_OPENING}{_PREFIX}{_PREFIX}.))"
    )
    for quote in QUOTES
}
_VALUES = ("VALUES", "values", "Failing row")  # of databases, in brackets
#: What a text must hold for `may_hold_values`, unless it is a sentence with a code.
HINTS = (*_RARE_SIGNS, *QUOTES, "-", "(", "config", "login", *WITHOUT_OPTIONS)


def may_hold_values(text: str, *, is_json: bool = False) -> bool:
    """Whether a text may hold a secret that `mask_text` finds by something else than `=`, `:`, `<`, `%` and `&`.

    `False` is certain. is_json: the text is a JSON document without escapes, in which `"` delimits strings.
    """
    hyphen = first_hyphen(text)
    if holds_rare_sign(text) or (hyphen >= 0 and OPTION.search(text, hyphen)):
        return True
    for quote in "'`" if is_json else QUOTES:
        if quote in text and _BEGINS_VALUE[quote].search(text):
            return True
    if "(" in text and any(word in text for word in _VALUES):
        return True
    if holds_command(text, options_only=is_json, hyphen=hyphen) or holds_config_set(text) or holds_netrc(text):
        return True
    return code_sentences.may_hold_code(text)


def holds_rare_sign(text: str) -> bool:
    """Whether a text holds one of the rare signs that assign a value."""
    # Searching for one character is many times faster than for two.
    return (">" in text and "->" in text) or (not text.isascii() and any(sign in text for sign in _WIDE_SIGNS))
