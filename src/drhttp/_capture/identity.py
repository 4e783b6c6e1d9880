"""Identification of user and device: response header fields that are for the recorder, not for the client."""

from __future__ import annotations

from drhttp._guard import guarded

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from _typeshed.wsgi import StartResponse

DRHTTP_HEADER_USER = "x-drhttp-user"
DRHTTP_HEADER_DEVICE = "x-drhttp-device"
HEADER_SKIP = "x-drhttp-skip"

NAMES = frozenset((DRHTTP_HEADER_USER, DRHTTP_HEADER_DEVICE, HEADER_SKIP))
_LENGTHS = frozenset(map(len, NAMES))


class Identity:
    """The values of the identification header fields, and the other fields.

    skip: whether the response asks not to be recorded.

    A plain class, because `dataclasses` is slow to load.
    """

    __slots__ = ("device", "others", "skip", "user")

    def __init__(self, found: dict[str, str], others: list[tuple[str, str]]) -> None:
        self.user = found.get(DRHTTP_HEADER_USER) or None
        self.device = found.get(DRHTTP_HEADER_DEVICE) or None
        self.skip = found.get(HEADER_SKIP, "0").strip().lower() not in ("", "0", "false")
        self.others = others


def identity(headers: Sequence[tuple[str, str]]) -> Identity | None:
    """Find the identification in the headers of a response; `None` if there is none. Names match in any case."""
    found: dict[str, str] = {}
    for name, value in headers:
        # The lengths alone exclude nearly every field, without a new string.
        if len(name) in _LENGTHS and name.lower() in NAMES:
            found[name.lower()] = str(value)
    if not found:
        return None
    return Identity(found, [pair for pair in headers if pair[0].lower() not in found])


def readable(headers: Any) -> bool:
    """Whether headers can be read twice. An iterator cannot, but PEP 3333 requires a list."""
    return type(headers) is list or not hasattr(headers, "__next__")


class FilteringStartResponse:
    """A `start_response` that removes the identification headers and calls that of the server.

    Other attributes are those of the server's `start_response`.
    """

    __slots__ = ("_original",)

    def __init__(self, original: StartResponse) -> None:
        self._original = original

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Begin the response."""
        who = guarded(identity, args[1]) if len(args) > 1 and readable(args[1]) else None
        if who is not None:
            args = (args[0], who.others, *args[2:])
        return self._original(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)
