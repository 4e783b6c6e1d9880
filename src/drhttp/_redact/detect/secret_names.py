"""Secret names: of header fields, query parameters, form fields, JSON keys, XML elements and cookies, such as `apiKey`.

A name is read as words, whatever its spelling: `apiKey`, `api-key`, `API_KEY` and `x_api_key` hold the words "api key";
`accesstoken` is split into "access token"; `tokenizer` and `monkey` hold no secret word.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from drhttp._redact.detect import harmless_values
from drhttp._redact.detect.compound_names import JOINED_ENDS, ends_with_joined_phrase
from drhttp._redact.detect.harmless_values import MARKERS, NUMBERS, VERSION_BEGINNINGS, harmless_kinds
from drhttp._redact.detect.name_words import normalize_name, split_name, written_words
from drhttp._redact.detect.postal_codes import POSTAL_LENGTHS, is_postal_code
from drhttp._redact.detect.short_passwords import ENDS, ends_with_short_password
from drhttp._redact.detect.token_usage import end_of_token_usage
from drhttp._redact.detect.validation_messages import end_of_messages, is_quoted_message
from drhttp._redact.detect.vocabulary import NAMES_IN_QUERIES, WHOLE_NAMES, vocabulary
from drhttp._redact.work_budget import WorkBudget

if TYPE_CHECKING:
    from collections.abc import Iterable


# A name is secret if a word ends or begins with one of these: "pgpassword", "tokenvalue".
_STEMS = ("password", "passwd", "passphrase", "secret", "token", "apikey")
_ENDS = (*_STEMS, *(f"{stem}s" for stem in _STEMS), *JOINED_ENDS)
# Except for other words: apikeyboard, tokenize, tokenomics, secretary, secretive, secretion, secretly, passwordless.
_BEGINS = re.compile(
    r"(?:passwd|passphrase|apikey(?!board|pad)|password(?!less)|token(?!i[sz]|om|less|ed\b)|secret(?!ar|iv|ion|ly|e|or))"
)

_MEASURED = frozenset((NUMBERS, MARKERS))
# Tokens of these kinds grant access, and may be the keys of an object: `refresh_tokens: {"...": 1700000000}`.
_CREDENTIALS = re.compile(
    r"access|refresh|auth|csrf|xsrf|session|api|bearer|secret|device|push|fcm|apns|resettoken|jwt|login|invit|verif"
    r"|personal|bottoken|user|client|revoked|active|blacklist|blocked|valid|issued|idtoken"
)
# The vocabulary of a tokenizer: Cohere; Ollama, in the names of GGUF. References to secrets of Kubernetes, by name.
_OTHERS = re.compile(
    r"tokenstrings|tokenizerggml[a-z]{2,20}|[a-z]{0,40}secret(?:key)?ref(?:erence)?s?|imagepullsecrets?"
)
# A game.
_SANTA = re.compile(r"secret[\W_]*santa", re.IGNORECASE)
_PASSWORD = re.compile(
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|contrase(?:n|ñ)a|mot[ _-]de[ _-]passe)s?\Z", re.IGNORECASE
)
_NO_SECRETS = frozenset(("true", "false", "null"))
# An object or array without a value: `{}`, `[]`, `[null]`.
_EMPTY = re.compile(
    r"\s{0,9}(?:\{\s{0,9}\}|\[\s{0,9}(?:(?:true|false|null)\s{0,9}(?:,\s{0,9}(?=[tfn])|(?=\]))){0,99}\])"
)
_LONGEST_WORD = 32  # letters without a separator that are split into words


def _is_package(name: str, value: str) -> bool:
    """Whether a value is a version under a name that may be that of a package; "1.2.3" may be a password."""
    return harmless_values.is_version(value[1:-1]) and _PASSWORD.search(name) is None


class SecretNames:
    """Decides which names are secret.

    also: names to add. allow: names that are not secret. Both are read as words, in any spelling. A name in `also`
    matches within longer names too; one in `allow` must equal the whole name. budget: limits the work.
    """

    def __init__(self, also: Iterable[str] = (), allow: Iterable[str] = (), budget: WorkBudget | None = None) -> None:
        words = vocabulary(tuple(also))
        self.names = words.names
        self.last_words = words.last_words
        self._secret, self._lengths = words.secret, words.lengths
        self._known, self._known_lengths = words.known, words.known_lengths
        self._added, self._hint = words.added.search, words.hint.search
        self._allowed = frozenset(map(normalize_name, allow))
        self._spend = (budget or WorkBudget()).spend
        # Bounded, as clients choose names too.
        self.is_secret = lru_cache(maxsize=4096)(self._is_secret)
        self.is_secret_in_query = lru_cache(maxsize=4096)(self._is_secret_in_query)
        self._harmless = lru_cache(maxsize=4096)(self._kinds)

    def is_allowed(self, name: str) -> bool:
        """Whether the user allowed the name."""
        return bool(self._allowed) and normalize_name(name) in self._allowed

    def is_added(self, name: str) -> bool:
        """Whether a name is one that the user added, or holds one."""
        return self._added(normalize_name(name)) is not None

    def is_harmless(self, name: str, value: str) -> bool:
        """Whether a value is harmless although its name is secret. It never is under a name that the user added.

        Examples: a number under `max_tokens`, `true` under `has_password`, "pass" under `cvc_check`, and in quotes a
        message about the field: "must be at least 8 characters".
        """
        if harmless_values.is_harmless(value, self._harmless(name)):
            return True
        if value[:1] != '"' or (value[1:2] not in VERSION_BEGINNINGS and " " not in value):
            return False
        if not (_is_package(name, value) or is_quoted_message(value)):
            return False
        return not self._added(normalize_name(name))

    def is_harmless_literal(self, name: str, literal: str) -> bool:
        """Whether a value of JSON, as written there, is harmless although its name is secret.

        `true`, `false` and `null` always are, except under a name that the user added; `"true"` may be a password.
        """
        if literal in _NO_SECRETS:
            return not self._added(normalize_name(name))
        return self.is_harmless(name, literal)

    def is_postal_code(self, name: str, text: str, begin: int, end: int) -> bool:
        """Whether the JSON value between two positions is a postal code, not a PIN. Never under a name of the user."""
        if end - begin not in POSTAL_LENGTHS:
            return False
        normalized = normalize_name(name)
        return is_postal_code(normalized, text, begin, end) and not self._added(normalized)

    def end_of_harmless(self, name: str, text: str, at: int) -> int | None:
        """Return where the object or array ends that begins at `at`, if it is harmless although its name is secret.

        It is if it is empty, or holds only measures, as under `completion_tokens_details`, or only messages about the
        field. `None` if it is to be masked, as always under a name that the user added.
        """
        normalized = normalize_name(name)
        if self._added(normalized):
            return None
        empty = _EMPTY.match(text, at)
        if empty is not None:
            return empty.end()
        end = harmless_values.end_of_list(text, at, self._harmless(name)) or end_of_messages(text, at, self._spend)
        if end is not None:
            return end
        if normalized == "token":
            return end_of_token_usage(text, at, self._spend, needs_logprob=True)
        counts = "token" in normalized and not _MEASURED.isdisjoint(self._harmless(name))
        return end_of_token_usage(text, at, self._spend) if counts and _CREDENTIALS.search(normalized) is None else None

    def _kinds(self, name: str) -> tuple[str, ...]:
        """Return the kinds of values that are harmless under a name."""
        if self._added(normalize_name(name)):
            return ()
        return harmless_kinds(split_name(name))

    def _is_secret_in_query(self, name: str) -> bool:
        """Whether a query parameter is secret; more names are than elsewhere, such as `code` and `sig`."""
        normalized = normalize_name(name)
        return (normalized in NAMES_IN_QUERIES and normalized not in self._allowed) or self.is_secret(name)

    def _is_secret(self, name: str) -> bool:
        """Whether a name is secret: as a whole, or by words in it."""
        normalized = normalize_name(name)
        # Most names are not secret, which a search for secret words shows before the name is split.
        if normalized in self._allowed or not (
            self._hint(normalized) or normalized in WHOLE_NAMES or normalized.endswith(ENDS)
        ):
            return False
        self._spend(2)
        if normalized in self._secret or normalized in WHOLE_NAMES:
            return True
        if self._added(normalized) is None:
            if _OTHERS.fullmatch(normalized):
                return False
            if "secretsanta" in normalized:
                return self._is_secret(_SANTA.sub("santa", name))
        one_word = name.isascii() and name.isalpha() and (name.islower() or name.isupper())
        found = self._holds_secret(normalized) if one_word else self._reads_secret(name, normalized)
        self._spend(0 if found else 4 + len(normalized) // 8)
        return found

    def _reads_secret(self, name: str, normalized: str) -> bool:
        """Whether a name holds a secret word when it is split by its separators, capital letters and scripts."""
        if name.isalpha() and (name.islower() or name.isupper()) and self._holds_secret(normalized):
            return True
        written = written_words(name)
        words = [word.casefold() for word in written]
        if len(words) > 1 and (
            self._in_words(normalized, words)
            or ends_with_joined_phrase(written)
            or ends_with_short_password(name, words)
        ):
            return True
        return any(map(self._holds_secret, words))

    def _in_words(self, normalized: str, words: list[str]) -> bool:
        """Whether some consecutive words together make a secret one."""
        bounds = {0, *accumulate(map(len, words))}
        hit = self._hint(normalized)
        while hit:
            start = hit.start()
            if start in bounds and any(
                start + length in bounds and normalized[start : start + length] in self._secret
                for length in self._lengths[normalized[start]]
            ):
                return True
            hit = self._hint(normalized, start + 1)
        return False

    def _holds_secret(self, word: str) -> bool:
        """Whether a word begins or ends with a secret word, or consists of known words with a secret one among them."""
        return (
            word.endswith(_ENDS)
            or _BEGINS.match(word) is not None
            or (3 < len(word) <= _LONGEST_WORD and self._hint(word) is not None and self._is_joined(word))
        )

    def _is_joined(self, word: str) -> bool:
        """Whether a word consists of known words, one of them secret.

        This is not a regular expression: "apikey" is one word and two, so a run of it has exponentially many readings.
        """
        reached = {0: False}  # up to where known words lead, and whether a secret one can be among them
        for start in range(len(word)):
            if start not in reached:
                continue
            for length in self._known_lengths.get(word[start], ()):
                part, end = word[start : start + length], start + length
                if end <= len(word) and part in self._known:
                    reached[end] = reached.get(end, False) or reached[start] or part in self._secret
        return reached.get(len(word), False)
