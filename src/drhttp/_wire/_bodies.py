"""Bodies in the JSON of both protocols: as JSON or base64 in events, as text or base64 in records."""

from __future__ import annotations

from binascii import b2a_base64
from typing import TYPE_CHECKING

from drhttp._wire._json import container, is_json

if TYPE_CHECKING:
    from drhttp._record import Body, Headers


def event_members(body: Body, headers: Headers) -> str:
    """Encode the body of an event as the further members of a JSON object; empty if there is none.

    JSON objects and arrays stand there as they are. Everything else is base64.
    """
    content = body.content
    if content is None:
        return ""
    text = container(content) if is_json(headers) else None
    if text is not None:
        return f',"body":{text},"transfer_encoding":"json"'
    return f',"body":"{_base64(content)}","transfer_encoding":"base64"'


def record_members(body: Body, absent: str | None) -> dict[str, str]:
    """Encode the body of a record as text if it is UTF-8, otherwise as base64 with `transfer_encoding`.

    absent: the value for a body that was not captured; `None` leaves the field out.
    """
    if body.content is None:
        return {} if absent is None else {"body": absent}
    try:
        return {"body": body.content.decode()}
    except UnicodeDecodeError:
        return {"body": _base64(body.content), "transfer_encoding": "base64"}


def _base64(content: bytes) -> str:
    return b2a_base64(content, newline=False).decode()
