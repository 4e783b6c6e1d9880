"""One request that the process makes, from its start to the end of its response."""

from __future__ import annotations

import os
import sys
import time
import weakref
from typing import TYPE_CHECKING, Any

from drhttp._capture.exchange import LONGEST_MESSAGE, type_name
from drhttp._outbound.address import absolute_uri
from drhttp._outbound.captured_body import CapturedBody

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from drhttp._capture.link import Link
    from drhttp._delivery.preparation import Preparation
    from drhttp._outbound.hook import Live
    from drhttp._outbound.recorder_options import RecorderOptions
    from drhttp._process.recorder import Recorder

    Fields: TypeAlias = Sequence[tuple[str | bytes, str | bytes]]

_OVERHEAD = 2500  # bytes; approximate size of the objects of one call, without strings and bodies
_BODILESS = (101, 204, 304)  # RFC 9110 sections 6.4.1 and 15.2
_LENGTH = ("content-length", b"content-length")


class Call:
    """The state of one outgoing request. Nothing of the client's is kept but what never changes.

    address: scheme, host, port and target, unless `uri_of` takes something else. parent: the link of the request that
    caused it; `None` if it has a trace of its own. start: by the performance counter. time: the same moment in seconds
    since the epoch. duration, ttfb: seconds until the end of the response, and until its headers. head: request line
    and header fields as they were sent, if the client does not tell `request_headers`. status: 0 until a response
    comes. decoded: the content codings that the client undoes before the bytes pass here, of the request and of the
    response. aborted: the caller closed or cancelled it before its end. live: not empty as long as the hooks are in
    place that saw it begin, if those of several libraries see it.
    """

    __slots__ = (
        "__weakref__",
        "_recorder",
        "aborted",
        "address",
        "decoded",
        "done",
        "duration",
        "failure",
        "head",
        "live",
        "method",
        "parent",
        "pid",
        "preparation",
        "request_body",
        "request_headers",
        "response_body",
        "response_headers",
        "sensitive",
        "start",
        "status",
        "time",
        "ttfb",
    )

    def __init__(
        self,
        recorder: Recorder,
        options: RecorderOptions,
        parent: Link | None,
        method: str,
        address: Any,
    ) -> None:
        self.start = time.perf_counter()
        self.time = time.time()
        self.pid = os.getpid()
        self._recorder: Recorder | None = recorder
        self.done = False  # whether it has ended
        self.parent = parent
        self.method = method
        self.address = address
        self.head = b""
        self.live: Live = []
        self.request_headers: Fields = ()
        self.request_body = CapturedBody(options.request_limit)
        self.response_headers: Fields = ()
        self.response_body = CapturedBody(options.response_limit)
        self.status = 0
        self.failure: tuple[str, str] | None = None
        self.aborted = False
        self.decoded: tuple[str | None, str | None] = (None, None)
        self.duration = 0.0
        self.ttfb: float | None = None
        self.preparation: Preparation | None = None
        self.sensitive: frozenset[str] | None = None
        recorder.unfinished[id(self)] = weakref.ref(self)

    @staticmethod
    def uri_of(address: Any) -> str:
        """The absolute URI of an address."""
        return absolute_uri(*address)

    def responded(self, status: int, headers: Fields) -> None:
        """The headers of the response have arrived."""
        self.ttfb = time.perf_counter() - self.start
        self.status = status
        self.response_headers = headers
        self.failure = None  # of sending: some servers answer before they have read everything

    def failed(self, error: BaseException) -> None:
        """The client raised. If it was interrupted, the caller gave the call up."""
        if self.done:  # several hooks see the same failure
            return
        self.note_failure(error)
        self.end(aborted=not isinstance(error, Exception))

    def closed(self) -> None:
        """The caller has closed the response, or forgotten it, before its end: that aborts the call.

        Unless the response has no body, so that none of it is missing.
        """
        if not self.done:
            self.end(aborted=not self.bodiless)

    def note_failure(self, error: BaseException) -> None:
        """Keep type and message of an exception."""
        name = type_name(error)
        self.failure = (name, "")
        self.failure = (name, str(error)[:LONGEST_MESSAGE])  # `str` may raise; then only the type is kept

    def end(self, *, aborted: bool = False) -> None:
        """The call is over, and recorded. Only the first call of this counts."""
        recorder = self._recorder
        if recorder is None:
            return
        self._recorder = None
        self.done = True
        recorder.unfinished.pop(id(self), None)
        self.duration = time.perf_counter() - self.start
        self.aborted = aborted
        if self.request_body.more is not None:
            self.request_body.settle()
        if self.response_body.more is not None:
            self.response_body.settle()
        if not sys.is_finalizing():  # nothing is delivered any more, and Python 3.11 would wait for a thread for ever
            recorder.put(self)

    def abort(self) -> None:
        """The process ends before the call does. A forked child leaves that to its parent."""
        if self.pid == os.getpid():
            self.end(aborted=True)

    def discard(self) -> None:
        """Nothing was sent after all, or nobody saw the end, so nothing is recorded."""
        if self._recorder is not None:
            self._recorder.unfinished.pop(id(self), None)
        self._recorder = None
        self.done = True

    def weight(self) -> int:
        """The approximate size of the call in memory, in bytes."""
        weight = _OVERHEAD + len(self.head) + self.request_body.kept + self.response_body.kept
        for _, value in self.response_headers:
            weight += len(value)
        for _, value in self.request_headers:
            weight += len(value)
        return weight

    @property
    def bodiless(self) -> bool:
        """Whether there is a response without a body, so that none of it is missing."""
        if not self.status:
            return False
        if self.method == "HEAD" or self.status in _BODILESS:
            return True
        return any(
            value in ("0", b"0") and len(name) == 14 and name.lower() in _LENGTH
            for name, value in self.response_headers
        )
