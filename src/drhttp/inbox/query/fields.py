"""The fields of the query language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field. kind: parser for its values, in `values`. column: name in `Summary` or in the store.

    detail: help text on its values. values: all possible values, if they can be listed.
    """

    kind: str
    column: str
    detail: str
    values: tuple[str, ...] = ()


FLAGS = (
    "error",
    "client-error",
    "slow",
    "aborted",
    "exception",
    "pinned",
    "replay",
    "truncated",
    "masked",
    "omitted",
    "orphan",
)
HAS = ("outbound", "calls", "parent", "user", "device", "body", "exception", "tag", "trace", "note", "response")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
SLOW = 1_000_000
"""Duration in microseconds from which a record counts as slow."""

_NAMED = "exact value, or pattern with * and ?; none, any"

FIELDS: dict[str, Field] = {
    "status": Field("status", "status", "404, 5xx, 400-499, >=400, none", ("2xx", "3xx", "4xx", "5xx", "none")),
    "method": Field("method", "method", "GET, or several: POST,PUT", METHODS),
    "path": Field("glob", "path", "/api/items, or a pattern: /api/*"),
    "query": Field("part", "query", "part of the query string"),
    "url": Field("part", "url", "part of the URL"),
    "host": Field("glob", "host", _NAMED),
    "user": Field("glob", "user", _NAMED),
    "device": Field("glob", "device", _NAMED),
    "dur": Field("duration", "duration", ">500, <20ms, 1s-2s"),
    "ttfb": Field("duration", "ttfb", "time to the first byte: >500, <20ms"),
    "size": Field("size", "response_size", "of the response: >10k, <1m"),
    "req.size": Field("size", "request_size", "of the request: >10k, <1m"),
    "dir": Field("direction", "direction", "in, out", ("in", "out")),
    "calls": Field("count", "calls", "number of outbound calls: >5, 0, 2-4"),
    "is": Field("flag", "", "error, slow, pinned ...", FLAGS),
    "has": Field("has", "", "outbound or calls, body, tag ...", HAS),
    "after": Field("after", "started", "-10m, 2026-11-22, 16:05", ("-10m", "-1h", "-1d")),
    "before": Field("before", "started", "-10m, 2026-11-22, 16:05", ("-10m", "-1h", "-1d")),
    "body": Field("body", "request response", "text in a body"),
    "req.body": Field("body", "request", "text in the request body"),
    "res.body": Field("body", "response", "text in the response body"),
    "header": Field("header", "request response", "name, or name=text"),
    "req.header": Field("header", "request", "name, or name=text"),
    "res.header": Field("header", "response", "name, or name=text"),
    "type": Field("glob", "response_type", "media type of the response: application/json, image/*"),
    "route": Field("glob", "endpoint", "endpoint: /api/items/{id}"),
    "operation": Field("glob", "operation", "GraphQL operation, JSON-RPC or gRPC method: *CreateOrder"),
    "client": Field("glob", "client", "client IP address: 10.0.*"),
    "exception": Field("glob", "exception", "exception type: ValueError; none, any"),
    "trace": Field("glob", "trace", "trace ID"),
    "id": Field("prefix", "id", "record ID or a prefix of it"),
    "tag": Field("glob", "tags", _NAMED),
    "pinned": Field("boolean", "pinned", "true, false", ("true", "false")),
}
