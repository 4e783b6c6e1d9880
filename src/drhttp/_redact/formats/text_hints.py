"""Hints that a text may hold secrets with names, which is faster to find out than to mask it: `nomad -token abc`.

Each rule of `formats/text.py` must have its hint here, or what is masked in a text is not masked in JSON.
"""

from __future__ import annotations

import re

from drhttp._redact.detect.command_lines import WITHOUT_OPTIONS, holds_command, holds_config_set

#: Signs that assign a value, apart from `=`, `:` and `<>`.
RARE_SIGNS = ("->", "\uff1a", "\uff1d", "\u2192")
#: An option in front of its value: `--password abc`.
OPTION = re.compile(r"-(?<![\w-].)-?([A-Za-z][\w.-]*)[ \t]+(?=[^\s-])")
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
#: What a text must hold for `may_hold_values`.
HINTS = (*RARE_SIGNS, *QUOTES, "-", "(", "config", *WITHOUT_OPTIONS)


def may_hold_values(text: str, *, is_json: bool = False) -> bool:
    """Whether a text may hold a secret that `mask_text` finds by something else than `=`, `:`, `<`, `%` and `&`.

    `False` is certain. is_json: the text is a JSON document without escapes, in which `"` delimits strings.
    """
    if any(sign in text for sign in RARE_SIGNS) or ("-" in text and OPTION.search(text)):
        return True
    for quote in "'`" if is_json else QUOTES:
        if quote in text and _BEGINS_VALUE[quote].search(text):
            return True
    if "(" in text and any(word in text for word in _VALUES):
        return True
    return holds_command(text, options_only=is_json) or holds_config_set(text)
