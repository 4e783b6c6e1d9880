"""A call on a connection of `http.client`, and what has been sent of it.

One request is one call, although the hooks of urllib3 and those of `http.client` both see it: the first that sees it
puts the transmission among the attributes of the connection, under `CALL`, and the other takes it over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.call import Call
from drhttp._outbound.chunked_decoder import ChunkedDecoder

if TYPE_CHECKING:
    from drhttp._capture.link import Link
    from drhttp._outbound.hook import Live
    from drhttp._outbound.recorder_options import RecorderOptions
    from drhttp._process.recorder import Recorder

CALL = "_drhttp_call"


class Transmission(Call):
    """A call while it is on a connection, with what the connection has sent of it.

    live: not empty as long as the hooks are in place that saw the call begin. fresh: the request line has not been made
    yet. sending: what the connection is sending at this moment, before which it may connect; `None` if it is not in the
    middle of `send`. receiving: it waits for the response, or a pool of urllib3 opens the connection.
    """

    __slots__ = ("_chunks", "_partial_head", "fresh", "live", "receiving", "sending")

    def __init__(
        self,
        recorder: Recorder,
        options: RecorderOptions,
        parent: Link | None,
        method: str,
        address: tuple[str, str, int | None, str],
    ) -> None:
        self.live: Live = []
        self.fresh = True
        self.sending: Any = None
        self.receiving = False
        self._partial_head = b""
        self._chunks: ChunkedDecoder | None = None
        super().__init__(recorder, options, parent, method, address)

    def passed(self) -> None:
        """What the connection was sending has been sent, or has failed."""
        data, self.sending = self.sending, None
        if type(data) is not bytes:  # of anything else, that is noted which is read of it
            return
        if self.head and self._chunks is None:
            self.request_body.note(data)
        else:
            self.sent(data)

    def abort(self) -> None:
        """The process ends before the call does, perhaps in the middle of `send`."""
        self.passed()
        if self.fresh and not self.receiving:
            self.discard()
        super().abort()

    def closed(self) -> None:
        """The connection was dropped before its response came, or the response before its end."""
        if self.fresh:  # the connection does not send by `http.client`, so that nothing is known of the response
            self.discard()
        super().closed()

    def sent(self, data: Any) -> None:
        """The connection has sent the next bytes."""
        if not self.head:
            data = self._take_head(data)
        if self._chunks is not None:
            self._chunks.feed(data)
        elif data:
            self.request_body.note(data)

    def _take_head(self, data: Any) -> bytes:
        """Keep the head, which may come in pieces, and return what follows it."""
        content = self._partial_head + bytes(data) if self._partial_head else bytes(data)
        end = content.find(b"\r\n\r\n") + 4
        if end < 4:
            self._partial_head = content
            return b""
        self._partial_head = b""
        self.head = content if end == len(content) else content[:end]
        if b"\r\ntransfer-encoding: chunked" in self.head.lower():
            self._chunks = ChunkedDecoder(self.request_body)
        return content[end:]

    def __del__(self) -> None:
        if not getattr(self, "done", True):
            guarded(self.closed)


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
            sent.discard()
