"""Sends cases through the middleware around a small application to the real receiver, and searches what left."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import re
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from itertools import cycle
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import drhttp
from drhttp._http.content_coding import CodingError, decode
from privacy.corpus import MARK, Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from support.receiver import Post, Receiver

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_JSON_SPACE, _JSON_STARTS = " \t\r\n", frozenset('{["-0123456789tfnNI')
_DEPTH = 4  # decodings on top of each other
_SHORT = 300  # characters of a text that is searched once, as most records of a test hold the same texts


class CaseError(Exception):
    """Raised by the application of a case."""


def application(cases: Sequence[Case]) -> Any:
    """Read the request in pieces of odd sizes, and respond as the case in the header field `x-case` says."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        case = cases[int(environ["HTTP_X_CASE"])]
        sizes, read = cycle((1, 7, 64, 3, 1000)), b""
        while piece := environ["wsgi.input"].read(next(sizes)):
            read += piece
        assert read == case.body, case.name
        if case.error:
            raise CaseError(case.error)
        kind = [("Content-Type", case.answer_kind)] if case.answer_kind else []
        start_response("200 OK", [*kind, *case.answer_headers])
        return _pieces(case.answer)

    return app


def _pieces(content: bytes) -> Iterator[bytes]:
    at = 0
    for size in cycle((1, 13, 5, 997)):
        if at >= len(content):
            return
        yield content[at : at + size]
        at += size


def environ_of(case: Case, number: int) -> dict[str, Any]:
    """Return the environ of a case's request, as a server would make it."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "shop.example",
        "PATH_INFO": case.path,
        "QUERY_STRING": case.query,
        "HTTP_X_CASE": str(number),
        "wsgi.input": BytesIO(case.body),
        "CONTENT_LENGTH": str(len(case.body)),
    }
    if case.kind:
        environ["CONTENT_TYPE"] = case.kind
    if case.coding:
        environ["HTTP_CONTENT_ENCODING"] = case.coding
    for name, value in case.headers:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def serve(middleware: Any, cases: Sequence[Case]) -> None:
    """Send all cases; each response must arrive as the application gave it."""
    for number, case in enumerate(cases):
        seen: list[Any] = []
        try:
            answer = middleware(environ_of(case, number), lambda status, headers, seen=seen: seen.extend(headers))
            assert b"".join(answer) == case.answer, case.name
            getattr(answer, "close", lambda: None)()
            assert [pair for pair in case.answer_headers if pair not in seen] == [], case.name
        except CaseError:
            assert case.error


def deliver(dsn: str, cases: Sequence[Case], **options: Any) -> None:
    """Record all cases, and return once they are delivered."""
    serve(drhttp.WSGIMiddleware(application(cases), dsn=dsn, **{"flush_interval": 0.05, **options}), cases)
    assert drhttp.flush(100.0)


def leave(receiver: Receiver, cases: Sequence[Case], **options: Any) -> list[dict[str, Any]]:
    """Return the records of all cases, in order, once all are delivered."""
    deliver(receiver.dsn, cases, **{"queue_bytes": 2**30, "queue_size": 100_000, **options})
    records = receiver.wait(len(cases), 100.0)
    return sorted(records, key=lambda record: int(record["request"]["headers"]["x-case"]))


def decompressed(post: Post) -> bytes:
    """Return all bytes of a POST."""
    body = gzip.decompress(post.body) if post.headers.get("content-encoding") == "gzip" else post.body
    return repr((post.path, post.headers)).encode() + body


def forms(value: Any) -> Iterator[str]:
    """Return a value in every form in which it could be read: every text in it, decoded in every way."""
    for text, depth in _texts(value, _DEPTH):
        yield from _forms_of_text(text, depth)


def _texts(value: Any, depth: int) -> Iterator[tuple[str, int]]:
    """Return every text in a value, and how deep its forms are to be sought; those of numbers are not."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key, depth
            yield from _texts(each, depth)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, depth)
    elif isinstance(value, str):
        yield value, depth
    elif value is not None:
        yield str(value), 0


def _forms_of_text(text: str, depth: int) -> Iterator[str]:
    """Return a text in every form in which it could be read, decoded in every way."""
    yield text
    if "\0" in text:
        yield text.replace("\0", "")
    if depth == 0:
        return
    if "%" in text or "+" in text:
        yield from _forms_of_text(unquote_plus(text), depth - 1)
    if text.lstrip(_JSON_SPACE)[:1] in _JSON_STARTS:  # anything else is no JSON, and costs an exception
        with suppress(ValueError):
            for each, left in _texts(json.loads(text), depth - 1):
                yield from _forms_of_text(each, left)
    for match in _BASE64.finditer(text):
        yield from (_forms_of_short if len(match[0]) <= _SHORT else _forms_of_bytes)(match[0], depth - 1)


@lru_cache(maxsize=100_000)
def _forms_of_short(text: str, depth: int) -> tuple[str, ...]:
    return tuple(_forms_of_bytes(text, depth))


def _forms_of_bytes(text: str, depth: int) -> Iterator[str]:
    try:
        content = base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_" if "-" in text or "_" in text else None
        )
    except (binascii.Error, ValueError):
        return
    for coding in ("gzip", "deflate", "br", "zstd"):
        with suppress(CodingError):
            yield from _forms_of_text(
                decode(content, coding, limit=64 * 1024, cut=True).content.decode("latin-1"), depth
            )
    yield from _forms_of_text(content.decode("latin-1"), depth)


def leaks(record: dict[str, Any], needles: Iterable[str] = ()) -> list[str]:
    """Return the secrets that are visible in a record."""
    plain = tuple(re.sub(r"[ -]", "", needle).lower() for needle in needles)
    found: list[str] = []
    for text, depth in _texts(record, _DEPTH):
        found += (_leaks_of_short if len(text) <= _SHORT else _leaks_of_text)(text, depth, plain)
    return found


@lru_cache(maxsize=100_000)
def _leaks_of_short(text: str, depth: int, plain: tuple[str, ...]) -> list[str]:
    return _leaks_of_text(text, depth, plain)


def _leaks_of_text(text: str, depth: int, plain: tuple[str, ...]) -> list[str]:
    found = []
    for form in _forms_of_text(text, depth):
        if MARK in form:
            found.append(form[max(0, form.index(MARK) - 40) : form.index(MARK) + 40])
        if plain:
            normalized = re.sub(r"[ -]", "", form).lower()
            found += [needle for needle in plain if needle in normalized]
    return found
