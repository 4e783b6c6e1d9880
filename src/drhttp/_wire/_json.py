"""What the JSON protocols share: JSON that is already there is embedded as it stands, never written anew."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from drhttp._document import portable

if TYPE_CHECKING:
    from drhttp._record import Headers

_encode = json.JSONEncoder(separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """Compact JSON. Lone surrogates become question marks: strict receivers would refuse the whole batch."""
    text = _encode(value)
    if "\\ud" not in text:
        return text
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace").decode()


def splice(fields: dict[str, Any], **raw: str | None) -> str:
    """A JSON object of `fields`, and of members whose values are JSON text already (`None` leaves one out)."""
    members = [f"{dumps(name)}:{text}" for name, text in raw.items() if text is not None]
    return "{" + ",".join([dumps(fields)[1:-1], *members] if fields else members) + "}"


def container(content: bytes) -> str | None:
    """The text of a JSON object or array, if the bytes are one that every receiver reads."""
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if portable(text) else None


def is_json(headers: Headers) -> bool:
    """Whether the content type says JSON: `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    declared = next((value for name, value in headers if name == "content-type"), "")
    kind = declared.partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def timestamp(seconds: float) -> str:
    """UTC with milliseconds and `Z` (RFC 3339)."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"
