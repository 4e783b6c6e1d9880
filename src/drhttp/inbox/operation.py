"""What a request asks for where its path does not say: the operation of GraphQL, the method of JSON-RPC and gRPC."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from drhttp.inbox.exchange import Exchange, Message

MAX_BODY = 256 * 1024
"""Maximum bytes of a body that is parsed for its operation."""
MAX_LENGTH = 120
"""Maximum characters of an operation."""
_DOCUMENT = 4_096
"""Characters of a GraphQL document in which its operations are looked for."""
_LISTED = 3
"""Number of operations of a batch that are named."""
_DEFINITION = re.compile(r"\b(query|mutation|subscription)\b\s*([_A-Za-z]\w*)?")
_FIELD = re.compile(r"\{\s*([_A-Za-z]\w*)")
_NAME = re.compile(r"[_A-Za-z][\w./:$-]*", re.ASCII)


def operation(exchange: Exchange) -> str | None:
    """Return what the request asks for, such as ``mutation CreateOrder`` or ``eth_call``."""
    summary = exchange.summary
    kind = (summary.request_type or "").lower()
    if kind.startswith("application/grpc"):
        service, _, method = summary.path.rpartition("/")
        return _short([f"{service.rpartition('/')[2].rpartition('.')[2]}/{method}"]) if service and method else None
    if summary.query and "query=" in summary.query and "graphql" in summary.path.lower():
        return _of_query(summary.query)
    return _of_body(exchange.request, kind)


def _of_query(text: str) -> str | None:
    try:
        found = {name: values[0] for name, values in parse_qs(text[:MAX_BODY], max_num_fields=50).items()}
    except ValueError:
        return None
    return _short([_graphql(found)])


def _of_body(message: Message, kind: str) -> str | None:
    body = message.body
    if not body or len(body) > MAX_BODY:
        return None
    if kind.startswith("application/graphql") and "json" not in kind:
        return _short([_graphql({"query": body.decode("utf-8", "replace")})])
    # Most bodies are neither, and are not parsed.
    if not (b'"jsonrpc"' in body or b'"operationName"' in body or (b'"query"' in body and b"{" in body[1:])):
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    calls = value if isinstance(value, list) else [value]
    return _short([_call(one) for one in calls if isinstance(one, dict)])


def _call(value: Mapping[str, object]) -> str | None:
    method = value.get("method")
    if "jsonrpc" in value and isinstance(method, str):
        return method if _NAME.fullmatch(method) else None
    return _graphql(value)


def _graphql(value: Mapping[str, object]) -> str | None:
    name, document = value.get("operationName"), value.get("query")
    text = document[:_DOCUMENT] if isinstance(document, str) else ""
    found = [(kind, title) for kind, title in _DEFINITION.findall(text) if title]
    if isinstance(name, str) and _NAME.fullmatch(name):
        kinds = [kind for kind, title in found if title == name]
        return f"{kinds[0]} {name}" if kinds else name
    if found:
        return " ".join(found[0])
    return _anonymous(text)


def _anonymous(text: str) -> str | None:
    """An operation without a name, by the first field that it selects."""
    start = text.lstrip()
    kind = next((word for word in ("mutation", "subscription", "query") if start.startswith(word)), "query")
    if not start.startswith(("{", kind)):
        return None
    field = _FIELD.search(start)
    return f"{kind} {{ {field[1]} }}" if field else None


def _short(names: list[str | None]) -> str | None:
    """Join the operations of a batch."""
    known = [name for name in names if name]
    if not known:
        return None
    rest = len(known) - _LISTED
    return (", ".join(known[:_LISTED]) + (f" +{rest}" if rest > 0 else ""))[:MAX_LENGTH]
