"""Identification header fields under ASGI, where header fields are bytes and the messages are the application's."""

from __future__ import annotations

from drhttp._capture.identity_headers import NAMES, Identity
from drhttp._guard import guarded, raised_by

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
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
    identifies somebody, or if its header fields can only be read once: then they are a list. If reading them raises,
    the server gets an iterator that raises the same, so that it fails as without the recorder. expose: leave the
    identification in them.
    """
    if message["type"] != "http.response.start":
        return None
    headers = message.get("headers", ())
    fields, error = (headers, None) if isinstance(headers, list | tuple) else _read(headers)
    who = guarded(_identity, fields)
    kept: Sequence[Any] = fields if who is None or expose else who.others
    if kept is headers or (kept is fields and _can_be_read_again(headers, fields, error)):
        return Start(message, kept, who)
    passed = tuple(kept) if isinstance(headers, tuple) else kept if error is None else _raising(kept, error)
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


def _read(headers: Iterable[Any]) -> tuple[list[Any], Exception | None]:
    """Read header fields that are not a list; returns those until the exception, and the exception, if there is one."""
    fields: list[Any] = []
    return fields, raised_by(fields.extend, headers)


def _can_be_read_again(headers: Any, fields: Sequence[Any], error: Exception | None) -> bool:
    """Whether the server can read header fields that were read here. An iterator, or what reads from one, is empty."""
    if hasattr(type(headers), "__next__"):
        return False
    return error is not None or _read(headers) == (fields, None)


def _raising(fields: Sequence[Any], error: Exception) -> Iterator[Any]:
    """Iterate over the header fields that came before an exception, and raise that."""
    yield from fields
    raise error


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
