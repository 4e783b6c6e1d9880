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
    from drhttp._redact.work_budget import Spend

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
# A key that is a model: `gpt-4o-2024-08-06`, `meta-llama/Llama-3.1-8B`, `us.anthropic.claude-3-sonnet-20240229-v1:0`.
_MODEL = re.compile(
    r"@?(?:[\w-]{1,30}[/.:]){0,3}(?:(?:gpt|chatgpt|claude|gemini|gemma|(?:code)?llama|mistral|mixtral|ministral|codestral"
    r"|pixtral|command|embed|rerank|qwen|qwq|deepseek|titan|nova|grok|phi|palm|bison|text-(?:embedding|bison|davinci)|davinci"
    r"|whisper|tts|dall-e|sonar|jamba|kimi|glm|granite|nemotron|falcon|yi|dbrx|starcoder|voyage|aya|minimax|hunyuan|ernie"
    r"|solar)(?:[-._:/@0-9][\w.:/@-]{0,50})?|o[1-9](?:-[a-z]{2,10})?(?:-[0-9-]{4,10})?)",
    re.IGNORECASE,
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?")
_NUMBER = re.compile(r"[0-9]{1,10}")  # as a string, as in Protocol Buffers' JSON
_LONGEST_KEY = 48
_DEEPEST = 20
# The members of a token beside its log probability (Text Generation Inference).
_LOGPROB_KEYS = frozenset(("id", "text", "logprob", "special", "rank"))
_LOGPROB = re.compile(r"""\s*,\s*"logprob"\s*:""")
_MODALITY = re.compile(r"[A-Z_]{1,20}")


def end_of_token_usage(text: str, start: int, spend: Spend, *, needs_logprob: bool = False) -> int | None:
    """Return where the object or array ends that begins at `start`, if it holds only measures; `None` otherwise.

    Measures are numbers, booleans and nulls under keys that are words, up to 20 levels deep; special tokens of
    tokenizers; the modality in Gemini's usage; and the text of a token beside its `logprob`. needs_logprob: a `logprob`
    is required. spend: called with the work done.
    """
    pieces, depth, key, keys, named = 0, 0, "", set[str](), set[str]()
    piece = _PIECE.match(text, start)
    while piece is not None:
        kind, end = piece.lastgroup, piece.end()
        pieces += 1
        if not pieces % 8:
            spend(8)
        if kind in ("colon", "keyword"):
            key = (piece["string"] or "")[1:-1] or piece["keyword"] or ""
            keys.add(key)
        elif kind == "string" and not _is_harmless_string(key, piece["string"][1:-1]):
            named.add(key)
        depth += (kind == "open") - (kind == "close")
        if depth > _DEEPEST:  # calls within calls of a program
            return None
        if depth == 0:
            known = kind == "close" and _are_harmless(named, keys)
            return end if known and (not needs_logprob or "logprob" in keys) else None
        piece = _PIECE.match(text, end)
    return None


def _is_harmless_string(key: str, string: str) -> bool:
    """Whether a string is harmless in an object of measures."""
    if key.lower().endswith(("count", "tokens")) and _NUMBER.fullmatch(string):
        return True
    return is_marker(string) or (key == "modality" and _MODALITY.fullmatch(string) is not None)


def _are_harmless(named: set[str], keys: set[str]) -> bool:
    """Whether all keys are words, and strings occur only as the text of tokens with a `logprob`.

    named: the keys whose values are strings.
    """
    if not all(map(_is_plain, keys)):
        return False
    return not named or (named == {"text"} and "logprob" in keys and keys <= _LOGPROB_KEYS)


def _is_plain(key: str) -> bool:
    """Whether a key is made of words, or is a model or a day."""
    if len(key) <= _LONGEST_KEY and _KEY.fullmatch(key) is not None and are_words(key):
        return True
    return _MODEL.fullmatch(key) is not None or _DAY.fullmatch(key) is not None


def has_logprob(name: str, text: str, end: int) -> bool:
    """Whether the JSON member that ends at `end` is the text of a token beside its log probability (OpenAI).

    An example: `{"token": "Hello", "logprob": -0.3}`.
    """
    return name == "token" and _LOGPROB.match(text, end) is not None
