"""One search for the words of all secret names, for content in which the names themselves cannot be told apart."""

from __future__ import annotations

import re
from functools import lru_cache

from drhttp._redact.detect.tries import trie

_SHORTEST = 3  # characters of a name; shorter ones occur by chance in compressed data
_SPELLINGS = ("", "_", "-", " ")  # between the words of a name


@lru_cache(maxsize=64)
def secret_words(names: tuple[str, ...]) -> re.Pattern[str]:
    """Compile an expression for names in lower case, with the usual separators between their words."""
    spellings = {mark.join(name.lower().split()) for name in names for mark in _SPELLINGS}
    return re.compile(trie(each for each in spellings if len(each) >= _SHORTEST))


def holds_secret_word(text: str, names: tuple[str, ...]) -> bool:
    """Whether one of these names, of three letters or more, stands anywhere in a text."""
    return secret_words(names).search(text.lower()) is not None
