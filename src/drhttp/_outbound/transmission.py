"""A call on a connection of `http.client`, and what has been sent of it.

One request is one call, although the hooks of urllib3 and those of `http.client` both see it: the first that sees it
puts a transmission among the attributes of the connection, under `CALL`, and the other takes it over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.chunked_decoder import ChunkedDecoder

if TYPE_CHECKING:
    from drhttp._outbound.call import Call
    from drhttp._outbound.hook import Live

CALL = "_drhttp_call"


class Transmission:
    """A call on a connection, and what has been sent of it.

    live: not empty as long as the hooks are in place that saw the call begin. fresh: the request line has not been made
    yet. sending: the connection is in the middle of `send`, in which it may connect first. receiving: it waits for the
    response.
    """

    __slots__ = ("_chunks", "_head", "call", "fresh", "head_sent", "live", "receiving", "sending")

    def __init__(self, call: Call, live: Live) -> None:
        self.call: Call | None = call
        self.live = live
        self.fresh = True
        self.sending = self.receiving = False
        self.head_sent = False
        self._head = b""
        self._chunks: ChunkedDecoder | None = None

    def take(self) -> Call | None:
        """Take the call off the connection. `None` if that has been done."""
        call, self.call = self.call, None
        return call

    def sent(self, data: Any) -> None:
        """The connection has sent the next bytes."""
        call = self.call
        if call is None:
            return
        if not self.head_sent:
            data = self._take_head(call, data)
        if self._chunks is not None:
            self._chunks.feed(data)
        elif data:
            call.request_body.note(data)

    def _take_head(self, call: Call, data: Any) -> bytes:
        """Keep the head, which may come in pieces, and return what follows it."""
        content = self._head + bytes(data) if self._head else bytes(data)
        end = content.find(b"\r\n\r\n") + 4
        if end < 4:
            self._head = content
            return b""
        self.head_sent, self._head = True, b""
        call.head = head = content if end == len(content) else content[:end]
        if b"\r\ntransfer-encoding: chunked" in head.lower():
            self._chunks = ChunkedDecoder(call.request_body)
        return content[end:]

    def __del__(self) -> None:
        if getattr(self, "call", None) is not None:  # the connection was dropped before its response came
            guarded(self._dropped)

    def _dropped(self) -> None:
        call = self.take()
        if call is not None:
            call.end(aborted=True)


def transmission(connection: Any) -> Transmission | None:
    """The transmission of a connection; `None` if there is none, or if the hooks that saw it begin are gone."""
    sent: Transmission | None = connection.__dict__.get(CALL)
    if sent is None or sent.live:
        return sent
    remove(connection, sent)
    return None


def remove(connection: Any, sent: Transmission) -> None:
    """Remove a transmission from its connection, and discard its call if the hooks that saw it begin are gone."""
    if connection.__dict__.get(CALL) is sent:
        del connection.__dict__[CALL]
    if not sent.live:
        call = sent.take()
        if call is not None:
            call.discard()
