"""Names as words, whatever their spelling: `apiKey`, `api-key` and `API_KEY` are "api key"."""

from __future__ import annotations

import re
import unicodedata

from drhttp._percent import unquote_plus

_LONGEST = 200  # characters of a name that are read; real names are shorter
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+|\d+")
_SEPARATORS = re.compile(r"[\W_]+")


def normalize_name(name: str) -> str:
    """Return a name in lower case and without separators: `api_key`, `Api-Key` and `apiKey` become `apikey`."""
    if name.isascii() and name.isalnum() and len(name) <= _LONGEST:
        return name.lower()
    return _SEPARATORS.sub("", _plain(name)).casefold()


def _plain(name: str) -> str:
    """Return the part of a name that is read, percent-decoded, with full-width and other compatible letters as plain
    ones.
    """
    if "%" in name:
        name = unquote_plus(name)
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST // 2]} {name[-_LONGEST // 2 :]}"
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def written_words(name: str) -> list[str]:
    """Return the words of a name as they are written there."""
    return _WORDS.findall(_plain(name))


def split_name(name: str) -> list[str]:
    """Return the words of a name in lower case."""
    return [word.casefold() for word in written_words(name)]
