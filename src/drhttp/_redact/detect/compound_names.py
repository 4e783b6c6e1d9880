"""Compound names: a brand joined to words that make a name secret: `rapidapi-key`, `SERPAPI_KEY`, `awsaccesskey`."""

from __future__ import annotations

from itertools import pairwise

#: The two words that a compound ends with; whatever is joined in front of them is a brand or an owner.
#: Compounds of `token` and `secret` need no entry, as these are secret at the end of any word.
PHRASES = (
    ("api", "key"),
    ("access", "key"),
    ("secret", "key"),
    ("private", "key"),
    ("subscription", "key"),
    ("encryption", "key"),
)
#: The phrases as the end of a word without separators, in singular and plural.
JOINED_ENDS = tuple(f"{first}{last}{plural}" for first, last in PHRASES for plural in ("", "s"))

_FIRST_BY_LAST = {
    f"{end}{plural}": tuple(first for first, last in PHRASES if last == end)
    for end in {last for _, last in PHRASES}
    for plural in ("", "s")
}
# English words that end in the first word of a phrase and name no brand: the animal in `okapi_key`.
_ORDINARY_WORDS = frozenset(("okapi",))


def ends_with_joined_phrase(words: list[str]) -> bool:
    """Whether two consecutive words are a secret phrase with something joined in front of it.

    words: of a name, in their original case: `["X", "Rapidapi", "Key"]`.
    """
    return any(_end_phrase(first, last) for first, last in pairwise(words))


def _end_phrase(first: str, last: str) -> bool:
    """Whether two words are a secret phrase whose first word has something joined in front of it."""
    if first.isupper() and last[0].isupper() and not last.isupper():
        # `SERPAPIkey` was split in front of its last capital letter.
        first, last = first + last[0], last[1:]
    lower, last = first.lower(), last.lower()
    return last in _FIRST_BY_LAST and lower.endswith(_FIRST_BY_LAST[last]) and lower not in _ORDINARY_WORDS
