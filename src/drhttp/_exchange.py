"""One exchange while it happens: plain texts and bytes, gathered on the request path, made into a record by the worker.

The request path keeps references and does as little as it can; all that can wait waits for `record`.
"""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING, Any

from drhttp._record import Body, Failure, Headers, Record, Request, Response
from drhttp._trace import continue_trace
from drhttp._uri import absolute_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from drhttp._body import Passage, Tap
    from drhttp._config import Config

_OVERHEAD = 3000  # bytes, about what the objects of one exchange take besides texts and bodies
_LONGEST_MESSAGE = 1000  # characters of an exception's message
_BODILESS = (204, 304)  # RFC 9110 section 6.4.1


class Exchange:
    """The state of one request, from its arrival to the end of its answer.

    It holds nothing of the server or the framework, so that it keeps nothing alive while it waits in the queue.
    """

    __slots__ = (
        "_asked",
        "_duration",
        "_environ",
        "_failure",
        "_start",
        "_weight",
        "aborted",
        "answer",
        "device",
        "file",
        "headers",
        "left",
        "pid",
        "sensitive",
        "skip",
        "status",
        "time",
        "user",
    )

    def __init__(self, environ: Mapping[str, Any], asked: Passage | None, answer: Tap) -> None:
        self._start = time.perf_counter()
        self.time = time.time()
        self.pid = os.getpid()
        self._environ = texts = _texts(environ)
        # Here, because to look at them again later costs more. Joined: that is quicker than to ask each for its length.
        self._weight = _OVERHEAD + len("".join(texts.values()))
        self._asked = asked
        self.answer = answer
        self._failure: Failure | None = None
        self._duration = 0.0
        self.status = ""
        self.headers: Iterable[tuple[str, str]] = ()
        self.user: str | None = None
        self.device: str | None = None
        self.left = False
        self.aborted = False
        self.file = False
        self.skip = False
        self.sensitive: frozenset[str] | None = None  # names that the application marked; empty means all parameters

    def failed(self, error: BaseException) -> None:
        """Take note of the exception that left the application; not if it only hands on that the client left."""
        if self.left:
            return
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        self._failure = Failure(type=name, message="")
        # A message may be anything, and raise when asked for; then the type alone is kept.
        self._failure = Failure(type=name, message=str(error)[:_LONGEST_MESSAGE])

    def finish(self, *, complete: bool) -> None:
        """The answer has ended; `complete` or because the client left."""
        self._duration = time.perf_counter() - self._start
        if self.left or not complete:
            self.aborted = self._failure is None and not self._bodiless()
        self.answer.settle()
        if self._asked is not None:
            self._asked.settle()

    def weight(self) -> int:
        """About how many bytes of memory it holds."""
        weight = self._weight + len(self.answer.content())
        for _, value in self.headers:
            weight += len(value)
        return weight if self._asked is None else weight + len(self._asked.content())

    def record(self, config: Config) -> Record:
        """The frozen record of a finished exchange."""
        headers = tuple(_request_headers(self._environ))
        request = Request(
            time=self.time,
            method=self._environ.get("REQUEST_METHOD", ""),
            uri=absolute_uri(self._environ),
            headers=headers,
            body=self._request_body(config, _first(headers, "content-type") or ""),
            ip=_client_address(self._environ, config.trusted_proxies),
        )
        answered = tuple((name.lower(), str(value)) for name, value in self.headers)
        response = Response(
            time=self.time + self._duration,
            status=500 if self._failure else self._code(),
            headers=answered,
            body=self._response_body(config, _first(answered, "content-type") or ""),
        )
        return Record(
            id=str(uuid.uuid4()),
            request=request,
            response=response,
            user=self.user,
            device=self.device,
            duration=self._duration,
            ttfb=None if self.answer.begun is None else self.answer.begun - self._start,
            aborted=self.aborted,
            exception=self._failure,
            trace=continue_trace(self._environ.get("HTTP_TRACEPARENT")),
        )

    def _code(self) -> int:
        code = str(self.status)[:3]
        return int(code) if code.isascii() and code.isdigit() else 0

    def _bodiless(self) -> bool:
        """Whether all of the answer was sent although its body was not read to the end: servers may stop there."""
        if self._environ.get("REQUEST_METHOD") == "HEAD" or self._code() in _BODILESS:
            return True
        length = _length(_first(self.headers, "content-length"))
        return length is not None and self.answer.size >= length

    def _request_body(self, config: Config, content_type: str) -> Body:
        length = _length(self._environ.get("CONTENT_LENGTH"))
        if not config.captures_requests:
            chunked = "HTTP_TRANSFER_ENCODING" in self._environ
            return Body(size=length, omitted="off" if length or chunked else None)
        asked = self._asked
        if asked is None:
            return Body(size=length or 0)
        if asked.size and not config.capture_bodies.takes("request", content_type):
            return Body(size=length, omitted="type")
        content = asked.content()
        full = asked.ended or (length is not None and asked.size >= length)
        size = asked.size if full else length
        read = "full" if full else "partial" if asked.size else "none"
        truncated = asked.size > 0 and (not full or len(content) < asked.size)
        return Body(content=content or None, size=size, truncated=truncated, read=read)

    def _response_body(self, config: Config, content_type: str) -> Body:
        if self.file:
            return Body(size=_length(_first(self.headers, "content-length")), omitted="file")
        size = self.answer.size
        if not config.captures_responses:
            return Body(size=size, omitted="off" if size else None)
        if size and not config.capture_bodies.takes("response", content_type):
            return Body(size=size, omitted="type")
        content = self.answer.content()
        return Body(content=content or None, size=size, truncated=len(content) < size)


def _texts(environ: Mapping[str, Any]) -> dict[str, str]:
    """A copy of the texts alone: the environ also holds the input stream, sockets, and what frameworks put there."""
    texts = dict(environ)
    # Nearly all are texts: to take out the rest costs a third less than to put the texts in one by one.
    for key, value in environ.items():
        if type(value) is not str:
            del texts[key]
    return texts


def _request_headers(environ: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """CGI's variables turned back into header fields; two of them have no prefix (RFC 3875 section 4.1)."""
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key[5:].replace("_", "-").lower(), value
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value and f"HTTP_{key}" not in environ:
            yield key.replace("_", "-").lower(), value


def _client_address(environ: Mapping[str, str], trusted: int) -> str | None:
    """The address of the client: the peer, or what the outermost of the trusted proxies saw.

    Each proxy appends the address of its own peer to `X-Forwarded-For`, so the trusted part is counted from the right.
    """
    peer = environ.get("REMOTE_ADDR") or None
    if not trusted:
        return peer
    seen = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    return seen[max(0, len(seen) - trusted)] if seen else peer


def _first(headers: Headers | Iterable[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name), None)


def _length(text: str | None) -> int | None:
    """A Content-Length, `None` if it is missing or garbage (RFC 9110 section 8.6: digits only)."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
