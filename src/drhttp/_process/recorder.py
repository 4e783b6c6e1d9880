"""The recorder of one configuration, and the functions `flush`, `close` and `stats`.

There is no thread, no connection and no hook until the first record. A forked child starts empty: the parent delivers
the records that were in its queue.
"""

from __future__ import annotations

import os
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from drhttp._delivery.preparation import Preparation
from drhttp._guard import failures, guarded
from drhttp._logger import logger
from drhttp._process.exit import register_exit_hook
from drhttp._process.fork import PerProcess, register_fork_hooks
from drhttp._process.framework_signals import framework_signals
from drhttp._process.process_state import ProcessState
from drhttp._process.registry import lock, recorders
from drhttp._process.uwsgi import first_process, missing_option
from drhttp._stats import Stats

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from drhttp._capture.asgi_recording import ASGIRecording
    from drhttp._capture.exchange import Exchange
    from drhttp._config import Config
    from drhttp._outbound.call import Call
    from drhttp._outbound.recorder_options import RecorderOptions
    from drhttp._process.framework_signals import FrameworkSignals

_log = logger()


class Recorder:
    """Takes finished exchanges, and has them delivered by the state of the current process.

    The copy of a middleware has the same one.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._preparation = Preparation(config)
        self._states: PerProcess[ProcessState] = PerProcess()
        self._held: dict[int, Exchange] = {}  # by the identity of the exchange
        # What has not ended, by identity; weak, because nothing else may keep what a server or a client has given up.
        self.unfinished: dict[int, weakref.ref[ASGIRecording | Call]] = {}
        self._closed = False
        self._unused = False
        self.outbound_options: RecorderOptions | None = None  # which outgoing requests are recorded; `None` means none
        self._signals: FrameworkSignals | None = framework_signals()
        self.look_for_frameworks()

    def look_for_frameworks(self) -> None:
        """Have the frameworks that are loaded by now tell of exceptions of which they make a response."""
        if self._signals is not None:
            guarded(self._signals.connect)

    def put(self, exchange: Exchange | Call) -> None:
        """Record a finished exchange. This never blocks, and never waits for the network."""
        exchange.preparation = self._preparation
        state = self._states.get() or self._create_state()
        if exchange.pid != state.pid:
            state.queue.drop("forked")  # the request began in the parent, which finishes it too
        elif state.queue.put(exchange, exchange.weight()) or not (state.worker.alive or self._closed):
            if state.queue.sealed:  # an unused recorder has delivered everything, and then recorded another request
                self._states.clear()
                self.put(exchange)
            else:
                state.wake()

    def hold(self, exchange: Exchange) -> None:
        """Keep a finished exchange until its response is closed, as that may still raise."""
        self._held[id(exchange)] = exchange

    def release(self, exchange: Exchange) -> None:
        """Record an exchange that was held. It has no effect if that has been done."""
        if self._held.pop(id(exchange), None) is not None:
            self.put(exchange)

    def release_all(self) -> None:
        """Record the exchanges that are held, because a flush or the end cannot wait for their responses."""
        pid = os.getpid()
        for exchange in list(self._held.values()):
            if exchange.pid == pid:  # a forked child leaves the others to its parent
                guarded(self.release, exchange)

    def abort_all(self) -> None:
        """Record the requests whose responses have not ended as aborted, because the process or its server stops."""
        for reference in list(self.unfinished.values()):
            recording = reference()
            if recording is not None:
                guarded(recording.abort)

    def begin_close(self, timeout: float) -> None:
        """Start to deliver the waiting records and to stop. Returns at once.

        timeout: seconds for both.
        """
        self.release_all()
        with lock():
            self._closed = True
            self._signals = None
            state = self._state()
        if state is not None:
            state.begin_close(timeout)

    def begin_flush(self) -> int:
        """Deliver the records so far without delay. Returns a mark to wait for."""
        self.release_all()
        state = self._state()
        return 0 if state is None else state.begin_flush()

    def finish_close(self) -> None:
        """Wait until `begin_close` is done, or its time is over."""
        state = self._state()
        if state is not None:
            state.finish_close()

    @property
    def open(self) -> bool:
        """Whether the recorder still takes records."""
        return not self._closed

    def stats(self) -> Stats:
        """The counts of this recorder in this process."""
        state = self._state()
        counted = Stats() if state is None else state.stats()
        return counted.plus_queued(self.held)

    @property
    def held(self) -> int:
        """The number of exchanges of this process whose responses are still to be closed."""
        pid = os.getpid()
        return sum(exchange.pid == pid for exchange in list(self._held.values()))

    def forget(self) -> None:
        """In a forked child: forget the records that the parent will deliver."""
        self._states.forget_other_processes()

    def _state(self) -> ProcessState | None:
        """The state of this process; `None` before its first record."""
        return self._states.get()

    def _create_state(self) -> ProcessState:
        """Create the queue and the worker of this process."""
        with lock():
            self.forget()
            recorders.forget_other_processes()
            state = ProcessState(self.config, recorders.settle)
            if self._closed:
                state.queue.close()
            if self._unused:
                state.retire()
            register_exit_hook()
            register_fork_hooks()
            self.look_for_frameworks()  # again: an application that is loaded late has handled a request by now
            # Another thread may have been faster, or a destructor that ran in between and recorded a request.
            used = self._states.setdefault(state)
            if used is state:
                recorders.add_state(state)
            return used

    def __copy__(self) -> Recorder:
        return self

    def __deepcopy__(self, memo: object) -> Recorder:
        return self

    def __del__(self) -> None:
        # This may run in any thread and at any line, so it takes no lock and does not wait.
        self._unused = True
        states = vars(self).get("_states")  # which is missing if `__init__` has failed
        state = None if states is None else states.get()
        if state is not None:
            state.retire()


def recorder_for(config: Config) -> Recorder:
    """The recorder of this process for a configuration. Equal configurations share one, unless it is closed."""
    recorders.settle_idle()
    with lock():
        recorder = recorders.find(config)
        if recorder is not None:
            recorder.look_for_frameworks()  # one may have been imported since
            return recorder
        recorder = Recorder(config)
        recorders.add(recorder)
    _warn_of_missing_threads()
    guarded(_warn_of_masking, config)
    return recorder


def flush(timeout: float = 10.0) -> bool:
    """Deliver the records of this process so far, and wait for that.

    Call it at the end of a job or of a serverless handler. Where no thread can run, this thread delivers.

    timeout: seconds to wait. Returns `True` when all records are delivered or rejected, `False` when the time runs out;
    then delivery goes on.
    """
    end = time.monotonic() + timeout
    for recorder in recorders:
        recorder.release_all()
    marks = [(state, state.begin_flush()) for state in recorders.states()]
    return all(state.finish_flush(mark, end - time.monotonic()) for state, mark in marks)


def abort_all() -> None:
    """Record the requests under ASGI whose responses have not ended as aborted, because their server stops."""
    for recorder in recorders:
        recorder.abort_all()


def close(timeout: float = 10.0) -> None:
    """Deliver the records of this process so far, then stop its threads.

    timeout: seconds to wait. Records that are not delivered by then are dropped and counted, as are later ones.
    """
    recorders.before_close()
    for recorder in recorders:
        recorder.begin_close(timeout)
    states = recorders.states()
    for state in states:
        state.begin_close(timeout)
    for state in states:
        state.finish_close()


def stats() -> Stats:
    """The counts of this process so far."""
    return replace(recorders.stats(), failures=failures())


_warned = False
_REDACT_IS_OFF = "credentials are not masked, because the option redact is off"
_SLOW_PATTERN = (
    "Redact(patterns=...): %r can take very long on some texts and block the process; "
    'see "Writing a safe pattern" in docs/privacy.md'
)


def _warn_of_missing_threads() -> None:
    """Log a warning if uWSGI runs no threads.

    It comes here rather than with the first record, so that a server that loads the application once and then starts
    many processes logs it once.
    """
    global _warned  # noqa: PLW0603 - belongs to the process, and is inherited by forked ones
    option = missing_option()
    if option is not None and not _warned:
        _warned = True
        if first_process():
            _log.warning("uWSGI runs no threads without %s: only drhttp.flush() and the exit deliver records", option)


def _warn_of_masking(config: Config) -> None:
    """Log a warning if masking is off, and one for each pattern of the user that can take very long; each only once."""
    if not config.redact:
        _warn(_REDACT_IS_OFF)
    elif config.redact.patterns:
        from drhttp._redos.backtracking import is_superlinear

        for pattern in filter(is_superlinear, cast("Iterable[re.Pattern[str]]", config.redact.patterns)):
            _warn(_SLOW_PATTERN % (pattern.pattern,))


def _warn(text: str) -> None:
    if recorders.first_warning(text):
        _log.warning("%s", text)
