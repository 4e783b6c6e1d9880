"""A call on a connection of `http.client`, and what has been sent of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.call import Call
from drhttp._outbound.chunked_decoder import ChunkedDecoder

if TYPE_CHECKING:
    from drhttp._capture.link import Link
    from drhttp._outbound.recorder_options import RecorderOptions
    from drhttp._process.recorder import Recorder

_END_OF_HEAD = b"\r\n\r\n"


class Transmission(Call):
    """A call while it is on a connection, with what the connection has sent of it.

    fresh: the request line has not been made yet. sending: the connection is in the middle of `send`, in which it may
    connect first. receiving: it waits for the response, or a pool of urllib3 opens the connection. unnoted: what has
    been sent since `note_sent` was last called.
    """

    __slots__ = ("_chunks", "_partial_head", "fresh", "receiving", "sending", "unnoted")

    def __init__(
        self,
        recorder: Recorder,
        options: RecorderOptions,
        parent: Link | None,
        method: str,
        address: Any,
    ) -> None:
        self.fresh = True
        self.sending = self.receiving = False
        self.unnoted: list[bytes] = []
        self._partial_head = b""
        self._chunks: ChunkedDecoder | None = None
        Call.__init__(self, recorder, options, parent, method, address)

    def note_sent(self) -> None:
        """Note what has been sent. It is called when the server has something to do, not for each block."""
        blocks, self.unnoted = self.unnoted, []
        for data in blocks:
            if self.head and self._chunks is None:
                self.request_body.note(data)
            else:
                self.sent(data)

    def abort(self) -> None:
        """The process ends before the call does, perhaps in the middle of `send`."""
        self.note_sent()
        if self.fresh and not self.receiving:
            self.discard()
        super().abort()

    def closed(self) -> None:
        """The connection was dropped before its response came, or the response before its end."""
        self.note_sent()
        if self.fresh:  # the connection does not send by `http.client`, so that nothing is known of the response
            self.discard()
        super().closed()

    def sent(self, data: Any) -> None:
        """The connection has sent the next bytes."""
        if not self.head:
            if type(data) is bytes and data.find(_END_OF_HEAD) + 4 == len(data) and not self._partial_head:
                self._on_head(data)  # as it comes mostly
                return
            data = self._take_head(data)
        if self._chunks is not None:
            self._chunks.feed(data)
        elif data:
            self.request_body.note(data)

    def _take_head(self, data: Any) -> bytes:
        """Keep the head, which may come in pieces, and return what follows it."""
        content = self._partial_head + bytes(data)
        end = content.find(_END_OF_HEAD) + 4
        if end < 4:
            self._partial_head = content
            return b""
        self._partial_head = b""
        self._on_head(content[:end])
        return content[end:]

    def _on_head(self, head: bytes) -> None:
        self.head = head
        if b"\r\ntransfer-encoding: chunked" in head.lower():
            self._chunks = ChunkedDecoder(self.request_body)

    def __del__(self) -> None:
        if not getattr(self, "done", True):
            guarded(self.closed)
