"""Descriptions under a secret name: `{"password": {"type": "string", "example": "abc"}}` describes a password.

They are JSON schemas, and the objects of OpenAPI documents: security schemes, OAuth flows, headers, paths. They stay;
only their examples and defaults are masked. Members that are not known make an object something else.

Sources: JSON Schema 2020-12, OpenAPI 2.0, 3.0 and 3.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from drhttp._redact.formats.json_name_value_pairs import TOKEN, decode_string

_TYPES = frozenset(("string", "number", "integer", "boolean", "object", "array", "null", "file"))
EXAMPLES = frozenset(("default", "example", "examples", "const", "enum", "x-example"))
_PATTERN = "pattern"
_SWITCHES = frozenset((
    "readOnly", "writeOnly", "nullable", "deprecated", "minLength", "maxLength", "minimum", "maximum", "minItems",
    "maxItems", "uniqueItems", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minProperties", "maxProperties",
    "explode", "allowEmptyValue", "allowReserved", "required",
))  # fmt: skip
_TEXTS = frozenset(("title", "description", "summary", "$comment", "$id", "$schema", "contentEncoding",
                    "contentMediaType", "style", "collectionFormat"))  # fmt: skip
_SUBSCHEMAS = frozenset(("items", "additionalProperties", "unevaluatedProperties", "not", "if", "then", "else",
                         "contains", "propertyNames", "schema"))  # fmt: skip
_LISTS = frozenset(("anyOf", "oneOf", "allOf", "prefixItems"))
_MAPS = frozenset(("properties", "patternProperties", "definitions", "$defs", "content"))
_OBJECTS = frozenset(("xml", "discriminator", "externalDocs"))
_SHAPES = frozenset(("type", "$ref", "properties", "schema", "content", *_LISTS))
_FORMAT = re.compile(r"[a-z][a-z0-9-]{0,19}")
_DEEPEST = 8
_SCHEMES = frozenset(("apiKey", "apikey", "http", "httpApiKey", "oauth2", "openIdConnect", "mutualTLS", "basic",
                      "userPassword"))  # fmt: skip
_FLOWS = frozenset(("implicit", "password", "clientCredentials", "authorizationCode", "application", "accessCode",
                    "deviceAuthorization"))  # fmt: skip
_FLOW_URLS = frozenset(("authorizationUrl", "tokenUrl", "refreshUrl", "deviceAuthorizationUrl", "openIdConnectUrl"))
_WORDS = re.compile(r"[A-Za-z][\w .-]{0,40}")
_URL = re.compile(r"[\w.:/{}~-]{1,200}")
_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))
_BESIDE_METHODS = frozenset(("parameters", "summary", "description", "servers"))
# An object is one of these only if it holds one of the words.
_HINTS = ('"type"', '"$ref"', '"anyOf"', '"oneOf"', '"allOf"', '"properties"', '"schema"', 'Url"', '"responses"',
          '"content"')  # fmt: skip


def examples_at(text: str) -> frozenset[int] | None:
    """Return where the examples begin in an object that describes something; `None` if the object is something else."""
    if not any(word in text for word in _HINTS):
        return None
    try:
        value = json.loads(text, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):  # in a truncated document
        return None
    if not (_is_schema(value, 0) or _is_scheme(value) or _is_flow(value) or _is_path(value)):
        return None
    return frozenset(match.end() for match in TOKEN.finditer(text) if match[1] is not None and _is_example(match))


def _is_example(key: re.Match[str]) -> bool:
    """Whether a key is one of an example, of a default, or of a pattern that is not written as one."""
    name = decode_string(key[0][: -len(key[1])])
    if name == _PATTERN:
        return not key.string.startswith(('"^', '"['), key.end())
    return name in EXAMPLES or (name.startswith("x-") and not key.string.startswith(("true", "false"), key.end()))


def _is_schema(value: Any, level: int) -> bool:
    """Whether a value is a JSON schema, or a header or parameter with one."""
    if not isinstance(value, dict) or level == _DEEPEST or _SHAPES.isdisjoint(value):
        return False
    return all(_describes(key, each, level) for key, each in value.items())


def _describes(key: str, value: Any, level: int) -> bool:
    """Whether a member belongs in a schema, and has a suitable value."""
    if key in EXAMPLES or key.startswith("x-"):
        return True
    if key in _LISTS or key in _MAPS or key in _SUBSCHEMAS:
        return _nests(key, value, level)
    if key == "type":
        return all(isinstance(each, str) and each in _TYPES for each in (value if isinstance(value, list) else [value]))
    if isinstance(value, str):
        return _says(key, value)
    if key == "required" and _are_strings(value):
        return True
    if key in _OBJECTS:
        return isinstance(value, dict)
    return key in _SWITCHES and (value is None or isinstance(value, (bool, int)))


def _nests(key: str, value: Any, level: int) -> bool:
    """Whether the value of a member holds schemas, in the way that belongs to the member."""
    if key in _LISTS:
        return isinstance(value, list) and all(_is_schema(each, level + 1) for each in value)
    if key in _MAPS:
        return isinstance(value, dict) and all(_is_schema_or_switch(each, level) for each in value.values())
    return _is_schema_or_switch(value, level)


def _says(key: str, value: str) -> bool:
    """Whether a string belongs in a schema."""
    if key == "format":
        return _FORMAT.fullmatch(value) is not None
    return key in _TEXTS or key == _PATTERN or (key == "$ref" and _URL.fullmatch(value.replace("#", "/")) is not None)


def _is_schema_or_switch(value: Any, level: int) -> bool:
    return isinstance(value, bool) or value == {} or _is_schema(value, level + 1)


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_scheme(value: Any) -> bool:
    """Whether a value is a security scheme, such as `{"type": "http", "scheme": "bearer"}`."""
    return isinstance(value, dict) and _all_known(value, _describes_scheme) and value.get("type") in _SCHEMES


def _is_flow(value: Any) -> bool:
    """Whether a value is an OAuth flow, such as `{"tokenUrl": "/token", "scopes": {}}`."""
    return isinstance(value, dict) and not _FLOW_URLS.isdisjoint(value) and _all_known(value, _describes_flow)


def _all_known(value: dict[str, Any], describes: Callable[[str, Any], bool]) -> bool:
    return all(key.startswith("x-") or key == "description" or describes(key, each) for key, each in value.items())


def _describes_scheme(key: str, value: Any) -> bool:
    """Whether a member belongs in a security scheme, and has a suitable value."""
    if key == "flows":
        return isinstance(value, dict) and value.keys() <= _FLOWS and all(map(_is_flow, value.values()))
    if key in ("type", "name", "in", "scheme", "bearerFormat", "flow"):
        return isinstance(value, str) and _WORDS.fullmatch(value) is not None
    return _describes_flow(key, value)


def _describes_flow(key: str, value: Any) -> bool:
    """Whether a member belongs in an OAuth flow, and has a suitable value."""
    if key == "scopes":
        return _are_strings(list(value.values()) if isinstance(value, dict) else value)
    return key in _FLOW_URLS and isinstance(value, str) and _URL.fullmatch(value) is not None


def _is_path(value: Any) -> bool:
    """Whether a value describes a path, with its methods and their responses: `"/token": {"post": {...}}`."""
    if not isinstance(value, dict) or _METHODS.isdisjoint(value):
        return False
    return value.keys() <= _METHODS | _BESIDE_METHODS and all(
        isinstance(each, dict) and "responses" in each for key, each in value.items() if key in _METHODS
    )
