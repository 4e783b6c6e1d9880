"""What the JSON protocols share: JSON that is already there is embedded as it stands, never written anew."""

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
    """Compact JSON. Lone surrogates become question marks: strict receivers would refuse the whole batch."""
    text = _encode(value)
    if "\\ud" not in text:
        return text
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace").decode()


def quoted(text: str) -> str:
    """A JSON string."""
    made = _quote(text)
    return made if "\\ud" not in made else dumps(text)


def container(content: bytes) -> str | None:
    """The text of a JSON object or array, if the bytes are one that every receiver reads."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if is_portable(text) else None


def is_json(headers: Headers) -> bool:
    """Whether the content type says JSON: `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    for name, value in headers:
        if name == "content-type":
            kind = value.partition(";")[0].strip().lower()
            return kind in ("application/json", "text/json") or kind.endswith("+json")
    return False


def timestamp(seconds: float) -> str:
    """UTC with milliseconds and `Z` (RFC 3339)."""
    whole, micro = divmod(round(seconds * 1e6), 1_000_000)
    return f"{_second(whole)}.{micro // 1000:03d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()[:-6]
