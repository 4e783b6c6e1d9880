"""JSON encoding for the protocols. Bodies that are JSON are embedded as they are, not encoded again."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from drhttp._json_document import is_portable

if TYPE_CHECKING:
    from drhttp._record import Headers

_quote: Any = json.encoder.encode_basestring_ascii
_encode = json.JSONEncoder(separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """Encode a value as compact JSON. Lone surrogates become question marks, because strict receivers reject them."""
    text = _encode(value)
    if "\\ud" not in text:
        return text
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace").decode()


def quoted(text: str) -> str:
    """Encode a string as JSON."""
    made = _quote(text)
    return made if "\\ud" not in made else dumps(text)


def container(content: bytes) -> str | None:
    """Decode bytes that are a JSON object or array which every receiver can read; `None` if they are not."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if is_portable(text) else None


def is_json(headers: Headers) -> bool:
    """Whether the content type is JSON: `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    for name, value in headers:
        if name == "content-type":
            kind = value.partition(";")[0].strip().lower()
            return kind in ("application/json", "text/json") or kind.endswith("+json")
    return False


def timestamp(seconds: float) -> str:
    """Format a time as UTC with milliseconds and `Z` (RFC 3339).

    seconds: since the epoch.
    """
    whole, micro = divmod(round(seconds * 1e6), 1_000_000)
    return f"{_second(whole)}.{micro // 1000:03d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()[:-6]
