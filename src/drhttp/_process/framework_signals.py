"""Signals by which frameworks tell of an exception of which they make a response: those of Django, Flask and Quart.

No framework is imported: its signal is looked up when its module is there. Signals keep only weak references to their
receivers, so that they forget them with the last recorder.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

from drhttp._guard import MARK, guarded

if TYPE_CHECKING:
    from collections.abc import Mapping


class FrameworkSignals:
    """Notes the exceptions that frameworks signal in the recordings of their requests, as long as it exists."""

    def __init__(self) -> None:
        self._connected: set[str] = set()

    def connect(self) -> None:
        """Connect to the signals of the frameworks that are loaded by now."""
        receivers = {
            "django.core.signals": self._receive_from_django,
            "flask.signals": self._receive_from_flask,
            "quart.signals": self._receive_from_quart,
        }
        for name, receiver in receivers.items():
            signal = getattr(sys.modules.get(name), "got_request_exception", None)
            if signal is not None and name not in self._connected:
                self._connected.add(name)
                signal.connect(receiver)

    def _receive_from_django(self, request: Any = None, **_: Any) -> None:
        guarded(_note_for_request, request, sys.exc_info()[1])

    def _receive_from_flask(self, sender: Any, exception: BaseException | None = None, **_: Any) -> None:
        guarded(lambda: _note(sys.modules["flask"].request.environ, exception))

    async def _receive_from_quart(self, sender: Any, exception: BaseException | None = None, **_: Any) -> None:
        guarded(lambda: _note(sys.modules["quart"].request.scope, exception))


_shared: weakref.ref[FrameworkSignals] | None = None


def framework_signals() -> FrameworkSignals:
    """The receivers of this process, which all recorders share."""
    global _shared  # noqa: PLW0603 - signals belong to the process
    receivers = _shared() if _shared is not None else None
    if receivers is None:
        receivers = FrameworkSignals()
        _shared = weakref.ref(receivers)
    return receivers


def _note_for_request(request: Any, error: BaseException | None) -> None:
    """Note an exception for a request of Django: under ASGI it has a scope, under WSGI its environ is `META`."""
    scope = getattr(request, "scope", None)
    _note(request.META if scope is None else scope, error)


def _note(request: Mapping[str, Any], error: BaseException | None) -> None:
    recording = request.get(MARK)
    if recording is not None and error is not None:
        recording.handle(error)
