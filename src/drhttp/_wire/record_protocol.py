"""The protocol "record": the format of drhttp 0.2.0, with one record in each POST, without the bugs of that version."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from drhttp._wire._bodies import record_members
from drhttp._wire._json import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drhttp._mutable_record import MutableRecord
    from drhttp._record import Headers

PATH = "/api/v1/http_record/record"
LARGEST_BATCH: int | None = 1

_DEVICE = "x-drhttp-device"


def headers(key: str) -> dict[str, str]:
    """The header fields of a POST."""
    return {"DrHTTP-ApiKey": key, "Content-Type": "application/json; charset=utf-8"}


def encode(record: MutableRecord, dropped: Mapping[str, int]) -> bytes:
    """Encode one record. The format has no field for lost records; `drhttp.stats()` counts them."""
    fields: dict[str, Any] = {
        "id": record.id,
        "datetime": datetime.fromtimestamp(record.time, timezone.utc).isoformat(),
        "method": record.method,
        "uri": record.uri,
        "status": record.status,
        "request": {"headers": _headers(record.request_headers), **record_members(record.request_body, "")},
    }
    if record.user:
        fields["user_identifier"] = record.user
    response_fields: dict[str, Any] = {}
    # There is no field for the device. drhttp 0.2.0 left it in the response headers, where the service looks for it.
    shown = (*record.response_headers, (_DEVICE, record.device)) if record.device else record.response_headers
    if shown:
        response_fields["headers"] = _headers(shown)
    response_fields.update(record_members(record.response_body, None))
    if response_fields:
        fields["response"] = response_fields
    return dumps(fields).encode()


def without_bodies(encoded: bytes) -> bytes:
    """Remove the bodies from a record. The format cannot mark them as omitted."""
    fields = json.loads(encoded)
    request, response = fields["request"], fields.pop("response", {})
    if not request["body"] and "body" not in response:
        return encoded
    request["body"] = ""
    for side in (request, response):
        side.pop("transfer_encoding", None)
    response.pop("body", None)
    return dumps({**fields, "response": response} if response else fields).encode()


def join(encoded: Sequence[bytes]) -> bytes:
    """Return the only record, which is the body of the POST."""
    (only,) = encoded
    return only


def _headers(headers: Headers) -> dict[str, str]:
    """Join repeated header fields (RFC 9110 section 5.3), because the format has no lists."""
    merged: dict[str, str] = {}
    for name, value in headers:
        merged[name] = f"{merged[name]}, {value}" if name in merged else value
    return merged
