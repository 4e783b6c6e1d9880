"""Pairs under compound names, such as `{"ParameterKey": "password", "ParameterValue": "abc"}`.

Any word may stand in front if it is the same in both names. In front of only one of the two names (`OptionName` and
`Value`), it must be a word for a setting.

Sources: AWS CloudFormation and Elastic Beanstalk (API references), HL7 FHIR R5.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SETTINGS = frozenset((
    "option", "parameter", "param", "config", "configuration", "setting", "field", "property", "prop", "attribute",
    "attr", "variable", "var", "env", "environment", "envvar", "header", "argument", "arg", "secret", "credential",
    "cookie", "claim", "column", "meta", "metadata", "preference", "pref",
))  # fmt: skip
_SEPARATORS = re.compile(r"[\s_.-]+")
_NAME_ENDS = ("name", "key", "id", "label")
_VALUE_ENDS = ("value", "values")
_LAST_LETTERS = frozenset(end[-1] for end in (*_NAME_ENDS, *_VALUE_ENDS))
_LONGEST = 60  # characters of a name
# The end of a member's name that may name another member, and its value.
_NAMING_MEMBER = re.compile(r'(?:[Nn]ame|NAME|[Kk]ey|KEY|[Ii]d|ID|[Ll]abel|LABEL)"\s*:\s*"([^"\\]*)')
# A field of a form that names another one: `f[0][name]`, `Parameters.member.1.ParameterKey`.
_NAMING_WORDS = ("name", "key", "field", "type", "label")
_NAMING_FIELD = re.compile(rf"(.*?)(?:{'|'.join(_NAMING_WORDS)})(\]?)", re.IGNORECASE | re.DOTALL)
#: What such a field ends with: the last letter of one of its words, or the bracket behind it.
NAMING_ENDS = frozenset("]").union(*((word[-1], word[-1].upper()) for word in _NAMING_WORDS))
_VALUE_WORDS = tuple(
    spelling for word in ("value", "val", "content", "input") for spelling in (word, word.capitalize(), word.upper())
)
_WORD_AT_END = re.compile(r"(?<![A-Za-z])[A-Za-z]+[\s_.-]?\Z")
_LONGEST_FIELD = 120  # characters
# Names of members that do not hold "value", as the documents of one application repeat theirs. Clients choose names, so
# they are bounded.
_without_values: set[str] = set()
_MOST_WITHOUT = 2048
_LONGEST_JOINED = 2000  # characters of the names of a document that are remembered


@lru_cache(maxsize=1024)
def naming_owner(name: str) -> str:
    """Return what stands in front of `name` or `key` in a compound name: "parameter" for `ParameterKey`."""
    return _owner(name, _NAME_ENDS)


@lru_cache(maxsize=1024)
def value_owner(name: str) -> str:
    """Return what stands in front of `value` in a compound name: "parameter" for `parameter_value`."""
    return _owner(name, _VALUE_ENDS)


def _owner(name: str, ends: tuple[str, ...]) -> str:
    """Return what stands in front of one of the ends, in lower case and without separators; empty without it."""
    last = name[-1:].lower()
    if len(name) > _LONGEST or (last.isalnum() and last not in _LAST_LETTERS):
        return ""  # most names, found without a search
    normalized = _SEPARATORS.sub("", name).lower()
    return next((normalized[: -len(end)] for end in ends if normalized.endswith(end)), "")


def is_setting_name(name: str) -> bool:
    """Whether a name is compound and the value under it names a setting: `option_name`."""
    return naming_owner(name) in _SETTINGS


def is_setting_value(name: str) -> bool:
    """Whether a name is compound and holds the value of a setting: `option_value`."""
    return value_owner(name) in _SETTINGS


def spell_settings(ends: Iterable[str]) -> frozenset[str]:
    """Return the compound names of settings in lower case, with `_`, `-` or nothing between the words."""
    return frozenset(f"{word}{mark}{end}" for word in _SETTINGS for mark in ("", "_", "-") for end in ends)


def may_hold_compound_pairs(names: frozenset[str]) -> bool:
    """Whether the members of a JSON document may be pairs under compound names; `False` is certain."""
    if names <= _without_values:
        return False
    joined = " ".join(names)  # one search in all names is faster than one in each
    if "alue" not in joined and "ALUE" not in joined:
        if len(joined) <= _LONGEST_JOINED:
            if len(_without_values) + len(names) > _MOST_WITHOUT:
                _without_values.clear()
            _without_values.update(names)
        return False
    return any(map(value_owner, names)) or any(map(is_setting_name, names))


def names_in(text: str) -> Iterator[str]:
    """Yield the values in a JSON document that may name another member."""
    return (match[1] for match in _NAMING_MEMBER.finditer(text))


def named_fields(field: str) -> frozenset[str]:
    """Return the fields of a form that a field may name: `f[0][value]` for `f[0][name]`, `Value` for `OptionName`."""
    match = _NAMING_FIELD.fullmatch(field) if len(field) <= _LONGEST_FIELD else None
    if match is None:
        return frozenset()
    fronts = {match[1]}
    word = _WORD_AT_END.search(match[1])
    if word is not None and word[0].rstrip(" _.-").lower() in _SETTINGS:
        fronts.add(match[1][: word.start()])
    return frozenset(f"{front}{word}{match[2]}" for front in fronts for word in _VALUE_WORDS)


class CompoundPairs:
    """The pairs under compound names in one JSON object. values: where values begin, each with its owner."""

    __slots__ = ("_names", "values")

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.values: list[tuple[int, str]] = []

    def add_name(self, owner: str, name: str) -> None:
        """Add a secret name. owner: what stands in front of `name` in the name of its member."""
        self._names[owner] = name

    def secret_values(self, name: str, values: Iterable[int]) -> Iterator[tuple[str, int]]:
        """Yield the secret names, and where the value of each begins.

        name: a secret name in a member such as `name`; may be empty. values: where those of `value` begin.
        """
        for at, owner in self.values:
            named = self._names.get(owner) or (name if owner in _SETTINGS else "")
            if named:
                yield named, at
        setting = next((each for owner, each in self._names.items() if owner in _SETTINGS), "")
        if setting and not name:
            yield from ((setting, at) for at in values)
