"""Infers JSON schemas from recorded values. A schema holds names and types; names that are values are left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from drhttp.inbox.endpoint import template
from drhttp.inbox.view import masking

MAX_ITEMS = 200
"""Items of an array that are looked at."""
MAX_NAMES = 200
"""Members beyond which an object is taken for a map."""
_PLAIN = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$.:\[\]-]{0,63}")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,4})?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN_LENGTH, _TOKEN_DIGITS = 12, 3
_ANY_NAME = "\0"
"""Stands for the names of a map while its schema is inferred."""

Json = dict[str, Any]


@lru_cache(maxsize=4096)
def is_plain_name(name: str) -> bool:
    """Return whether a name is one that programmers give, and not an ID, an address or a secret."""
    if not _PLAIN.fullmatch(name) or template(f"/{name}") != f"/{name}" or _is_random(name):
        return False
    return not masking.value(name)[1]


def _is_random(name: str) -> bool:
    """Return whether a long name mixes digits and both cases all over, as tokens do."""
    mixed = all(any(map(kind, name)) for kind in (str.isdigit, str.isupper, str.islower))
    groups = sum(char.isdigit() and not before.isdigit() for before, char in zip(f"-{name}", name, strict=False))
    return mixed and len(name) >= _TOKEN_LENGTH and groups >= _TOKEN_DIGITS


class Kinds:
    """The kinds of the texts that a parameter has had."""

    def __init__(self) -> None:
        self._found: set[str] = set()

    def add(self, value: str) -> None:
        if _INTEGER.fullmatch(value):
            kind = "integer"
        elif _NUMBER.fullmatch(value):
            kind = "number"
        elif value in {"true", "false"}:
            kind = "boolean"
        else:
            kind = "uuid" if _UUID.fullmatch(value) else "string"
        self._found.add(kind)

    def schema(self) -> Json:
        """Return the narrowest schema for all of them."""
        if self._found == {"integer", "number"}:
            return {"type": "number"}
        if len(self._found) != 1:
            return {"type": "string"}
        (kind,) = self._found
        return {"type": "string", "format": "uuid"} if kind == "uuid" else {"type": kind}


class Schema:
    """The schema of the bodies of one kind."""

    def __init__(self) -> None:
        from genson import SchemaBuilder  # an extra

        self._builder = SchemaBuilder(schema_uri=None)
        self._fields: dict[str, Kinds] = {}
        self._required: set[str] | None = None
        self._files: set[str] = set()
        self._kind = ""

    def add_json(self, text: str) -> None:
        """Add a JSON text; an invalid one says nothing."""
        try:
            value = _named(json.loads(text))
        except (ValueError, RecursionError):
            return
        self._kind = self._kind or "json"
        self._builder.add_object(value)

    def add_form(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Add the fields of a form."""
        self._kind = "form"
        named = [(name, value) for name, value in pairs if is_plain_name(name)]
        for name, value in named:
            self._fields.setdefault(name, Kinds()).add(value)
        self._require({name for name, _ in named})

    def add_parts(self, parts: Iterable[tuple[str, bool]]) -> None:
        """Add the parts of a multipart body: name, and whether it is a file."""
        self._kind = "form"
        named = [(name, is_file) for name, is_file in parts if is_plain_name(name)]
        for name, is_file in named:
            self._fields.setdefault(name, Kinds())
            self._files |= {name} if is_file else set()
        self._require({name for name, _ in named})

    def add_opaque(self, *, is_text: bool) -> None:
        """Add a body without a structure."""
        self._kind = self._kind or ("text" if is_text else "binary")

    def json(self) -> Json:
        """Return the schema."""
        if self._kind == "form":
            file = {"type": "string", "format": "binary"}
            properties = {
                name: dict(file) if name in self._files else kinds.schema() for name, kinds in self._fields.items()
            }
            required = sorted(self._required or ())
            return {"type": "object", "properties": properties, **({"required": required} if required else {})}
        if self._kind == "json":
            found: Json = _as_map(self._builder.to_schema())
            return found
        return {"type": "string"} if self._kind == "text" else {}

    def _require(self, names: set[str]) -> None:
        self._required = names if self._required is None else self._required & names


def _named(value: Any) -> Any:
    """Return a value in which the members of maps have one name."""
    if isinstance(value, list):
        return [_named(one) for one in value[:MAX_ITEMS]]
    if not isinstance(value, dict):
        return value
    is_map = len(value) > MAX_NAMES
    plain = {} if is_map else {name: _named(one) for name, one in value.items() if is_plain_name(name)}
    others = [_named(one) for name, one in value.items() if name not in plain][:MAX_ITEMS]
    return {**plain, **({_ANY_NAME: others} if others else {})}


def _as_map(schema: Any) -> Any:
    """Return a schema in which the members of maps are additional properties."""
    if isinstance(schema, list):
        return [_as_map(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _as_map(one) for name, one in schema.items()}
    properties = found.get("properties")
    if isinstance(properties, dict) and _ANY_NAME in properties:
        found["additionalProperties"] = properties.pop(_ANY_NAME).get("items", {})
        required = [name for name in found.get("required", ()) if name != _ANY_NAME]
        found.pop("required", None)
        found.update({"required": required} if required else {})
        if not properties:
            found.pop("properties")
    return found
