"""Who asked, from which device: header fields of an answer that are for the recorder, not for the client."""

from __future__ import annotations

from drhttp._guard import guarded

TYPE_CHECKING = False  # for type checkers, who take it for true: `typing` is slow to load

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
    """What the header fields for the recorder said, and the others. skip: the answer asks not to be recorded.

    A plain class, because `dataclasses` is slow to load.
    """

    __slots__ = ("device", "others", "skip", "user")

    def __init__(self, found: dict[str, str], others: list[tuple[str, str]]) -> None:
        self.user = found.get(DRHTTP_HEADER_USER) or None
        self.device = found.get(DRHTTP_HEADER_DEVICE) or None
        self.skip = found.get(HEADER_SKIP, "0").strip().lower() not in ("", "0", "false")
        self.others = others


def identity(headers: Sequence[tuple[str, str]]) -> Identity | None:
    """The identification among the headers of an answer, in any case; `None` when there is none."""
    found: dict[str, str] = {}
    for name, value in headers:
        # The lengths alone rule out nearly every field, without making a text.
        if len(name) in _LENGTHS and name.lower() in NAMES:
            found[name.lower()] = str(value)
    if not found:
        return None
    return Identity(found, [pair for pair in headers if pair[0].lower() not in found])


def readable(headers: Any) -> bool:
    """Whether the headers of an answer can be read again: an iterator, which no server need accept, cannot."""
    return type(headers) is list or not hasattr(headers, "__next__")


class FilteringStartResponse:
    """Calls the server's `start_response` with the same arguments, without the headers for the recorder.

    Other attributes are those of the server's own.
    """

    __slots__ = ("_original",)

    def __init__(self, original: StartResponse) -> None:
        self._original = original

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Begin the answer."""
        who = guarded(identity, args[1]) if len(args) > 1 and readable(args[1]) else None
        if who is not None:
            args = (args[0], who.others, *args[2:])
        return self._original(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)
