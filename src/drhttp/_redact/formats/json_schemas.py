"""JSON schemas under a secret name: `{"password": {"type": "string", "example": "abc"}}` describes a password.

The description stays; only its examples are masked.
"""

from __future__ import annotations

import json
import re
from typing import Any

from drhttp._redact.formats.json_name_value_pairs import TOKEN, decode_string

_TYPES = frozenset(("string", "number", "integer", "boolean", "object", "array", "null"))
_TEXTS = frozenset(("title", "description"))
_EXAMPLES = frozenset(("default", "example", "examples", "const", "enum", "pattern", "x-example"))
_SWITCHES = frozenset((
    "readOnly", "writeOnly", "nullable", "deprecated", "required", "minLength", "maxLength", "minimum", "maximum",
    "minItems", "maxItems", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
))  # fmt: skip
_FORMAT = re.compile(r"[a-z][a-z0-9-]{0,19}")
_DEEPEST_SCHEMA = 5
_SCHEMA_KEYS = ('"type"', '"$ref"', '"anyOf"', '"oneOf"', '"allOf"')


def schema_examples_at(text: str) -> frozenset[int] | None:
    """Return where the examples begin in the JSON schema of a property; `None` if the object is not a schema."""
    if not any(word in text for word in _SCHEMA_KEYS):
        return None
    try:
        value = json.loads(text, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):  # in a truncated document
        return None
    if not _is_schema(value, 0):
        return None
    return frozenset(
        match.end()
        for match in TOKEN.finditer(text)
        if match[1] is not None and decode_string(match[0][: -len(match[1])]) in _EXAMPLES
    )


def _is_schema(value: object, level: int) -> bool:
    """Whether a value is a JSON schema."""
    if not isinstance(value, dict) or level == _DEEPEST_SCHEMA:
        return False
    if not ({"type", "$ref"} & value.keys() or {"anyOf", "oneOf", "allOf"} & value.keys()):
        return False
    return all(_describes(key, each, level) for key, each in value.items())


def _describes(key: str, value: Any, level: int) -> bool:
    """Whether a member belongs in a schema, and has a suitable value."""
    if key in _EXAMPLES:
        return True
    if key in ("anyOf", "oneOf", "allOf"):
        return isinstance(value, list) and all(_is_schema(each, level + 1) for each in value)
    if key == "items":
        return _is_schema(value, level + 1)
    if key in _SWITCHES:
        return value is None or isinstance(value, (bool, int))
    if not isinstance(value, str):
        return False
    if key == "type":
        return value in _TYPES
    if key == "format":
        return _FORMAT.fullmatch(value) is not None
    return (key == "$ref" and value.startswith("#/")) or key in _TEXTS
