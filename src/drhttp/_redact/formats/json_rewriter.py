"""JSON rewriter: replaces secret values in a JSON text token by token, such as "abc" in `{"token": "abc"}`."""

from __future__ import annotations

import re
from json import encoder
from typing import TYPE_CHECKING, Any

from drhttp._redact.detect.code_sentences import may_hold_code
from drhttp._redact.detect.token_usage import has_logprob
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.base64_json import BEGINNINGS, may_be_base64_json
from drhttp._redact.formats.json_known_objects import ids_at
from drhttp._redact.formats.json_name_value_pairs import DEEPEST_CUT, TOKEN, decode_string
from drhttp._redact.formats.json_schemas import examples_at
from drhttp._redact.formats.text_hints import HINTS, may_hold_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._redact.policy import Policy

    # The closing brackets for those that are open, innermost first.
    _Open = tuple[str, "_Open | None"]

_LONG_NUMBER = re.compile(r"[0-9]{12}")
_LITERAL = re.compile(r'"(?:[^"\\]|\\.){0,300}"|[^\s,{}\[\]"]+')
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_SIGNS = (":", "=", "%", "<", "&")
# One expression for all that a short text may hold, which is ten times faster.
_HINT = re.compile("|".join(map(re.escape, (*_SIGNS, *HINTS, *BEGINNINGS))))
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_SHORT = 100
_CLOSERS = {"{": "}", "[": "]"}

encode_string: Any = encoder.encode_basestring_ascii


def may_hold_named_value(text: str) -> bool:
    """Whether a text may hold a name with a value, markup, or base64 of JSON; `False` is certain."""
    if len(text) < _SHORT:
        if _HINT.search(text) is None:
            return may_hold_code(text)
        signed = _SIGN.search(text) is not None
    else:
        signed = any(sign in text for sign in _SIGNS)
    return signed or may_be_base64_json(text) or may_hold_values(text)


def is_harmless_text(text: str, policy: Policy) -> bool:
    """Whether a text is short and holds no names with values, or is a date or a time."""
    if len(text) < policy.min_length:
        if text.isalnum():
            return True
        policy.budget.spend(2)
        return not may_hold_named_value(text)
    return bool(policy.min_length) and text[0].isdigit() and _TIME.fullmatch(text) is not None


