"""Tries: regular expressions for any of many words that read each letter once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def trie(words: Iterable[str]) -> str:
    """Return a regular expression for any of the words that reads each letter once (a trie)."""
    rests: dict[str, list[str]] = {}
    ends = False
    for word in words:
        if word:
            rests.setdefault(word[0], []).append(word[1:])
        else:
            ends = True
    if not rests:
        return ""
    branches = "|".join(re.escape(first) + trie(rests[first]) for first in sorted(rests))
    if len(rests) == 1 and not ends:
        return branches
    return f"(?:{branches})" + ("?" if ends else "")
