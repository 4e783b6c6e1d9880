"""Hooks in `http.client`, and so in `urllib.request`, urllib3, requests and botocore.

A call belongs to its connection from the request line to the headers of the response.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any

from drhttp._guard import guarded
from drhttp._outbound.deduplication import ATTRIBUTE, attach, call_of, detach
from drhttp._outbound.hook import Client, Hook
from drhttp._outbound.http_client_response_body import BodyReader
from drhttp._outbound.selection import begin
from drhttp._outbound.transmission import Transmission

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from drhttp._outbound.hook import Live


_LARGE = 65_536  # bytes of a block that is noted at once, because nothing else may need it any longer
_MANY = 3  # blocks that are noted together; most requests have two, their head and their body


class _SentFile:
    """A file that is sent: notes the blocks that are read of it."""

    def __init__(self, file: Any, note: Callable[[bytes], object]) -> None:
        self._file = file
        self._note = note

    def read(self, *args: Any) -> Any:
        data = self._file.read(*args)
        if isinstance(data, str):
            data = data.encode("iso-8859-1")  # as `http.client` does
        guarded(self._note, data)
        return data


def connection_hooks(connection: type, module: ModuleType) -> list[Hook]:
    """The hooks in a class of connections. module: `http.client`."""

    def wrap_getresponse(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
        @wraps(original)
        def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
            sent = getattr(self, ATTRIBUTE, None) if live else None
            if sent is not None and sent.live is not live:
                sent = call_of(self)
            if sent is None:
                return original(self, *args, **kwargs)
            sent.receiving = True
            guarded(sent.note_sent)  # now, while the server works
            try:
                response = original(self, *args, **kwargs)
            except module.ResponseNotReady:  # the caller's mistake, after which it may go on
                sent.receiving = False
                raise
            except BaseException as error:
                guarded(_failed, self, sent, error)
                raise
            sent.receiving = False
            guarded(_responded, self, sent, response)
            return response

        return getresponse

    return [
        Hook(connection, "putrequest", _wrap_putrequest, (None, "GET", "/")),
        Hook(connection, "send", _wrap_send, (None, b"")),
        Hook(connection, "getresponse", wrap_getresponse, (None,)),
        Hook(connection, "close", _wrap_close, (None,)),
    ]


def _wrap_putrequest(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def putrequest(self: Any, method: Any, url: Any, *args: Any, **kwargs: Any) -> Any:
        # Afterwards, because it raises if the connection is not ready for another request.
        result = original(self, method, url, *args, **kwargs)
        if live:
            guarded(_begin, self, method, url, live)
        return result

    return putrequest


def _wrap_send(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def send(self: Any, data: Any) -> Any:
        sent = getattr(self, ATTRIBUTE, None) if live else None
        if sent is not None and sent.live is not live:
            sent = call_of(self)
        if sent is None or sent.sending:  # a connection that it opens first may send a CONNECT to a proxy
            return original(self, data)
        if type(data) is bytes:
            sent.unnoted.append(data)
        else:
            data = guarded(_watched, data, sent) or data
        sent.sending = True
        try:
            result = original(self, data)
        except BaseException as error:
            sent.sending = False
            guarded(_send_failed, self, sent, error)
            raise
        sent.sending = False
        if type(data) is bytes and (len(data) > _LARGE or len(sent.unnoted) >= _MANY):
            guarded(sent.note_sent)
        return result

    return send


def _wrap_close(original: Callable[..., Any], live: Live) -> Callable[..., Any]:
    @wraps(original)
    def close(self: Any) -> Any:
        sent = call_of(self) if live else None
        # It also closes itself, while it waits for a response that is the last.
        if sent is not None and not (sent.receiving or sent.sending):
            guarded(_given_up, self, sent)
        return original(self)

    return close


def _begin(connection: Any, method: Any, url: Any, live: Live) -> None:
    before = getattr(connection, ATTRIBUTE, None)
    if before is not None and not before.live:
        before = call_of(connection)
    if before is not None:
        if before.fresh:  # begun by the hooks of urllib3
            before.fresh = False
            before.live = live
            return
        _given_up(connection, before)
    scheme, host, port = address_of(connection)
    if type(method) is not str or type(url) is not str:
        method, url = _text(method), _text(url)
    sent = begin(Transmission, method, (scheme, host, port, url))
    if sent is not None:
        sent.fresh = False
        attach(connection, sent, live)


def address_of(connection: Any) -> tuple[str, str, int | None]:
    """Scheme, host and port of the server, also behind a tunnel through a proxy."""
    scheme = "https" if getattr(connection, "default_port", None) == 443 else "http"
    tunnel = getattr(connection, "_tunnel_host", None)
    if tunnel:
        return scheme, _text(tunnel), getattr(connection, "_tunnel_port", None)
    host = connection.host
    return scheme, host if type(host) is str else _text(host), connection.port


def _responded(connection: Any, sent: Transmission, response: Any) -> None:
    if getattr(connection, ATTRIBUTE, None) is not sent:
        return
    setattr(connection, ATTRIBUTE, None)
    if not sent.live:
        sent.discard()
        return
    sent.responded(response.status, list(response.headers.raw_items()))
    reader, length = response.fp, response.length
    if reader is None or length == 0:
        sent.end()
    else:
        response.fp = BodyReader(reader, sent, length, chunked=bool(response.chunked))


def _failed(connection: Any, sent: Transmission, error: BaseException) -> None:
    sent.note_sent()
    detach(connection, sent)
    sent.failed(error)


def _send_failed(connection: Any, sent: Transmission, error: BaseException) -> None:
    """Sending failed. The response may have come before: then somebody will ask for it."""
    if isinstance(error, BrokenPipeError | ConnectionResetError):
        sent.note_failure(error)
    else:
        _failed(connection, sent, error)


def _given_up(connection: Any, sent: Transmission) -> None:
    """The connection is closed or used again, and nobody has asked for the response.

    If the head was never sent, an exception that the caller is handling is the reason, such as an invalid header field.
    """
    sent.note_sent()
    detach(connection, sent)
    error = None if sent.head else sys.exc_info()[1]
    if isinstance(error, Exception):
        sent.note_failure(error)
    elif sent.fresh:
        sent.discard()
    sent.end(aborted=sent.failure is None)


def _watched(data: Any, sent: Transmission) -> Any:
    """What to send instead: a file or an iterable that notes what is sent of it; binary data is noted at once."""
    sent.note_sent()
    if hasattr(data, "read"):
        return _SentFile(data, sent.sent)
    if isinstance(data, Iterable) and not _is_binary(data):
        return _noting(data, sent)
    sent.sent(data)
    return data


def _noting(blocks: Iterable[Any], sent: Transmission) -> Iterable[Any]:
    for block in blocks:
        guarded(sent.sent, block)
        yield block


def _is_binary(data: Any) -> bool:
    try:
        memoryview(data)
    except TypeError:
        return False
    return True


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _hooks(module: ModuleType) -> list[Hook]:
    return connection_hooks(module.HTTPConnection, module)


client = Client("http.client", _hooks)
