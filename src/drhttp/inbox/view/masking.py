"""Masking on display. Recorders mask before they send; those of others may not, and screens are shared.

Only the names decide. Everything but the values stays as it is, so that what is shown is what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

from drhttp.inbox.exchange import Headers

MASK = "********"
_SECRET = re.compile(
    r"authorization|cookie|token|secret|passw|\bpwd\b|passphrase|api[-_ ]?key|credential"
    r"|session[-_]?id|\bsession\b|csrf|xsrf|jwt|private[-_ ]?key|card[-_ ]?number|\bcvv\b|\bcvc\b|\biban\b|\bssn\b"
    r"|signature|x-moesif-application-id|drhttp-apikey",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"^(?:access-control-.*|sec-.*|www-authenticate|proxy-authenticate)$", re.IGNORECASE)
_KEY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*', re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]+")
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)|[\[\]{}]', re.DOTALL)
_PAIR = re.compile(r"(^|[&;])([^=&;]*)=([^&;]*)")
_ELEMENT = re.compile(r"(<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>)([^<]+)(?=</)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def is_secret(name: str) -> bool:
    """Whether values under the name are not for everybody's eyes."""
    return bool(_SECRET.search(_CAMEL.sub("-", name))) and not _HARMLESS.match(name)


def headers(pairs: Headers, *, reveal: bool) -> list[tuple[str, str, bool]]:
    """Name, value to show, and whether it is masked."""
    return named(pairs, reveal=reveal)


def named(pairs: Iterable[tuple[str, str]], *, reveal: bool) -> list[tuple[str, str, bool]]:
    shown = []
    for name, value in pairs:
        hide = not reveal and bool(value) and value != MASK and is_secret(name)
        shown.append((name, MASK if hide else value, hide))
    return shown


def json_text(text: str) -> tuple[str, int]:
    """JSON, also when it is cut, with the values of secret keys masked, and how many."""
    pieces: list[str] = []
    count = done = 0
    at = _KEY.search(text)
    while at:
        following = at.end()
        if is_secret(at[1]):
            end = _value_end(text, following)
            if text[following:end] not in {"", "null", '""', f'"{MASK}"'}:
                pieces += (text[done:following], f'"{MASK}"')
                count, done = count + 1, end
                following = end
        at = _KEY.search(text, following)
    return "".join([*pieces, text[done:]]), count


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


def pairs_text(text: str) -> tuple[str, int]:
    """A form or a query string with the values of secret names masked, and how many."""
    count = 0

    def mask(found: re.Match[str]) -> str:
        nonlocal count
        if not found[3] or found[3] == MASK or not is_secret(unquote_plus(found[2])):
            return found[0]
        count += 1
        return f"{found[1]}{found[2]}={MASK}"

    return _PAIR.sub(mask, text), count


def xml_text(text: str) -> tuple[str, int]:
    """XML with the text of elements of a secret name masked, and how many."""
    count = 0

    def mask(found: re.Match[str]) -> str:
        nonlocal count
        if not found[3].strip() or not is_secret(found[2]):
            return found[0]
        count += 1
        return found[1] + MASK

    return _ELEMENT.sub(mask, text), count


def query(text: str | None, *, reveal: bool) -> str | None:
    """A query string as it is shown."""
    return text if text is None or reveal else pairs_text(text)[0]
