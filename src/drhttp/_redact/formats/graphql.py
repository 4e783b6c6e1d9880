"""GraphQL documents: masks the values of secret arguments, such as `login(password: "abc")`.

The masked document still parses. Syntax: https://spec.graphql.org/October2021/#sec-Appendix-Grammar-Summary
"""

from __future__ import annotations

import re
from json import encoder
from typing import TYPE_CHECKING, Any, NamedTuple

from drhttp._redact.detect.graphql_names import (
    INPUTS,
    is_secret_in,
    is_secret_type,
    sets_password,
)
from drhttp._redact.formats.json_name_value_pairs import decode_string
from drhttp._redact.formats.secret_columns import NAMING, VALUED

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._redact.policy import Policy

_BEGIN = re.compile(
    r"\A[\s,\ufeff]*(?:#[^\r\n]*[\r\n][\s,]*)*(?:(?:query|mutation|subscription|fragment)\b[^{}:]{0,200}[({]"
    r"|\{[\s,]*(?:[A-Za-z_]\w*[\s,]*:[\s,]*)?(?:[A-Za-z_]\w*|\.\.\.)[\s,]*[A-Za-z_({@}.])"
)
_TOKEN = re.compile(
    r'(?P<block>"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*""")|(?P<string>"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*")'
    r"|(?P<comment>#[^\r\n]*)|(?P<variable>\$[A-Za-z_]\w*)|(?P<name>[A-Za-z_]\w*)|(?P<number>-?[0-9][\w.+-]*)"
    r"|(?P<spread>\.\.\.)|(?P<mark>[{}()\[\]:!=@])|(?P<other>[^\s,\ufeff])",
    re.DOTALL,
)
_LONG_NUMBER = 12  # digits from which on a number may be a card number
_DEEPEST = 100  # levels of nested brackets
_quoted: Any = encoder.encode_basestring_ascii


class _Leaf(NamedTuple):
    """A scalar. kind: of its token. name: of its argument. default_of: the variable whose default it is."""

    begin: int
    end: int
    kind: str
    name: str
    secret: bool
    default_of: str


class _Level:
    """An open bracket. kind: "selection", "arguments", "object", "list" or "type".

    expected: what comes next in arguments and objects: "name", "colon", "value", or "type" in the definition of a
    variable, whose name is `variable`. field: the field of the arguments.
    """

    __slots__ = ("expected", "field", "kind", "name", "named", "secret", "valued", "variable")

    def __init__(self, kind: str, *, secret: bool = False, name: str = "", variable: str = "", field: str = "") -> None:
        self.kind = kind
        self.expected = "value" if kind == "list" else "name"
        self.name = name
        self.secret = secret
        self.variable = variable
        self.field = field
        self.named = False  # a member holds a secret name: `{name: "password", value: $v}`
        self.valued: list[int] = []  # indexes of the leaves that it names


