"""JSON in which a neighbor names the value: masks `{"name": "password", "value": "abc"}` and `["token", "abc"]`."""

from __future__ import annotations

import re
from itertools import takewhile
from json import decoder
from typing import TYPE_CHECKING, Any

from drhttp._redact.detect.command_lines import holds_secret_value, is_secret_argument
from drhttp._redact.formats.compound_pairs import (
    CompoundPairs,
    may_hold_compound_pairs,
    names_in,
    naming_owner,
    value_owner,
)

if TYPE_CHECKING:
    from drhttp._redact.policy import Policy

# A string, with the colon if it is a key; a bracket; a comma; a number or word; a quote without an end.
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"(\s*:\s*)?|[\[\]{},]|[^\s"\[\]{},:]+|"', re.DOTALL)
_LITERAL = re.compile(r'"[^"\\]{0,60}"|[^\s,{}\[\]"]+')

# A value of OpenTelemetry's JSON, in which a long integer is a string: `{"intValue": "12"}`.
_TYPED = re.compile(
    r'\{\s{0,99}"(?:(?:int|double)Value"\s{0,9}:\s{0,9}"?(-?[0-9.eE+-]{1,40})"?'
    r'|boolValue"\s{0,9}:\s{0,9}(true|false)|stringValue"\s{0,9}:\s{0,9}("[^"\\]{0,60}"))\s{0,99}\}'
)


def spellings(words: str) -> frozenset[str]:
    """Return the spellings of words in programs: `field_name`, `fieldName`, `FieldName` ..."""
    found = set()
    for word in words.split():
        first, *others = word.split("_")
        camel = first + "".join(map(str.capitalize, others))
        found |= {word, word.upper(), word.capitalize(), camel, camel[0].upper() + camel[1:], camel.lower()}
    return frozenset(found)


# Members whose value is the name of a neighbor: certainly, or perhaps.
_FIELDS = spellings("name key field field_name property attribute column loc param parameter variable header k")
_KINDS = spellings("type id label title path")
_NAMING = _FIELDS | _KINDS
# Members that hold the named value; the second set only beside a certain name.
_VALUED = spellings(
    "value values val v new_value old_value default_value current_value string_value"
    # FHIR has the type behind the word.
    " value_string value_code value_text value_markdown value_base64_binary value_uri value_url value_id"
)
_BESIDE_FIELDS = spellings("content input old new")
_VERIFIERS = spellings("code_verifier")  # beside it, or one of `_CODED`, a `code` is one of OAuth
_CODED = frozenset(("authorization_code", "urn:ietf:params:oauth:grant-type:device_code"))
_GRANTS = _VERIFIERS | spellings("grant_type")
_PATHS = spellings("path")
_COMMANDS = spellings("command cmd args argv arguments entrypoint options")
#: Members whose values may be named by a neighbor, or that hold options and their values.
VALUE_KEYS = _VALUED | _BESIDE_FIELDS | _COMMANDS | {"code"}
_NAMING_MEMBER = re.compile(rf'"(?:{"|".join(sorted(_NAMING))})"\s*:\s*(?:"([^"\\]*)"|\[)')
_NESTED = re.compile(r"\[\s*\[")
_FIRST = re.compile(r'\[\s*"((?:[^"\\]|\\.)*)"\s*,', re.DOTALL)
_NAME = re.compile(r"-{0,2}[\w.$:/\[\]-]{1,80}(?: [\w.-]{1,30}){0,3}:?")

DEEPEST_CUT = 200  # levels of nesting in a truncated document

_scan: Any = decoder.scanstring  # type: ignore[attr-defined]


def decode_string(token: str) -> str:
    """Return the text that a string token stands for."""
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(_scan(token, 1, False)[0])
    except ValueError:
        return token[1:-1]


