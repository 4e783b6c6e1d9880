"""A call on a connection of `http.client`, and what has been sent of it.

One request is one call, although the hooks of urllib3 and those of `http.client` both see it: the first that sees it
puts a transmission among the attributes of the connection, under `CALL`, and the other takes it over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drhttp._outbound.chunked_decoder import ChunkedDecoder

if TYPE_CHECKING:
    from drhttp._outbound.call import Call

CALL = "_drhttp_call"


class Transmission:
    """A call on a connection, and what has been sent of it.

    fresh: the request line has not been made yet. sending: the connection is in the middle of `send`, in which it may
    connect first. receiving: it waits for the response.
    """

    __slots__ = ("_chunks", "_head_sent", "call", "fresh", "receiving", "sending")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.fresh = True
        self.sending = self.receiving = False
        self._head_sent = False
        self._chunks: ChunkedDecoder | None = None

    def sent(self, data: Any) -> None:
        """The connection has sent the next bytes."""
        if not self._head_sent:
            data = self._take_head(data)
        if self._chunks is not None:
            self._chunks.feed(data)
        elif data:
            self.call.request_body.note(data)

    def _take_head(self, data: bytes) -> bytes:
        """Keep the head, and return what follows it."""
        self._head_sent = True
        data = bytes(data)
        end = data.find(b"\r\n\r\n") + 4
        self.call.head = head = data if end == len(data) else data[:end]
        if b"\r\ntransfer-encoding: chunked" in head.lower():
            self._chunks = ChunkedDecoder(self.call.request_body)
        return data[end:]
