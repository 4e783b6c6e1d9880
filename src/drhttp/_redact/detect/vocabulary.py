"""The vocabulary of secret names: the built-in words and those that the user adds, prepared for searches."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from drhttp._redact.detect.name_tables import BUILT_IN, IN_QUERIES, WHOLE
from drhttp._redact.detect.name_words import normalize_name, split_name
from drhttp._redact.detect.short_passwords import JOINED
from drhttp._redact.detect.tries import trie
from drhttp._redact.detect.vendor_headers import ONLY_IN_HEADERS, VENDOR_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterable

# Words that occur beside a secret one in names without separators: "accesstoken", "newpassword", "sessionid".
_COMPANIONS = frozenset((
    "access", "account", "admin", "api", "app", "application", "auth", "bot", "client", "confirm", "confirmation",
    "confirmed", "cookie", "current", "customer", "data", "db", "database", "device", "django", "email",
    "encrypted", "fb", "field", "github", "gitlab", "google", "hash", "hashed", "header", "http", "id", "ids",
    "input", "j", "internal", "key", "keys", "last", "login", "middleware", "my", "name", "new", "number", "o",
    "oauth", "old", "orig", "original", "owner", "param", "php", "plain", "proxy", "push", "query", "re", "refresh",
    "remember", "repeat", "request", "reset", "retype", "rsa", "salt", "server", "service", "signing", "site",
    "slack", "ssh", "ssl", "stripe", "temp", "temporary", "text", "the", "tmp", "twitter", "url", "user",
    "username", "value", "verification", "verify", "verifier", "web", "wifi", "wp", "x", "your",
))  # fmt: skip

# Words whose plural means something else: `bearers_only` is a boolean.
_SINGULAR = frozenset(("bearer", "authentication", "authorization"))
_FEWEST_WORDS, _MOST_WORDS = 3, 6  # of a name that are read in text

#: Names that are secret as a whole, without separators; and those that are only in queries.
WHOLE_NAMES = JOINED | frozenset(map(normalize_name, (*WHOLE, *(VENDOR_HEADERS.keys() - ONLY_IN_HEADERS))))
NAMES_IN_QUERIES = frozenset(map(normalize_name, IN_QUERIES))


class Vocabulary(NamedTuple):
    """Secret words in lower case, without separators.

    names: the built-in and the added ones, as they are written. added: finds one of the user. secret: all of them.
    hint: finds any. lengths: their lengths, by the first letter. last_words: the last words of names with several, and
    how many to read there. known, known_lengths: like `secret`, with the words that may stand beside a secret one.
    """

    names: tuple[str, ...]
    added: re.Pattern[str]
    secret: frozenset[str]
    hint: re.Pattern[str]
    lengths: dict[str, tuple[int, ...]]
    last_words: dict[str, int]
    known: frozenset[str]
    known_lengths: dict[str, tuple[int, ...]]


@lru_cache(maxsize=8)  # it takes milliseconds to prepare
def vocabulary(also: tuple[str, ...] = ()) -> Vocabulary:
    """Return the vocabulary with the names that the user adds."""
    added = frozenset(filter(None, map(normalize_name, also)))
    secret = added | frozenset(map(normalize_name, (*BUILT_IN, *map(_plural, BUILT_IN))))
    known = secret | _COMPANIONS
    return Vocabulary(
        names=(*BUILT_IN, *WHOLE, *also),
        added=re.compile(trie(added) or r"(?!)"),
        secret=secret,
        hint=re.compile(trie(secret)),
        lengths=_lengths(secret),
        last_words=_last_words((*BUILT_IN, *also)),
        known=known,
        known_lengths=_lengths(known),
    )


def _plural(words: str) -> str:
    """Return the plural of a secret word; the word itself if it has none or is one."""
    return words if words in _SINGULAR or not words.isascii() or words[-1] == "s" else f"{words}s"


def _last_words(names: Iterable[str]) -> dict[str, int]:
    """Return the last words of names with several words ("key" of "api key"), and how many words to read there."""
    found: dict[str, int] = {}
    for words in map(split_name, names):
        if len(words) > 1:
            for last in (words[-1], _plural(words[-1])):
                found[last] = min(max(len(words), found.get(last, _FEWEST_WORDS)), _MOST_WORDS)
    return found


def _lengths(words: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return the lengths of words, by their first letter."""
    lengths: dict[str, set[int]] = {}
    for word in words:
        lengths.setdefault(word[0], set()).add(len(word))
    return {first: tuple(sorted(found)) for first, found in lengths.items()}