class JsonRewriter:
    """Rewrites one text, token by token.

    inner: masks the content of a string. may_hold_secret: whether strings may be secret by their form. secret_at: where
    values begin that are secret whatever their name.
    """

    def __init__(
        self,
        text: str,
        policy: Policy,
        inner: Callable[[str], tuple[str, int]],
        *,
        may_hold_secret: bool,
        secret_at: frozenset[int] = frozenset(),
    ) -> None:
        self._text = text
        self._policy = policy
        self._inner = inner
        self._may_hold_secret = may_hold_secret
        self._secret_at = secret_at
        self._tokens = TOKEN.finditer(text)
        self._pieces: list[str] = []
        self._harmless_until = 0  # where a harmless object or array ends
        self._keys: set[str] = set()  # names that the budget was charged for
        self._copied = 0  # where the text begins that is not in `_pieces` yet
        self.count = 0

    def run(self) -> None:
        """Read all tokens, and replace those that are secret."""
        secret_at = self._secret_at
        for match in self._tokens:
            token = match[0]
            if secret_at and match.start() in secret_at:
                if not self._mask_value(match):
                    return
            elif token[0] == '"':
                if not self._read_string(match):
                    return
            elif token in "{}[],":
                self._read_structure(match)
            elif self._may_hold_secret and _LONG_NUMBER.search(token):
                self._replace_if(match.start(), match.end(), *self._policy.mask_values(token))

    def result(self) -> str:
        """Return the text with the replacements."""
        return "".join(self._pieces) + self._text[self._copied :]

    def _read_structure(self, match: re.Match[str]) -> None:
        """Read a bracket or a comma; only truncated documents need them."""

    def _read_string(self, match: re.Match[str]) -> bool:
        """Read a name with its value, or a value. Return `False` if the text ends within it."""
        token, colon = match[0], match[1]
        if len(token) == 1:
            return False
        if colon is None:
            if self._may_hold_secret or "\\" in token or may_hold_named_value(token[1:-1]):
                self._policy.budget.spend(4)
                masked, count = self._inner(decode_string(token))
                self._replace_if(match.start(), match.end(), masked, count)
            return True
        key = decode_string(token[: -len(colon)])
        if key not in self._keys:
            self._keys.add(key)
            self._policy.budget.spend(4 + len(key) // 3)
        if self._may_hold_secret or "\\" in token:
            self._replace_if(match.start(), match.end() - len(colon), *self._policy.mask_values(key))
        if not self._policy.is_secret(key):
            return True
        if self._is_harmless(key, match.end()):
            return True
        first = next(self._tokens, None)
        return first is not None and self._mask_value(first, as_a_whole=self._policy.is_added(key))

    def _is_harmless(self, key: str, at: int) -> bool:
        """Whether the value of a secret name is harmless; then it is read like any other."""
        literal = _LITERAL.match(self._text, at)
        if literal is not None:
            return (
                self._policy.is_harmless_literal(key, literal[0])
                or has_logprob(key, self._text, literal.end())
                or self._policy.is_postal_code(key, self._text, *literal.span())
            )
        if at < self._harmless_until:  # within a harmless object
            return True
        end = self._policy.end_of_harmless(key, self._text, at)
        self._harmless_until = end or self._harmless_until
        return end is not None

    def _mask_value(self, first: re.Match[str], *, as_a_whole: bool = False) -> bool:
        """Replace the value that begins with a token. Return `False` if the text ends within it.

        as_a_whole: also if it is known for something harmless.
        """
        start, end = first.start(), self._end_of_value(first)
        if end is None:
            return False
        value = self._text[start:end]
        described = None if as_a_whole else self._described_at(value)
        if described is not None:
            rewriter = JsonRewriter(
                value, self._policy, self._inner, may_hold_secret=self._may_hold_secret, secret_at=described
            )
            rewriter.run()
            self._replace(start, end, rewriter.result(), rewriter.count)
        else:
            self._replace_if(start, end, self._policy.mask(decode_string(value) if value[0] == '"' else value), 1)
        return True

    def _described_at(self, value: str) -> frozenset[int] | None:
        """Return where the secrets begin in an object or array that is known for something harmless, or `None`."""
        if value[0] not in "{[":
            return None
        self._policy.budget.spend(10 + len(value) // 12)
        examples = examples_at(value) if value[0] == "{" else None
        return examples if examples is not None else ids_at(value)

    def _end_of_value(self, first: re.Match[str]) -> int | None:
        """Skip the value that begins with a token; return its end, or `None` if the text ends within it."""
        depth = 0
        match: re.Match[str] | None = first
        while match is not None:
            token = match[0]
            if token == '"':
                return None
            if token in "{[":
                depth += 1
            elif token in "}]":
                depth -= 1
            if depth == 0:
                return match.end()
            match = next(self._tokens, None)
        return None

    def _replace_if(self, start: int, end: int, masked: str, count: int) -> None:
        if count:
            self._replace(start, end, encode_string(masked), count)

    def _replace(self, start: int, end: int, text: str, count: int) -> None:
        self._pieces += (self._text[self._copied : start], text)
        self._copied = end
        self.count += count


class JsonValueRewriter(JsonRewriter):
    """Rewrites a text whose secret names are masked already: masks strings that are secret by their form."""

    def _read_string(self, match: re.Match[str]) -> bool:
        end = match.end() - len(match[1] or "")
        self._replace_if(match.start(), end, *self._policy.mask_values(decode_string(self._text[match.start() : end])))
        return True


class TruncatedJsonRewriter(JsonRewriter):
    """Rewrites a text whose end is missing, up to the last position where all members are complete."""

    _open: _Open | None = None
    _depth = 0
    _ended = False
    _sure: tuple[int, int, int, int, _Open | None] = (0, 0, 0, 0, None)

    def result(self) -> str:
        """Return the text with the replacements up to that position, with its brackets closed."""
        pieces, self.count, copied, position, opened = self._sure
        closers = []
        while opened is not None:
            closer, opened = opened
            closers.append(closer)
        return "".join([*self._pieces[:pieces], self._text[copied:position], *closers])

    def _read_structure(self, match: re.Match[str]) -> None:
        token = match[0]
        if self._ended:
            raise MaskingError("unparsable")
        if token in _CLOSERS:
            self._open = (_CLOSERS[token], self._open)
            self._depth += 1
            if self._depth > DEEPEST_CUT:
                raise MaskingError("too_deep")
        elif token != "," and self._open is not None:
            self._open = self._open[1]
            self._depth -= 1
            self._ended = self._open is None
        position = match.start() if token == "," else match.end()
        self._sure = (len(self._pieces), self.count, self._copied, position, self._open)
