"""Identification header fields under ASGI, where header fields are bytes and the messages are the application's."""

from __future__ import annotations

from drhttp._capture.identity_headers import NAMES, Identity
from drhttp._guard import guarded

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

    Message = dict[str, Any]
    Send = Callable[[Message], Awaitable[Any]]

_NAMES = {name.encode(): name for name in NAMES}
_LENGTHS = frozenset(map(len, _NAMES))


class Start:
    """The start of a response.

    message: what the server gets. fields: the header fields in it. who: the identification; `None` if there is none.
    """

    __slots__ = ("fields", "message", "who")

    def __init__(self, message: Message, fields: Sequence[Any], who: Identity | None) -> None:
        self.message = message
        self.fields = fields
        self.who = who


def read_start(message: Message, expose: bool) -> Start | None:
    """Read the start of a response; `None` if the message is another one.

    The message of the application is never changed, because it may be sent again. The server gets a copy of it if it
    identifies somebody, or if its header fields can only be read once. expose: leave the identification in them.
    """
    if message["type"] != "http.response.start":
        return None
    headers = message.get("headers", ())
    fields = headers if isinstance(headers, list | tuple) else list(headers)
    who = guarded(_identity, fields)
    kept: Sequence[Any] = fields if who is None or expose else who.others
    if kept is headers or "headers" not in message:
        return Start(message, kept, who)
    passed = kept if isinstance(headers, list) else tuple(kept) if isinstance(headers, tuple) else iter(kept)
    return Start({**message, "headers": passed}, kept, who)


class FilteringSend:
    """A `send` that removes the identification headers from a response that is not recorded."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> Any:
        """Send a message of the application."""
        start = guarded(read_start, message, False)
        return await self._send(message if start is None else start.message)


def _identity(fields: Sequence[Any]) -> Identity | None:
    """Find the identification among header fields; `None` if there is none. Names match in any case."""
    found: dict[str, str] = {}
    for name, value in fields:
        # The lengths alone exclude nearly every field, without new bytes.
        if len(name) in _LENGTHS and name.lower() in _NAMES:
            found[_NAMES[name.lower()]] = value.decode("latin-1")
    if not found:
        return None
    return Identity(found, [field for field in fields if _NAMES.get(field[0].lower(), "") not in found])
