"""Records: masks each part by the function for it, and leaves out a body whose masking fails, whatever the error."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from drhttp._guard import guarded
from drhttp._mask import MASK
from drhttp._redact.bodies import drop_partial_end, mask_body
from drhttp._redact.errors import MaskingError
from drhttp._redact.formats.headers import mask_headers
from drhttp._redact.formats.json import mask_string
from drhttp._redact.formats.urls import mask_url, origin_of
from drhttp._redact.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drhttp._mutable_record import MutableRecord
    from drhttp._record import Body, Failure, Headers

    Field = tuple[str, str]

_LONGEST_MESSAGE = 1000  # characters, at which messages are truncated
_SHORTEST_WORD = 4  # characters of a header field that are looked for in a message
_QUOTES = ("'", '"')
_BETWEEN = re.compile(r"[\s;,=]+")  # words of a header field
_ALL: frozenset[str] = frozenset()  # marks all parameters of a request as sensitive
_PARTS = ("uri", "request_headers", "response_headers", "exception", "user", "device")


def redact(record: MutableRecord, policy: Policy, sensitive: frozenset[str] | None = None) -> None:
    """Mask the secrets of a record, and count the masked values of each of its parts.

    The counts never say what the values were. sensitive: names that the application marked as secret for this request;
    the empty set stands for all of its parameters.
    """
    if sensitive:
        policy = policy.with_names(sensitive)
    raw_request, raw_response = record.request_headers, record.response_headers
    record.uri, in_uri = _mask_uri(record.uri, policy)
    record.request_headers, in_request = _mask_headers(raw_request, policy)
    record.response_headers, in_response = _mask_headers(raw_response, policy)
    in_exception = 0
    if record.exception is not None:
        raw, masked = (*raw_request, *raw_response), (*record.request_headers, *record.response_headers)
        record.exception, in_exception = _mask_failure(record.exception, zip(raw, masked, strict=True), policy)
    if sensitive == _ALL:
        record.request_body = _omit(record.request_body, "sensitive")
    else:
        record.request_body = _mask_body(record.request_body, raw_request, policy)
    record.response_body = _mask_body(record.response_body, raw_response, policy)
    record.user, in_user = _mask_name(record.user, policy)
    record.device, in_device = _mask_name(record.device, policy)
    counts = (in_uri, in_request, in_response, in_exception, in_user, in_device)
    if any(counts):
        record.redacted = {part: count for part, count in zip(_PARTS, counts, strict=True) if count}


def _without_header_value(message: str, policy: Policy) -> str:
    """Mask the value of a header field that a client quotes because it is invalid: the header itself was never sent."""
    _, quoted, value = message.partition("header value ")
    return (
        f"{message[: -len(value)]}{policy.mask(value)}" if quoted and value[:2].strip("b")[:1] in _QUOTES else message
    )


def _masked_words(fields: Iterable[tuple[Field, Field]]) -> list[str]:
    """Return the words of header fields that were masked, the longest first; also as they stand in a `repr`."""
    words: set[str] = set()
    for (_, value), (_, masked) in fields:
        if value != masked:
            words |= {word for word in {value.strip(), *_BETWEEN.split(value)} if len(word) >= _SHORTEST_WORD}
            words -= set(_BETWEEN.split(masked))
    return sorted(words | {repr(word)[1:-1] for word in words}, key=len, reverse=True)


def _mask_body(body: Body, headers: Headers, policy: Policy) -> Body:
    """Mask a body; leave out its content if masking fails, whatever the error."""
    return guarded(mask_body, body, headers, policy) or _omit(body, "failed") if body.content else body


def _omit(body: Body, reason: str) -> Body:
    """Remove the content of a body, if it has any, and give the reason."""
    return replace(body, content=None, truncated=False, omitted=reason) if body.content else body


def _mask_uri(uri: str, policy: Policy) -> tuple[str, int]:
    """Mask a URI; if that takes too much work, keep only its scheme, host and port."""
    policy.budget.reset()
    try:
        return mask_url(uri, policy)
    except MaskingError:
        return origin_of(uri), 1


def _mask_headers(headers: Headers, policy: Policy) -> tuple[Headers, int]:
    """Mask header fields within a budget of their own."""
    policy.budget.reset()
    return mask_headers(headers, policy)


def _mask_name(name: str | None, policy: Policy) -> tuple[str | None, int]:
    """Mask credentials in the name of a user or of a device, which the application chose."""
    if not name or 0 < len(name) < policy.min_length:
        return name, 0
    policy.budget.reset()
    try:
        return policy.mask_values(name)
    except MaskingError:
        return MASK, 1


def _mask_failure(failure: Failure, fields: Iterable[tuple[Field, Field]], policy: Policy) -> tuple[Failure, int]:
    """Mask the message of an exception; replace it whole if that takes too much work.

    fields: header fields before and after masking. What was masked in them is masked in the message too, which may
    quote an invalid header field.
    """
    policy.budget.reset()
    try:
        # A truncated message may end in the middle of a secret.
        text = failure.message if len(failure.message) < _LONGEST_MESSAGE else drop_partial_end(failure.message)
        shown = _without_header_value(text, policy)
        message, count = mask_string(shown, policy)
        count += shown != text
        for secret in _masked_words(fields):
            if secret in message:
                count += message.count(secret)
                message = message.replace(secret, policy.mask(secret))
    except MaskingError:
        message, count = MASK, 1
    return (replace(failure, message=message) if message != failure.message else failure), count
