"""Attributes of XML and HTML elements: masks secret values, and finds those that make something else secret, as in
`<input name="password" value="abc">`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from drhttp._redact.decoding.entities import unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from drhttp._redact.policy import Policy

ATTRIBUTE = re.compile(r"""(?<![^\s<>/="'])([^\s<>/="']+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s<>"']+|["'][^<>]*)""")
_HINT = re.compile(r"[(\[{]|:\s")
# What is neither an attribute nor a name without a value, such as `disabled`, `@click` and `xlink:href`.
_OTHER = re.compile(r"[^\s\w/.:@*#!?-]|:\s")
# Attributes that name a field whose value is in another attribute, or is the content.
_NAMING = frozenset(("name", "id", "property", "itemprop", "key", "type", "autocomplete", "http-equiv", "for",
                     "data-name", "aria-label", "label", "placeholder"))  # fmt: skip
# Attributes that name the content: of fields, and of cells that repeat the heading of their column.
_NAMING_CONTENT = frozenset(("name", "key", "id", "label"))
_HTML_FIELDS = frozenset((
    "textarea", "select", "option", "output", "param", "data", "code", "pre", "kbd", "samp", "var", "span", "td", "dd",
))  # fmt: skip
_COLUMN = frozenset(("data-label", "data-title", "data-th", "data-field", "data-column", "data-heading", "headers"))
_HTML_CELLS = frozenset(("td", "dd", "li", "div", "span", "p"))
VALUED = ("value", "content", "val", "data-value", "data-clipboard-text")


def mask_attributes(text: str, policy: Policy, inner: Callable[..., tuple[str, int]]) -> tuple[str, int]:
    """Mask the attributes of a tag; return them and how many values were masked.

    inner: masks the values of attributes whose names are not secret.
    """
    pairs = list(ATTRIBUTE.finditer(text))
    policy.budget.spend(len(pairs) // 2)
    named = has_secret_name(pairs, policy)
    pieces: list[str] = []
    copied = count = 0
    for match in pairs:
        name, value = match[1], value_of(match)
        if value and (policy.is_secret(name) or (named and name.lower() in VALUED)):
            masked, found = mask_value(name, value, policy)
        else:
            masked, found = inner(value)
        if found:
            pieces += (text[copied : match.start()], f"{name}{match[2]}{quoteattr(masked)}")
            copied, count = match.end(), count + found
    return "".join(pieces) + text[copied:], count


def mask_value(name: str, value: str, policy: Policy) -> tuple[str, int]:
    """Mask the value of a secret name; the count is 0 if it is harmless, or equal to its mask."""
    masked = value if policy.is_harmless(name, value.strip()) else policy.mask(value)
    return masked, int(masked != value)


def has_secret_name(attributes: Iterable[re.Match[str]], policy: Policy) -> bool:
    """Whether an attribute holds a secret name."""
    names = [value_of(match) for match in attributes if match[1].lower() in _NAMING]
    return any(map(policy.is_secret, names))


def unclosed_secret(text: str, start: int, policy: Policy) -> re.Match[str] | None:
    """Return the last attribute of a tag without an end, if its value is secret and the quote around it is not closed.

    start: where the tag begins.
    """
    end = text.find("<", start + 1)
    pairs = list(ATTRIBUTE.finditer(text, start, end if end > 0 else len(text)))
    if not pairs:
        return None
    policy.budget.spend(len(pairs) // 2)
    value = pairs[-1][3]
    if value[0] not in "\"'" or (len(value) > 1 and value[-1] == value[0]):
        return None
    last = pairs[-1]
    secret = policy.is_secret(last[1]) or (last[1].lower() in VALUED and has_secret_name(pairs, policy))
    return last if secret else None


def mask_as_text(tag: re.Match[str], inner: Callable[..., tuple[str, int]]) -> tuple[str, int]:
    """Mask something in angle brackets that is not all attributes: `<QueryDict: {'password': ['abc']}>`.

    tag: its groups are the name and the attributes. The count is 0 if it is a tag, or holds no secret.
    """
    name, attributes = tag["name"], tag["attributes"]
    if "(" not in name and not (_HINT.search(attributes) and _OTHER.search(ATTRIBUTE.sub("", attributes))):
        return "", 0
    masked, count = inner(tag[0][1:-1], tags=False)
    return f"<{masked}>", count


def value_of(match: re.Match[str]) -> str:
    """Return the value of an attribute, without its quotes."""
    text = match[3]
    return unescape(text[1:].rstrip("\"'") if text[0] in "\"'" else text)


def has_secret_content(element: str, attributes: str, policy: Policy, html: bool) -> bool:
    """Whether an attribute makes the content of an element secret: `<td data-label="Password">`.

    element: its name in lower case. attributes: with at least one `=`.
    """
    names: frozenset[str] = frozenset()
    if not html or element in _HTML_FIELDS:
        names |= _NAMING_CONTENT
    if html and element in _HTML_CELLS and ("data-" in attributes or "headers" in attributes):
        names |= _COLUMN
    return bool(names) and any(
        match[1].lower() in names and policy.is_secret(value_of(match)) for match in ATTRIBUTE.finditer(attributes)
    )
