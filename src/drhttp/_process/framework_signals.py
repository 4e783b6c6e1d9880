"""Signals by which frameworks tell of an exception of which they make a response: those of Django, Flask and Quart.

Flask also signals each request, for that of an ASGI application around it: of its environ, in which the application
may set flags, and of its route.

No framework is imported: its signal is looked up when its module is there. Signals keep only weak references to their
receivers, so that they forget them with the last recorder.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

from drhttp._capture.environ_flags import ROUTE
from drhttp._capture.nesting import recorded_outside
from drhttp._guard import MARK, guarded

if TYPE_CHECKING:
    from collections.abc import Mapping


class FrameworkSignals:
    """Notes the exceptions that frameworks signal in the recordings of their requests, as long as it exists."""

    def __init__(self) -> None:
        self._connected: set[tuple[str, str]] = set()

    def connect(self) -> None:
        """Connect to the signals of the frameworks that are loaded by now."""
        receivers = [
            ("django.core.signals", "got_request_exception", self._receive_from_django),
            ("flask.signals", "got_request_exception", self._receive_from_flask),
            ("quart.signals", "got_request_exception", self._receive_from_quart),
        ]
        if "drhttp.asgi" in sys.modules:  # under WSGI alone, requests are not slowed down
            receivers.append(("flask.signals", "request_started", self._receive_start_from_flask))
        for module, name, receiver in receivers:
            signal = getattr(sys.modules.get(module), name, None)
            if signal is not None and (module, name) not in self._connected:
                self._connected.add((module, name))
                signal.connect(receiver)

    def _receive_from_django(self, request: Any = None, **_: Any) -> None:
        guarded(_note_for_request, request, sys.exc_info()[1])

    def _receive_from_flask(self, sender: Any, exception: BaseException | None = None, **_: Any) -> None:
        guarded(lambda: _note(sys.modules["flask"].request.environ, exception))

    def _receive_start_from_flask(self, sender: Any, **_: Any) -> None:
        guarded(_note_start)

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
    recording = request.get(MARK) or recorded_outside()  # an adapter to WSGI makes an environ without the mark
    if recording is not None and error is not None:
        recording.handle(error)


def _note_start() -> None:
    """Pass on the environ and the route of a request of Flask to the ASGI middleware around it, if there is one."""
    outer = recorded_outside()
    if outer is None:
        return
    request = sys.modules["flask"].request
    if MARK not in request.environ:
        outer.attach(request.environ)
        rule = getattr(request.url_rule, "rule", None)
        if rule is not None:
            outer.flags.setdefault(ROUTE, rule)