def may_name_values(
    text: str, names: frozenset[str], policy: Policy, *, nested: bool, ordinary: bool = False, cut: bool = False
) -> bool:
    """Whether something in a document may be named by a neighbor; `False` is certain.

    names: of its members. nested: the result of `has_nested_arrays`. ordinary: no name is in `VALUE_KEYS`. cut: the end
    is missing.
    """
    if not ordinary and not VALUE_KEYS.isdisjoint(names) and _may_name_members(text, names, policy, cut=cut):
        return True
    if may_hold_compound_pairs(names) and (cut or _may_hold_compound_name(text, policy)):
        return True
    if "[" not in text:
        return False
    if '"-' in text if not names else not ordinary and not _COMMANDS.isdisjoint(names):
        return True
    # Pairs occur in arrays of pairs.
    if not nested:
        return False
    return any(_is_secret_name(decode_string(f'"{each}"'), policy) for each in _FIRST.findall(text))


def _may_name_members(text: str, names: frozenset[str], policy: Policy, *, cut: bool) -> bool:
    """Whether a member such as `value` may be named by a member such as `name`."""
    if not (_VALUED.isdisjoint(names) and _BESIDE_FIELDS.isdisjoint(names)):
        if cut:
            return True
        if not _NAMING.isdisjoint(names) and may_hold_secret_name(text, policy):
            return True
    return "code" in names and not _GRANTS.isdisjoint(names)


def has_nested_arrays(text: str) -> bool:
    """Whether the first element of an array is an array."""
    return _NESTED.search(text) is not None


def may_hold_secret_name(text: str, policy: Policy) -> bool:
    """Whether a member may hold a secret name that names another value."""
    return "\\" in text or any(not found or _is_secret_name(found, policy) for found in _NAMING_MEMBER.findall(text))


def _may_hold_compound_name(text: str, policy: Policy) -> bool:
    """Whether a member with a compound name may hold a secret name that names another value."""
    return "\\" in text or any(_is_secret_name(each, policy) for each in names_in(text))


