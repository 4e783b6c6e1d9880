"""Puts the hooks in place for the first user, and removes them with the last.

A user is a middleware with the option `outbound`, or a `record_outbound`.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any

from drhttp._capture import link
from drhttp._guard import guarded
from drhttp._outbound import aiohttp, http_client, httpx, urllib3
from drhttp._outbound.import_finder import ImportFinder, is_loading
from drhttp._outbound.recorder_options import RecorderOptions
from drhttp._outbound.selection import set_root_recorder
from drhttp._process.exit import register_exit_hook
from drhttp._process.registry import lock, recorders

if TYPE_CHECKING:
    from collections.abc import Callable

    from drhttp._outbound.hook import Client
    from drhttp._process.recorder import Recorder

_clients: dict[str, Client] = {each.client.module: each.client for each in (http_client, urllib3, httpx, aiohttp)}
_finder = ImportFinder({name: client.install for name, client in _clients.items()})
_middlewares: list[weakref.ref[Recorder]] = []  # the recorders of middlewares, which are not kept alive by this
_explicit: list[Any] = []  # the users that have asked for it themselves


def watch_for(recorder: Recorder) -> None:
    """Watch outgoing requests, as long as there is a middleware with this recorder."""
    with lock():
        if all(each() is not recorder for each in _middlewares):
            _middlewares.append(weakref.ref(recorder))
        _start(recorder)


def watch_until_stopped(user: object, recorder: Recorder) -> Callable[[], None]:
    """Watch outgoing requests until the function is called that is returned."""
    entry = (user, recorder)

    def stop() -> None:
        with lock():
            _explicit[:] = [each for each in _explicit if each is not entry]
            _settle()

    with lock():
        _explicit.append(entry)
        _start(recorder)
    return stop


def stop_all() -> None:
    """Forget all users, and remove the hooks."""
    with lock():
        _middlewares.clear()
        _explicit.clear()
        _settle()


def _start(recorder: Recorder) -> None:
    if recorder.outbound_options is None:
        recorder.outbound_options = RecorderOptions(recorder.config)
    recorders.before_close = stop_all
    register_exit_hook()  # before the first record, because the process may end in the middle of its first request
    _settle()


def _settle() -> None:
    """Install or remove the hooks, and find the recorder of calls that belong to no request."""
    _middlewares[:] = [each for each in _middlewares if each() is not None]
    wanted = bool(_middlewares or _explicit)
    if wanted:
        set_root_recorder(_root())
    else:
        set_root_recorder(lambda: None)
    if wanted and not link.watching:
        _install()
    elif not wanted and link.watching:
        _remove()
    link.watch(wanted)


def _root() -> Callable[[], Recorder | None]:
    """Finds the recorder of calls that belong to no request: of the last `record_outbound`, else of a middleware."""
    if _explicit:
        return weakref.ref(_explicit[-1][1])
    first = _middlewares[0]

    def recorder() -> Recorder | None:
        found = first()
        # If its last middleware is gone, that of the next one takes its place.
        return found if found is not None else next(filter(None, (each() for each in _middlewares)), None)

    return recorder


def _install() -> None:
    _finder.install()
    for name, client in _clients.items():
        module = sys.modules.get(name)
        if module is None:
            continue
        if is_loading(module):
            _finder.await_end(module)  # another thread is importing it
        else:
            guarded(client.install, module)


def _remove() -> None:
    _finder.remove()
    for client in _clients.values():
        guarded(client.remove)
