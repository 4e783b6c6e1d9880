"""Masking on display. Recorders mask before they send; those of others may not, and screens are shared.

The rules are the recorder's own (`drhttp._redact`): a second set would know other names and other tokens, and what is
safe to show would depend on who sent it. What they cannot read, such as a text that was cut, is masked here as far as
it goes, because on display nothing may be left out without being asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from drhttp._privacy import MASK as RECORDED
from drhttp._privacy import Redact
from drhttp._redact.csv import CSV_TYPES, mask_csv
from drhttp._redact.headers import mask_headers
from drhttp._redact.json import mask_json, mask_string
from drhttp._redact.pairs import mask_query
from drhttp._redact.rules import Refusal, Rules
from drhttp._redact.urls import mask_url
from drhttp._redact.xml import mask_xml
from drhttp.inbox.exchange import Headers, Summary

TABLES = CSV_TYPES
MASK = "********"
_ENCODED = "%2A" * len(MASK)
_LARGE = 1 << 20
"""Characters of markup that are taken apart in no time that anybody notices."""
_HARMLESS = re.compile(r"^(?:access-control-.*|sec-.*|www-authenticate|proxy-authenticate)$", re.IGNORECASE)
# What begins at a quote ends at the next one or with the text, so that no part is read again.
_KEY = re.compile(r'(?<!\\)"((?:[^"\\]|\\.)*)"\s*:\s*', re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]+")
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_ELEMENT = re.compile(r"(<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>)([^<]+)(?=</|$)")
_FALSE = {"", "null", '""', f'"{MASK}"', f'"{RECORDED}"'}


def _mask(secret: str) -> str:
    # What the recorder has masked already is no secret, and there would be nothing to reveal.
    return secret if secret.strip('"') in {MASK, RECORDED} else MASK


_RULES = Rules(Redact(value=_mask, also=("signature", "x-moesif-application-id")))


def is_secret(name: str) -> bool:
    """Whether values under the name are not for everybody's eyes."""
    return _RULES.secret(name) and not _HARMLESS.match(name)


def headers(pairs: Headers, *, reveal: bool) -> list[tuple[str, str, bool]]:
    """Name, value to show, and whether something in it is masked."""
    return [(name, *_field(name, value, reveal)) for name, value in pairs]


def named(pairs: Iterable[tuple[str, str]], *, reveal: bool) -> list[tuple[str, str, bool]]:
    """The same for the parameters of a query or a form, decoded."""
    return [(name, *_parameter(name, value, reveal)) for name, value in pairs]


def query(text: str | None, *, reveal: bool) -> str | None:
    """A query string as it is shown."""
    return text if text is None or reveal else pairs_text(text)[0]


def value(text: str, *, reveal: bool = False) -> tuple[str, int]:
    """Text that is called nothing in particular, without what betrays itself, and how much that was."""
    return (text, 0) if reveal else _by_rules(text, lambda: mask_string(text, _RULES), _values)


def name(text: str | None, *, reveal: bool) -> str | None:
    """Who it was, or from which device: whatever was told, but no token. The same in a list and in a group."""
    return text if not text or reveal else path(text, reveal=False)


def host(text: str, *, reveal: bool) -> str:
    """A host and port as they are shown: who logs in there, and with which password, is nobody else's business."""
    if reveal:
        return text
    user, mark, place = text.rpartition("@")
    shown = _values(place)[0]
    return f"{_mask(user)}@{shown}" if mark and user else f"{mark}{shown}"


def summary(told: Summary, *, reveal: bool) -> Summary:
    """An exchange's line as it is shown."""
    if reveal:
        return told
    return replace(
        told,
        host=host(told.host, reveal=False),
        path=path(told.path, reveal=False),
        query=query(told.query, reveal=False),
        user=name(told.user, reveal=False),
        device=name(told.device, reveal=False),
        exception_text=None if told.exception_text is None else value(told.exception_text)[0],
    )


def json_text(text: str) -> tuple[str, int]:
    """JSON, also when it is cut, with its secrets masked, and how many."""
    return _by_rules(text, lambda: mask_json(text, _RULES), _by_keys)


