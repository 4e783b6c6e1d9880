"""Describes the endpoints of recorded requests as an OpenAPI 3.1 document: names and types, and no recorded value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from drhttp.inbox import har
from drhttp.inbox.endpoint import template
from drhttp.inbox.errors import InboxError
from drhttp.inbox.exchange import Exchange, Message, Summary
from drhttp.inbox.schema_inference import Kinds, Schema, is_plain_name
from drhttp.inbox.view import masking
from drhttp.inbox.view.bodies import views
from drhttp.inbox.view.content import Content, content_of

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MAX_SERVERS = 10
_PHRASES = {one.value: one.phrase for one in HTTPStatus}
_PARAMETER = re.compile(r"[{<]([^{}<>]*)[}>]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
_MEDIA = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_MISSING = 'OpenAPI requires genson. Install it with: pip install "drhttp[openapi]"'

Json = dict[str, Any]


def described(pieces: Iterable[str]) -> list[str]:
    """Return the document as text. pieces: the text of a HAR export with nothing hidden. Raises `InboxError`."""
    document = Document()
    for exchange in _exchanges(pieces):
        document.add(exchange)
    return [json.dumps(document.json(), indent=2, ensure_ascii=False), "\n"]


def _exchanges(pieces: Iterable[str]) -> Iterator[Exchange]:
    """Yield the exchanges of an export, in which every entry is a line."""
    rest = ""
    for piece in pieces:
        *lines, rest = (rest + piece).split("\n")
        for line in lines:
            if line.startswith('{"startedDateTime"'):
                yield from har.exchanges({"log": {"entries": [json.loads(line.removesuffix(","))]}}, "", 0)[0]


@dataclass(slots=True)
class _Content:
    """The bodies of one media type."""

    schema: Schema = field(default_factory=Schema)
    count: int = 0


@dataclass(slots=True)
class _Operation:
    """The requests of one method to one path."""

    names: list[str]
    count: int = 0
    path: dict[str, Kinds] = field(default_factory=dict)
    query: dict[str, Kinds] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    asked: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, _Content] = field(default_factory=dict)
    with_body: int = 0
    responses: dict[int, dict[str, _Content]] = field(default_factory=dict)


class Document:
    """Collects requests and describes them. Raises `InboxError` if the library for schemas is missing."""

    def __init__(self) -> None:
        try:
            import genson  # noqa: F401  # fails before anything is read
        except ModuleNotFoundError as missing:
            raise InboxError(_MISSING) from missing
        self._operations: dict[tuple[str, str], _Operation] = {}
        self._paths: dict[str, str] = {}
        self._servers: dict[str, None] = {}
        self.count = self.skipped = 0

    def add(self, exchange: Exchange) -> None:
        """Add a request that the application answered. Others do not belong to its interface."""
        summary = exchange.summary
        method = summary.method.lower()
        if summary.direction == "Outgoing" or summary.scheme.lower() not in {"http", "https", ""}:
            return
        if method not in METHODS or summary.status is None or not summary.path.startswith("/"):
            self.skipped += 1
            return
        self.count += 1
        path = _path(summary)
        key = _PARAMETER.sub("{}", path)
        path = self._paths.setdefault(key, path)
        operation = self._operations.setdefault((path, method), _Operation(_PARAMETER.findall(path)))
        operation.count += 1
        _add_path(operation, path, summary.path)
        _add_query(operation, summary.query or "")
        _add_bodies(operation, exchange)
        if _HOST.fullmatch(summary.host) and not masking.host(summary.host)[1] and len(self._servers) < MAX_SERVERS:
            self._servers[f"{summary.scheme.lower() or 'http'}://{summary.host}"] = None

    def json(self) -> Json:
        """Return the document."""
        paths: Json = {}
        for (path, method), operation in sorted(self._operations.items()):
            # What nobody serves was asked for by mistake, or by a scanner.
            if set(operation.responses) - {404, 405}:
                paths.setdefault(path, {})[method] = _operation_json(operation)
        left_out = f" {self.skipped:,} others are left out." if self.skipped else ""
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Recorded API",
                "version": "0.0.0",
                "description": f"Inferred by drhttp from {self.count:,} recorded requests: names and types, and no "
                f"recorded value. What was not recorded is missing.{left_out}",
            },
            **({"servers": [{"url": url} for url in self._servers]} if self._servers else {}),
            "paths": paths,
        }


def _path(summary: Summary) -> str:
    """Return the path of an endpoint with its parameters in braces, each with a name of its own."""
    place = summary.route or template(summary.path)
    place = place if place.startswith("/") else f"/{place}"
    shown, count = masking.path(place)
    if count:
        place = "/".join("{secret}" if masking.MASK in segment else segment for segment in shown.split("/"))
    used: list[str] = []

    def named(found: re.Match[str]) -> str:
        # Frameworks write {id}, {id:int}, <id> and <int:id>.
        words = _NAME.findall(found[1])
        name = (words[-1] if found[0][0] == "<" else words[0]) if words else "value"
        used.append(name if name not in used else f"{name}{len(used) + 1}")
        return f"{{{used[-1]}}}"

    return _PARAMETER.sub(named, place.partition("?")[0])


def _add_path(operation: _Operation, path: str, actual: str) -> None:
    wanted, found = path.split("/"), actual.split("/")
    for name in operation.names:
        operation.path.setdefault(name, Kinds())
    if len(wanted) == len(found):
        for segment, value in zip(wanted, found, strict=True):
            if segment.startswith("{") and segment[1:-1] in operation.path:
                operation.path[segment[1:-1]].add(value)


def _add_query(operation: _Operation, query: str) -> None:
    seen: list[str] = []
    for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
        if is_plain_name(name):
            operation.query.setdefault(name, Kinds()).add(value)
            seen.append(name)
    operation.repeated |= {name for name in seen if seen.count(name) > 1} if len(seen) > 1 else set()
    for name in set(seen):
        operation.asked[name] = operation.asked.get(name, 0) + 1


def _add_bodies(operation: _Operation, exchange: Exchange) -> None:
    if exchange.request.body:
        operation.with_body += 1
        _add_content(operation.bodies, exchange, exchange.request, "request")
    contents = operation.responses.setdefault(exchange.summary.status or 0, {})
    if exchange.response is not None and exchange.response.body:
        _add_content(contents, exchange, exchange.response, "response")


def _add_content(contents: dict[str, _Content], exchange: Exchange, message: Message, side: str) -> None:
    content = content_of(message)
    media = content.media if _MEDIA.fullmatch(content.media) else ""
    kept = contents.setdefault(media or _guessed(content), _Content())
    kept.count += 1
    if content.form == "json":
        kept.schema.add_json("" if content.cut else content.text or "")
    elif content.form == "form":
        kept.schema.add_form(parse_qsl(content.text or "", keep_blank_values=True, errors="replace"))
    elif content.form == "multipart":
        view = views(exchange, reveal=False)[side]
        kept.schema.add_parts([(part["name"] or "", part["filename"] is not None) for part in view.parts or ()])
    else:
        kept.schema.add_opaque(is_text=content.text is not None)


def _guessed(content: Content) -> str:
    if content.form == "json":
        return "application/json"
    return "application/octet-stream" if content.text is None else "text/plain"


def _operation_json(operation: _Operation) -> Json:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": kinds.schema()}
        for name, kinds in operation.path.items()
    ]
    for name, kinds in sorted(operation.query.items()):
        schema = {"type": "array", "items": kinds.schema()} if name in operation.repeated else kinds.schema()
        required = operation.asked[name] == operation.count
        parameters.append({"name": name, "in": "query", "required": required, "schema": schema})
    found: Json = {"parameters": parameters} if parameters else {}
    if operation.bodies:
        required = operation.with_body == operation.count
        found["requestBody"] = {"required": required, "content": _contents(operation.bodies)}
    found["responses"] = {
        str(status): {
            "description": _PHRASES.get(status, f"Status {status}"),
            **({"content": _contents(contents)} if contents else {}),
        }
        for status, contents in sorted(operation.responses.items())
    }
    return found


def _contents(contents: dict[str, _Content]) -> Json:
    return {media: {"schema": one.schema.json()} for media, one in sorted(contents.items())}