class DocumentReader:
    """Reads the tokens of a document, and collects its scalars, comments and secret variables."""

    def __init__(self, text: str, policy: Policy) -> None:
        self._text = text
        self._policy = policy
        self._open: list[_Level] = []
        self._before = ""  # the kind of the previous token
        self._name = ""  # the last name outside of arguments
        self.leaves: list[_Leaf] = []
        self.comments: list[tuple[int, int]] = []
        self.variables: set[str] = set()  # passed to secret arguments, or of a secret type
        self.inputs: set[str] = set()  # of objects that are passed to fields that set or check a password

    def run(self) -> bool:
        """Read all tokens; return whether they make a document."""
        for match in _TOKEN.finditer(self._text):
            self._policy.budget.spend(2)
            kind = match.lastgroup or ""
            if kind == "comment":
                self.comments.append(match.span())
                continue
            level = self._open[-1] if self._open else None
            if level is None or level.kind == "selection":
                fits = self._select(match[0], kind)
            elif level.kind == "type" or level.expected == "type":
                fits = self._type(level, match[0], kind)
            else:
                fits = self._argument(level, match, kind)
            if not fits or len(self._open) > _DEEPEST:
                return False
            self._before = match[0] if kind == "mark" else kind
        self.variables |= {leaf.default_of for leaf in self.leaves if leaf.secret and leaf.default_of} - {""}
        return not self._open and bool(self._before)

    def _select(self, token: str, kind: str) -> bool:
        """Read a token outside of arguments: of fields, fragments, directives."""
        if token == "{":
            self._open.append(_Level("selection"))
        elif token == "(":
            self._open.append(_Level("arguments", field=self._name if self._open else ""))
            return self._before == "name"
        elif token == "}":
            if not self._open:
                return False
            self._open.pop()
        else:
            self._name = token
            return kind in ("name", "spread") or token in (":", "@")
        return True

    def _type(self, level: _Level, token: str, kind: str) -> bool:
        """Read a token of a variable's type, up to its default, the next variable or the end."""
        if kind == "name" and is_secret_type(token, self._policy):
            self.variables.add(next((each.variable for each in reversed(self._open) if each.variable), ""))
        if token == "[":
            self._open.append(_Level("type"))
        elif token == "]" and level.kind == "type":
            self._open.pop()
        elif level.kind == "arguments" and token == "=":
            level.expected = "value"
        elif level.kind == "arguments" and (kind == "variable" or token in (")", "@")):
            return self._begin_name(level, token, kind)
        else:
            return kind == "name" or token == "!"
        return True

    def _argument(self, level: _Level, match: re.Match[str], kind: str) -> bool:
        """Read a token in arguments, in an input object or in a list."""
        token = match[0]
        if level.expected == "colon":
            level.expected = "type" if level.variable else "value"
            return token == ":"
        if level.expected == "value" and token != "]":
            return self._value(level, match, kind)
        return self._begin_name(level, token, kind)

    def _begin_name(self, level: _Level, token: str, kind: str) -> bool:
        """Read the name of an argument or of a variable in its definition, or a closing bracket."""
        level.expected = "colon"
        if kind == "variable" and level.kind == "arguments":
            level.variable, level.name = token[1:], token[1:]
        elif kind == "name" and self._before == "@":
            level.expected = "name"
        elif kind == "name":
            level.name, level.variable = token, ""
        elif token == "@" and level.variable:
            level.expected = "name"
        elif token == "(" and self._before == "name" and level.variable:  # a directive of a variable
            level.expected = "name"
            self._open.append(_Level("arguments"))
        else:
            return token == {"arguments": ")", "object": "}", "list": "]"}.get(level.kind) and self._close()
        return True

    def _value(self, level: _Level, match: re.Match[str], kind: str) -> bool:
        token = match[0]
        secret = level.secret or (level.kind != "list" and self._is_secret(level.name, level.field))
        if level.kind != "list":
            level.expected = "name"
        if token in ("{", "["):
            kind = "object" if token == "{" else "list"
            whole = secret and not (level.name in INPUTS and sets_password(level.field))
            self._open.append(_Level(kind, secret=whole, name=level.name, variable=level.variable, field=level.field))
            return True
        if kind in ("mark", "spread", "other"):
            return False
        if kind == "variable" and secret:
            (self.inputs if level.name in INPUTS and sets_password(level.field) else self.variables).add(token[1:])
        if level.name in NAMING and kind == "string":
            level.named = level.named or self._policy.is_secret(decode_string(token))
        elif level.name in VALUED:
            level.valued.append(len(self.leaves))
        self.leaves.append(_Leaf(*match.span(), kind, level.name, secret, level.variable))
        return True

    def _is_secret(self, name: str, field: str) -> bool:
        """Whether an argument or a member of an input object is secret, by its name or by the field it is passed to."""
        return self._policy.is_secret(name) or (bool(field) and is_secret_in(field, name, self._policy))

    def _close(self) -> bool:
        level = self._open.pop()
        for at in level.valued if level.named else ():
            leaf = self.leaves[at] = self.leaves[at]._replace(secret=True)
            if leaf.kind == "variable":
                self.variables.add(self._text[leaf.begin + 1 : leaf.end])
        return True


def looks_like_graphql(text: str) -> bool:
    """Whether a text begins like a document."""
    return "{" in text and _BEGIN.match(text) is not None


def read_document(text: str, policy: Policy) -> DocumentReader | None:
    """Read a document; `None` if the text is not one."""
    if not looks_like_graphql(text):
        return None
    reader = DocumentReader(text, policy)
    return reader if reader.run() else None


def mask_graphql(text: str, policy: Policy, inner: Callable[[str], tuple[str, int]]) -> tuple[str, int] | None:
    """Mask a document; return it and how many values were masked, or `None` if the text is not one.

    inner: masks the content of its strings and comments.
    """
    reader = read_document(text, policy)
    if reader is None:
        return None
    found = [(*span, inner(text[slice(*span)])) for span in reader.comments]
    found += [
        (leaf.begin, leaf.end, _mask_leaf(leaf, text[leaf.begin : leaf.end], reader, policy, inner))
        for leaf in reader.leaves
        if leaf.kind != "variable"
    ]
    pieces: list[str] = []
    copied = total = 0
    for begin, end, (masked, count) in sorted(found):
        if count:
            comment = text[begin] == "#"
            pieces += (text[copied:begin], " ".join(masked.splitlines()) if comment else str(_quoted(masked)))
            copied, total = end, total + count
    return "".join(pieces) + text[copied:], total


def _mask_leaf(
    leaf: _Leaf, token: str, reader: DocumentReader, policy: Policy, inner: Callable[[str], tuple[str, int]]
) -> tuple[str, int]:
    """Return what replaces a scalar, and how many values were masked in it."""
    content = token[3:-3] if leaf.kind == "block" else decode_string(token) if leaf.kind == "string" else token
    if leaf.secret or leaf.default_of in reader.variables:
        if policy.is_harmless_literal(leaf.name, token):
            return token, 0
        masked = policy.mask(content)
        return masked, int(masked != content)
    if leaf.kind in ("block", "string"):
        return inner(content)
    return policy.mask_values(token) if leaf.kind == "number" and len(token) >= _LONG_NUMBER else (token, 0)