def pairs_text(text: str) -> tuple[str, int]:
    """A form or a query string, with its secrets masked, and how many."""
    masked, count = _by_rules(text, lambda: mask_query(text, _RULES), _values)
    return masked.replace(_ENCODED, MASK), count


def xml_text(text: str, *, html: bool = False) -> tuple[str, int]:
    """XML or HTML, with its secrets masked, and how many."""
    if len(text) > _LARGE:
        return _by_elements(text)
    return _by_rules(text, lambda: mask_xml(text, _RULES, cut=False, html=html), _by_elements)


def csv_text(text: str) -> tuple[str, int]:
    """A table, with the columns masked whose name in the first row says secret, and how many values that were."""
    inner = partial(mask_string, rules=_RULES, tables=False)
    return _by_rules(text, lambda: mask_csv(text, _RULES, inner) or mask_string(text, _RULES), _values)


def bytes_betray(data: bytes) -> int:
    """How many secrets betray themselves in bytes that are no text."""
    return _values(data.decode("latin-1"))[1]


def _by_rules(
    text: str, mask: Callable[[], tuple[str, int]], otherwise: Callable[[str], tuple[str, int]]
) -> tuple[str, int]:
    try:
        masked, count = mask()
    except Refusal:
        return otherwise(text)
    return masked, count if masked != text else 0


def path(path: str, *, reveal: bool) -> str:
    """A path, also with names of its parts in it, as it is shown."""
    if reveal:
        return path
    # With two slashes in front it would be taken for the address of a host.
    if path.startswith("/") and not path.startswith("//"):
        return _by_rules(path, lambda: mask_url(path, _RULES), _values)[0]
    return value(path)[0]


def _values(text: str) -> tuple[str, int]:
    masked, count = _RULES.mask_values(text)
    return masked, count if masked != text else 0


def _field(name: str, value: str, reveal: bool) -> tuple[str, bool]:
    if reveal or not value or _mask(value) == value:
        return value, False
    ((_, masked),), _ = mask_headers(((name.lower(), value),), _RULES)
    if masked == value:
        return value, False
    return (MASK if is_secret(name) else masked.replace(_ENCODED, MASK)), True


def _parameter(name: str, value: str, reveal: bool) -> tuple[str, bool]:
    if reveal or not value or _mask(value) == value:
        return value, False
    if _RULES.secret_in_query(name) and not _RULES.spared(name, value):
        return MASK, True
    masked, _ = _by_rules(value, lambda: mask_string(value, _RULES), _values)
    return masked, masked != value


def _by_keys(text: str) -> tuple[str, int]:
    """What begins like JSON: the values of secret keys, and then whatever betrays itself."""
    pieces: list[str] = []
    count = done = 0
    at = _KEY.search(text)
    while at:
        following = at.end()
        if is_secret(at[1]):
            end = _value_end(text, following)
            if text[following:end] not in _FALSE:
                pieces += (text[done:following], f'"{MASK}"')
                count, done = count + 1, end
                following = end
        at = _KEY.search(text, following)
    masked, found = _values("".join([*pieces, text[done:]]))
    return masked, count + found


def _value_end(text: str, start: int) -> int:
    opening = text[start : start + 1]
    if opening == '"':
        found = _STRING.match(text, start)
    elif opening in {"[", "{"}:
        return _structure_end(text, start)
    else:
        found = _SCALAR.match(text, start)
    return found.end() if found else start


def _structure_end(text: str, start: int) -> int:
    depth = 0
    for token in _STRUCTURE.finditer(text, start):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def _by_elements(text: str) -> tuple[str, int]:
    """What begins like XML: the text of elements of a secret name, and then whatever betrays itself."""
    count = 0

    def mask(found: re.Match[str]) -> str:
        nonlocal count
        if not found[3].strip() or not is_secret(found[2]):
            return found[0]
        count += 1
        return found[1] + MASK

    masked, found = _values(_ELEMENT.sub(mask, text))
    return masked, count + found