def named_values_at(text: str, policy: Policy, *, cut: bool = False) -> frozenset[int]:
    """Return where the values begin that are secret by the name in a neighbor.

    cut: the end is missing, and may hold the names of values in objects that are not closed.
    """
    policy.budget.spend((text.count('"') + text.count(",")) // 5 + 2 * text.count('":'))
    reader = _PairReader(text, policy, cut=cut)
    reader.run()
    if cut:
        reader.close_all()
    return frozenset(reader.found)


def _is_secret_name(text: str, policy: Policy) -> bool:
    """Whether a text is a secret name, and not a sentence."""
    return len(text) < 200 and _NAME.fullmatch(text) is not None and policy.is_secret(text)


def is_complete(token: re.Match[str]) -> bool:
    """Whether a token is not a string without an end."""
    return token[0] != '"'


class _Level:
    """An object or an array that is open."""

    __slots__ = ("begin", "beside", "compound", "elements", "grant", "key", "kind", "name", "values")

    def __init__(self, begin: int, *, is_object: bool) -> None:
        self.begin = begin
        self.key: str | None = "" if is_object else None  # the last key; `None` in an array
        self.name = self.kind = ""  # a secret name in a member: certain, or possible
        self.grant = False
        self.values: list[int] = []  # where the values begin that a name applies to
        self.beside: list[int] = []  # where those begin that only a certain name applies to
        self.elements: list[tuple[int, str]] = []  # of an array: the first two, and the last one
        self.compound = CompoundPairs() if is_object else None


class _PairReader:
    """Reads the tokens of a document, and collects where secret values begin."""

    def __init__(self, text: str, policy: Policy, *, cut: bool) -> None:
        self._text = text
        self._cut = cut
        self._policy = policy
        self._open: list[_Level] = []
        self.found: set[int] = set()

    def run(self) -> None:
        """Read all tokens."""
        for match in takewhile(is_complete, TOKEN.finditer(self._text)):
            token = match[0]
            if token in "{[":
                self._element(match.start(), "")
                if self._cut and len(self._open) == DEEPEST_CUT:
                    return  # rejected later, as too deep
                self._open.append(_Level(match.start(), is_object=token == "{"))
            elif token in "}]":
                if self._open:
                    self._close(self._open.pop())
            elif match[1] is not None:
                self._key(decode_string(token[: -len(match[1])]), match.end())
            elif token != ",":
                self._element(match.start(), decode_string(token) if token[0] == '"' and len(token) > 1 else "")

    def close_all(self) -> None:
        """Treat the values in open objects as secret, as the missing end may name them."""
        # An open list is more often a list of results than a value.
        lists = {level.begin for level in self._open if level.key is None}
        for level in self._open:
            if level.key is not None:
                compound = (at for at, _ in level.compound.values) if level.compound else ()
                self.found.update({*level.values, *level.beside, *compound} - lists)
            elif len(level.elements) == 2:
                self._close(level)

    def _key(self, key: str, at: int) -> None:
        if not self._open:
            return
        level = self._open[-1]
        level.key = key
        if key in _VALUED:
            level.values.append(at)
        elif key in _BESIDE_FIELDS:
            level.beside.append(at)
        elif key == "code":
            level.elements.append((at, key))
        elif key in _VERIFIERS:
            level.grant = True
        elif level.compound and (owner := value_owner(key)):
            level.compound.values.append((at, owner))

    def _element(self, at: int, text: str) -> None:
        """Read a value of a member or of an array. text: of a string; empty for other values."""
        if not self._open:
            return
        level = self._open[-1]
        if level.key is not None:
            if text and level.key in _NAMING:
                self._name(level, text)
            elif text in _CODED:
                level.grant = True
            elif level.compound and (owner := naming_owner(level.key)) and _is_secret_name(text, self._policy):
                level.compound.add_name(owner, text)
            return
        if self._is_argument([word for _, word in level.elements], text):
            self.found.add(at)
        del level.elements[2:]
        level.elements.append((at, text))
        if text and len(self._open) > 1 and self._open[-2].key in ("loc", "path"):
            self._name(self._open[-2], text)

    def _is_argument(self, words: list[str], text: str) -> bool:
        """Whether an element of a command line is secret. words: those in front of it, the first and the last ones."""
        if not words:
            return False
        option = words[-1]
        if text[:1] == "-":
            self._policy.budget.spend(2)
            return holds_secret_value(words, text)
        if option[:1] != "-":
            return False
        self._policy.budget.spend(2)
        return _is_secret_name(option, self._policy) or is_secret_argument(words, option, text)

    def _name(self, level: _Level, text: str) -> None:
        if level.key in _PATHS:
            text = text.rstrip("/").rpartition("/")[2]
        if _is_secret_name(text, self._policy):
            if level.key in _FIELDS:
                level.name = text
            else:
                level.kind = text

    def _close(self, level: _Level) -> None:
        if level.key is None:
            if len(level.elements) == 2:
                (_, name), (at, value) = level.elements
                # Two secret names are not a pair.
                if (
                    name
                    and _is_secret_name(name, self._policy)
                    and not (value and _is_secret_name(value, self._policy))
                ):
                    self._add(name, [at])
            return
        if level.grant:
            self.found.update(at for at, _ in level.elements)
        if level.name:
            self._add(level.name, level.values + level.beside)
        elif level.kind:
            self._add(level.kind, level.values)
        for name, at in level.compound.secret_values(level.name, level.values) if level.compound else ():
            self._add(name, [at])

    def _add(self, name: str, places: list[int]) -> None:
        for at in places:
            literal = _LITERAL.match(self._text, at) or _TYPED.match(self._text, at)
            if literal is None:
                harmless = self._policy.end_of_harmless(name, self._text, at) is not None
            else:
                harmless = self._policy.is_harmless_literal(name, literal[literal.lastindex or 0])
            if not harmless:
                self.found.add(at)
