"""Token usage: objects of numbers that are harmless under a secret name, such as `{"cached_tokens": 0}` and `[1, 2,
3]`.

APIs of language models report usage and log probabilities so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drhttp._redact.detect.false_positives import are_words
from drhttp._redact.detect.harmless_values import is_marker

if TYPE_CHECKING:
    from collections.abc import Callable

# An opening bracket, perhaps of a call; a closing bracket; a key, quoted or of a keyword argument; a string; a complete
# number or word; a comma.
_PIECE = re.compile(
    r"""\s*(?:(?P<open>(?:[A-Za-z_]\w*)?[({\[])|(?P<close>[)}\]])|(?P<comma>,)"""
    r"""|(?P<string>"(?:[^"\\]|\\.){0,60}"|'(?:[^'\\]|\\.){0,60}')(?P<colon>\s*:)?"""
    r"""|(?P<keyword>[A-Za-z_]\w*)="""
    r"""|(?P<scalar>-?[0-9]{1,19}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?|true|false|null|None|True|False)(?![\w.]))"""
)
# A key made of words, so that a one-time code or a token does not pass for one.
_KEY = re.compile(
    r"(?:[A-Z]?[a-z]{1,12}|[0-9]{1,3}[a-z]{0,2})"
    r"(?:[_.-]?[A-Z][a-z]{1,12}|[_.-][a-z]{1,12}|[_.-][0-9]{1,3}[a-z]{0,2})*"
)
_LONGEST_KEY = 48
# The members of a token beside its log probability (Text Generation Inference).
_LOGPROB_KEYS = frozenset(("id", "text", "logprob", "special", "rank"))
_LOGPROB = re.compile(r"""\s*,\s*"logprob"\s*:""")
_MODALITY = re.compile(r"[A-Z_]{1,20}")


def end_of_token_usage(
    text: str, start: int, *, needs_logprob: bool = False, spend: Callable[[int], None] | None = None
) -> int | None:
    """Return where the object or array ends that begins at `start`, if it holds only measures; `None` otherwise.

    Measures are numbers, booleans and nulls under keys that are words, at any depth; special tokens of tokenizers; the
    modality in Gemini's usage; and the text of a token beside its `logprob`. needs_logprob: a `logprob` is required.
    spend: called with the work done.
    """
    pieces, depth, key, keys, named = 0, 0, "", set[str](), set[str]()
    piece = _PIECE.match(text, start)
    while piece is not None:
        kind, end = piece.lastgroup, piece.end()
        pieces += 1
        if spend is not None and not pieces % 64:
            spend(32)
        if kind in ("colon", "keyword"):
            key = (piece["string"] or "")[1:-1] or piece["keyword"] or ""
            keys.add(key)
        elif kind == "string" and not _is_harmless_string(key, piece["string"][1:-1]):
            named.add(key)
        depth += (kind == "open") - (kind == "close")
        if depth == 0:
            known = kind == "close" and _are_harmless(named, keys)
            return end if known and (not needs_logprob or "logprob" in keys) else None
        piece = _PIECE.match(text, end)
    return None


def _is_harmless_string(key: str, string: str) -> bool:
    """Whether a string is harmless in an object of measures."""
    return is_marker(string) or (key == "modality" and _MODALITY.fullmatch(string) is not None)


def _are_harmless(named: set[str], keys: set[str]) -> bool:
    """Whether all keys are words, and strings occur only as the text of tokens with a `logprob`.

    named: the keys whose values are strings.
    """
    if any(len(key) > _LONGEST_KEY or _KEY.fullmatch(key) is None or not are_words(key) for key in keys):
        return False
    return not named or (named == {"text"} and "logprob" in keys and keys <= _LOGPROB_KEYS)


def has_logprob(name: str, text: str, end: int) -> bool:
    """Whether the JSON member that ends at `end` is the text of a token beside its log probability (OpenAI).

    An example: `{"token": "Hello", "logprob": -0.3}`.
    """
    return name == "token" and _LOGPROB.match(text, end) is not None
