"""What the JSON protocols share: JSON that is already there is embedded as it stands, never written anew."""

from __future__ import annotations

import json
import math
import re
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drhttp._record import Headers

_DEEPEST = 48  # levels of nesting that every receiver reads

_SURROGATE = re.compile(r"\\u[dD]")
_EXPONENT = re.compile(r"[eE]\+?[0-9]{3}")
_LONG_NUMBER = re.compile(r"[0-9]{309}")  # 10 to the power of 308 is about the largest number of double precision


def dumps(value: Any) -> str:
    """Compact JSON. Lone surrogates become question marks: strict receivers would refuse the whole batch."""
    text = json.dumps(value, separators=(",", ":"))
    if "\\ud" not in text:
        return text
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace").decode()


def splice(fields: dict[str, Any], **raw: str | None) -> str:
    """A JSON object of `fields`, and of members whose values are JSON text already (`None` leaves one out)."""
    members = [f"{dumps(name)}:{text}" for name, text in raw.items() if text is not None]
    return "{" + ",".join([dumps(fields)[1:-1], *members] if fields else members) + "}"


def container(content: bytes) -> str | None:
    """The text of a JSON object or array, if the bytes are one that every receiver reads (RFC 8259, RFC 7493).

    One that some would refuse (too deep, a number beyond double precision, half a surrogate pair, a key twice) would
    cost the whole batch that it travels in, and whoever sends requests could see to that.
    """
    if content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        text = content.decode("utf-8")
        # A look at floats one by one costs more than all the rest, and few documents have exponents of three digits.
        finite = _finite if _EXPONENT.search(text) else None
        value = json.loads(text, parse_constant=_refuse, parse_float=finite, object_pairs_hook=_unique)
        time.sleep(0)  # reading has held the interpreter for long; whoever waits for it goes first
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    nested = text.count("[") + text.count("{") > _DEEPEST  # few brackets cannot be deep
    return None if _LONG_NUMBER.search(text) or (nested and _deeper(value, _DEEPEST)) else text


def is_json(headers: Headers) -> bool:
    """Whether the content type says JSON: `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    declared = next((value for name, value in headers if name == "content-type"), "")
    kind = declared.partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def timestamp(seconds: float) -> str:
    """UTC with milliseconds and `Z` (RFC 3339)."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"


def _deeper(value: Any, levels: int) -> bool:
    """Whether objects and arrays are nested in each other more than `levels` deep."""
    level = [value]
    for _ in range(levels):
        members = (each.values() if isinstance(each, dict) else each for each in level)
        level = [member for each in members for member in each if isinstance(member, dict | list)]
        if not level:
            return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("duplicate key")
    return value


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(number)
    return value


def _refuse(constant: str) -> None:
    # Python reads NaN and Infinity, which are not JSON and which other parsers choke on.
    raise ValueError(constant)
