"""Identification of user and device: response header fields that are for the recorder, not for the client."""

from __future__ import annotations

from operator import getitem

from drhttp._guard import CopiedAsItself, guarded

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from _typeshed.wsgi import StartResponse

DRHTTP_HEADER_USER = "x-drhttp-user"
DRHTTP_HEADER_DEVICE = "x-drhttp-device"
HEADER_SKIP = "x-drhttp-skip"

NAMES = frozenset((DRHTTP_HEADER_USER, DRHTTP_HEADER_DEVICE, HEADER_SKIP))
_HEADERS = ("headers", "response_headers")  # names that servers give to the second argument of `start_response`
_LENGTHS = frozenset(map(len, NAMES))
_set = object.__setattr__


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


def without_identity(
    arguments: tuple[Any, ...], named: dict[str, Any], expose: bool = False
) -> tuple[tuple[Any, ...], Any, Identity | None]:
    """Return the arguments for the server's `start_response`, the headers among them, and the identification.

    A list that identifies nobody is passed on as it is. Any other iterable is read here, once, because it may be an
    iterator. The server gets an iterator for an iterator and a tuple for any other, so that a server that requires a
    list (PEP 3333) refuses them as it does without the recorder. If the iterable raises, the exception passes.

    arguments, named: those of the application. Headers among the named ones are replaced there; PEP 3333 requires
    positional arguments, but servers in Python accept both. expose: leave the identification in the headers.
    """
    if named and len(arguments) < 2:
        for name in _HEADERS:
            if name in named:
                (_, named[name]), kept, who = without_identity(("", named[name]), {}, expose)
                return arguments, kept, who
    headers = arguments[1] if len(arguments) > 1 else ()
    if isinstance(headers, list):
        fields = headers
    elif hasattr(type(headers), "__iter__") or hasattr(type(headers), "__getitem__"):
        fields = list(headers)
    else:
        return arguments, (), None  # the server raises
    who = guarded(identity, fields)
    kept = fields if who is None or expose else who.others
    if kept is not headers and len(arguments) > 1:
        passed = kept if isinstance(headers, list) else iter(kept) if hasattr(headers, "__next__") else tuple(kept)
        arguments = (arguments[0], passed, *arguments[2:])
    return arguments, kept, who


class FilteringStartResponse(CopiedAsItself):
    """A `start_response` that removes the identification headers and calls that of the server.

    Other attributes are those of the server's `start_response`, because some code looks at them
    (getsentry/sentry-python#4827). They can also be set and deleted. If it is pickled, that of the server is.
    """

    __slots__ = ("__weakref__", "_original")

    _original: StartResponse

    def __init__(self, original: StartResponse) -> None:
        _set(self, "_original", original)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Begin the response."""
        args, _, _ = without_identity(args, kwargs)
        return self._original(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return getitem, ((self._original,), 0)

    def __getattr__(self, name: str) -> Any:
        if name == "_original":  # `__init__` has not run
            raise AttributeError(name)
        return getattr(self._original, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._original, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._original, name)
