"""The commands `drhttp inbox` and `drhttp inbox run`: start an inbox, or use the running one."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from drhttp.inbox import server, unrecorded_requests
from drhttp.inbox.api.context import Context
from drhttp.inbox.app import create_app
from drhttp.inbox.broadcaster import Broadcaster
from drhttp.inbox.console import Console, Layout
from drhttp.inbox.database_file import prepare, prepare_folder
from drhttp.inbox.errors import InboxError
from drhttp.inbox.inbox_token import read_token
from drhttp.inbox.instance_lock import InstanceLock, RunningInbox, acquire_lock
from drhttp.inbox.output import fail
from drhttp.inbox.reader_pool import ReaderPool
from drhttp.inbox.replay import is_loopback
from drhttp.inbox.store import Limits, WriteResult
from drhttp.inbox.store.backends import MAX_DATABASE_SIZE, in_memory, on_disk
from drhttp.inbox.writer import Writer

_WARNING = (
    "warning: the inbox also listens on {}. Anyone who can reach this "
    "address can send records, and with the token read them all. "
    "To accept other host names, pass --allow-host."
)
Say = Callable[[Iterator[str]], object]


def receive(args: argparse.Namespace, file: Path, say: Say) -> int:
    """Run an inbox until SIGINT or SIGTERM, or print where the inbox of this file is already running."""
    if args.store:
        from drhttp.inbox.shared import receive as receive_shared

        return receive_shared(args, say)
    _prepare(args, file)
    with acquire_lock(file) as found:
        if isinstance(found, RunningInbox):
            say(_already_running_lines(found, file))
            _warn_about_ignored_options(args, found)
            _open(args, found)
            return 0
        with Console(sys.stdout) as console:
            _serve(args, file, found, lambda listener, running: say(_banner(listener, running, file, args)), console)
    return 0


def run(args: argparse.Namespace, file: Path, say: Say) -> int:
    """Run a program with DRHTTP_DSN set, and an inbox for as long as it runs."""
    if args.store:
        raise InboxError("`drhttp inbox run` records to a file. Set DRHTTP_DSN to use a shared receiver.")
    _prepare(args, file)
    with acquire_lock(file) as found:
        if isinstance(found, RunningInbox):
            say(_recording_lines(found))
            _warn_about_ignored_options(args, found)
            return _wait(_start(args.program, found))
        return _serve_for(args, file, found, say)


def _prepare(args: argparse.Namespace, file: Path) -> None:
    if args.memory:
        # The lock file is placed next to the database file, which is not created.
        prepare_folder(file)
        if args.keep_bytes > MAX_DATABASE_SIZE:
            raise InboxError(f"With --memory, --keep-bytes cannot exceed {MAX_DATABASE_SIZE >> 20:,} MiB.")
    else:
        prepare(file)


def _serve_for(args: argparse.Namespace, file: Path, lock: InstanceLock, say: Say) -> int:
    status: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def ready(listener: server.Listener, running: RunningInbox) -> None:
        say(_recording_lines(running))
        started.append(_start(args.program, running))

        def wait() -> None:
            status.append(_wait(started[0]))
            _stop(listener)

        threading.Thread(target=wait, name="drhttp-inbox-program", daemon=True).start()

    _serve(args, file, lock, ready, None)
    if not status:
        # The inbox received a signal before the program ended: pass it on.
        started[0].send_signal(signal.SIGTERM)
        status.append(_wait(started[0]))
    return status[0]


def _stop(listener: server.Listener) -> None:
    # Graceful: recorders send their last records when they exit.
    if listener.stop is not None:
        listener.stop()


def _start(program: Sequence[str], running: RunningInbox) -> subprocess.Popen[bytes]:
    try:
        started = subprocess.Popen(list(program), env={**os.environ, "DRHTTP_DSN": running.dsn})
        unrecorded_requests.watch(started, program, running, lambda text: fail(text, 0))
        return started
    except OSError as problem:
        raise InboxError(f"Cannot start {program[0]}: {problem.strerror or problem}.") from problem


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # The terminal sent SIGINT to the program too, which decides for itself.
            continue
        return status if status >= 0 else 128 - status


def _serve(
    args: argparse.Namespace,
    file: Path,
    lock: InstanceLock,
    ready: Callable[[server.Listener, RunningInbox], object],
    console: Console | None,
) -> None:
    broadcaster = Broadcaster()

    def on_stored(written: WriteResult) -> None:
        broadcaster.stored(written.changed)
        if console is not None and not args.quiet:
            console.show(written.new)

    limits = Limits(args.keep, args.keep_bytes, args.keep_days * 86_400)
    token, strange = read_token(), args.host is not None and not is_loopback(args.host)
    if strange and not os.environ.get("DRHTTP_INBOX_TOKEN"):
        raise InboxError(f"To listen on {args.host}, set DRHTTP_INBOX_TOKEN to a random token.")
    open_store, open_reader = in_memory() if args.memory else on_disk(file, synced=args.sync == "full")
    with ExitStack() as stack:
        listener = stack.enter_context(server.listen(args.port, args.host if strange else None))
        writer = stack.enter_context(Writer(open_store, limits=limits, on_stored=on_stored))
        readers = stack.enter_context(ReaderPool(open_reader))
        context = Context(
            file=file,
            port=listener.port,
            token=token,
            limits=limits,
            writer=writer,
            readers=readers,
            broadcaster=broadcaster,
            hosts=(*args.allow_host, *([_in_address(args.host)] if strange else ())),
            browser_origins=frozenset(args.allow_browser_origin),
            memory=args.memory,
            replay_to=args.replay_to,
        )
        running = RunningInbox(listener.port, context.token)
        lock.publish(running)
        app = create_app(context)

        def on_ready() -> None:
            if strange:
                fail(_WARNING.format(args.host), 0)
            ready(listener, running)
            _open(args, running)

        server.serve(app, listener, on_ready=on_ready, on_stop=broadcaster.end)


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _open(args: argparse.Namespace, running: RunningInbox) -> None:
    if args.open:
        # A browser may take its time to start.
        threading.Thread(target=webbrowser.open, args=(running.page,), daemon=True).start()


def _banner(listener: server.Listener, running: RunningInbox, file: Path, args: argparse.Namespace) -> Iterator[str]:
    yield f"The inbox is listening on http://127.0.0.1:{listener.port}/"
    if args.port is None and listener.port != server.DEFAULT_PORT:
        yield f"  (port {server.DEFAULT_PORT} is in use)"
    yield f"  page  {running.page}"
    yield f"  DSN   {running.dsn}"
    yield "  file  none (records are kept in memory)" if args.memory else f"  file  {file}"
    yield f"  keeps up to {args.keep:,} records, {args.keep_bytes // (1 << 20):,} MiB, {args.keep_days:g} days"
    yield "  stop  Ctrl-C"
    if not args.quiet:
        yield ""
        yield Layout.of(sys.stdout).heading()


def _already_running_lines(running: RunningInbox, file: Path) -> Iterator[str]:
    yield f"The inbox is already listening on http://127.0.0.1:{running.port}/"
    yield f"  page  {running.page}"
    yield f"  DSN   {running.dsn}"
    yield f"  file  {file}"


def _warn_about_ignored_options(args: argparse.Namespace, running: RunningInbox) -> None:
    """Warn about options that have no effect because the inbox is already running."""
    names = [name for name, usual in args.standard.items() if getattr(args, name) != usual]
    if args.port not in {None, 0, running.port}:
        names.append("port")
    if names:
        listed = ", ".join(f"--{name.replace('_', '-')}" for name in names)
        fail(f"The inbox is already running, so these options were ignored: {listed}. Restart it to change them.", 0)


def _recording_lines(running: RunningInbox) -> Iterator[str]:
    yield f"drhttp: recording to {running.page}"
