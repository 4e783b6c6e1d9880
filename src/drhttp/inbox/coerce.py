"""Coerces single fields of received JSON. Each function returns None or a default instead of raising.

Parsed JSON can contain values that neither UTF-8 nor SQLite can represent (lone surrogates, integers beyond 64 bits,
``NaN``). They do not leave this module.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import datetime, timezone

from drhttp.inbox.exchange import Headers

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)([^?]*)(?:\?(.*))?", re.IGNORECASE | re.DOTALL)
# Parsed JSON has no circular references.
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
_FAR = 1 << 62
"""Larger than any duration, size, or instant, and within the 64-bit integers of SQLite."""
MAX_FIELD_LENGTH = 1_000
"""Maximum characters of a name or an ID."""
LATEST = 253_370_764_800_000_000
_EARLIEST = -62_104_060_800_000_000
"""The years 9999 and 2. Closer to the limits, `datetime` cannot convert between time zones."""


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """Return text unchanged, other values as JSON, and None for null or an empty string."""
    if value is None:
        return None
    if isinstance(value, str):
        return (value if value.isascii() else scrub(value)) or None
    return scrub(json.dumps(value))


def short(value: object) -> str | None:
    """Return text truncated to `MAX_FIELD_LENGTH` characters."""
    found = text(value)
    return found if found is None or len(found) <= MAX_FIELD_LENGTH else found[:MAX_FIELD_LENGTH]


def identity(value: object) -> str | None:
    """Return an ID; one longer than `MAX_FIELD_LENGTH` is truncated and ends with its SHA-256, so it stays unique."""
    found = text(value)
    if found is None or len(found) <= MAX_FIELD_LENGTH:
        return found
    digest = hashlib.sha256(found.encode()).hexdigest()
    return f"{found[: MAX_FIELD_LENGTH - len(digest) - 1]}~{digest}"


def scrub(value: str) -> str:
    """Join surrogate pairs and replace lone surrogates, so that the text can be encoded."""
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < _FAR and math.isfinite(value) else None


def count(value: object) -> int | None:
    """Return a non-negative integer, also from a string of digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _FAR:
        return value
    return None


def micros(milliseconds: object) -> int | None:
    found = number(milliseconds)
    return None if found is None or not 0 <= found < _FAR / 1000 else round(found * 1000)


def instant(value: object, *, local: bool = False) -> int | None:
    """Parse ISO 8601 to microseconds since the epoch. local: a time without an offset is local time instead of UTC."""
    if not isinstance(value, str):
        return None
    try:
        # Python 3.10 does not accept "Z".
        written = value.strip()
        moment = datetime.fromisoformat(f"{written[:-1]}+00:00" if written[-1:] in {"Z", "z"} else written)
        if moment.tzinfo is None:
            moment = moment.astimezone() if local else moment.replace(tzinfo=timezone.utc)
        # Near its limits, `datetime` cannot convert between time zones.
        return round(moment.timestamp() * 1_000_000) if 1970 < moment.year < 9999 else None
    except (ValueError, OverflowError, OSError):
        return None


def moment(microseconds: int) -> datetime:
    """Return an instant as a `datetime` in UTC, clamped to the supported range."""
    seconds, rest = divmod(min(max(microseconds, _EARLIEST), LATEST - 1), 1_000_000)
    return datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest)


def address(uri: object) -> tuple[str, str, str, str | None]:
    """Split a URL into scheme, host, path, and query without normalizing it."""
    whole = text(uri) or ""
    found = _URL.fullmatch(whole)
    if found:
        return found[1], found[2], found[3], found[4]
    path, mark, query = whole.partition("?")
    return "", "", path, query if mark else None


def headers(value: object) -> Headers:
    """Return ordered (name, value) pairs from a JSON object or a list of pairs."""
    if isinstance(value, dict):
        pairs: list[tuple[str, str]] = []
        for name, several in value.items():
            if isinstance(several, list):
                pairs.extend((name, _plain(one)) for one in several)
            else:
                pairs.append((name, several if isinstance(several, str) else _plain(several)))
        return tuple(pairs)
    if isinstance(value, list):
        return tuple((_plain(pair[0]), _plain(pair[1])) for pair in value if isinstance(pair, list) and len(pair) == 2)
    return ()


def header(pairs: Headers, name: str) -> str | None:
    for key, value in pairs:
        if key == name or key.lower() == name:
            return value
    return None


def readable(value: str) -> str:
    """Decode header bytes as UTF-8 if valid, else as latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def body(value: object, *, encoding: object, content_type: str | None) -> tuple[bytes | None, bool]:
    """Return the bytes of a body, and whether the sender had parsed it as JSON.

    A string without an encoding is a JSON string if the content type is JSON, else the body itself.
    """
    if value is None:
        return None, False
    if not isinstance(value, str):
        return canonical(value), True
    if encoding == "base64":
        return _unbase64(value), False
    if encoding != "text" and "json" in (content_type or "").lower():
        return canonical(value), True
    return utf8(value), False


def canonical(value: object) -> bytes:
    """Return compact JSON with the original order of members."""
    try:
        return _COMPACT.encode(value).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _unbase64(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return utf8(value)


def utf8(value: str) -> bytes:
    """Encode a text; lone surrogates, which UTF-8 cannot write, become question marks."""
    return scrub(value).encode()


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)
