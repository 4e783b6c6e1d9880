"""An inbox in memory, in a thread of this process, for tests: `with EmbeddedInbox() as inbox`."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import drhttp
from drhttp.inbox import server
from drhttp.inbox.api.context import Context
from drhttp.inbox.app import create_app
from drhttp.inbox.broadcaster import Broadcaster
from drhttp.inbox.query.parser import parse
from drhttp.inbox.reader_pool import ReaderPool
from drhttp.inbox.recorded import Recorded, recorded
from drhttp.inbox.store import Limits, StoreReader, WriteResult
from drhttp.inbox.store.backends import MAX_DATABASE_SIZE, in_memory
from drhttp.inbox.writer import Writer

TIMEOUT = 10.0
"""Default number of seconds that `wait` waits."""
_STEP = 0.05
_LIMITS = Limits(records=100_000, bytes=MAX_DATABASE_SIZE, age=1e9)


class EmbeddedInbox:
    """An inbox that keeps records in memory until its context ends.

    dsn: where to send records. page: the URL of its web page, with the token.
    """

    dsn: str
    page: str

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._stored = threading.Condition()

    def __enter__(self) -> EmbeddedInbox:
        with ExitStack() as stack:
            self._open_reader = self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Deliver what this process has recorded, and stop. Records are gone afterwards."""
        drhttp.flush(timeout=1.0)
        self._stack.close()

    def records(self, query: str = "") -> list[Recorded]:
        """Return the records that match a query, in the order of their arrival. Raises `ValueError`."""
        node = parse(query, time.time_ns() // 1000).node
        with closing(self._open_reader()) as reader:
            page = reader.page(node, _LIMITS.records, before=None, after=0, ascending=True, seconds=60)
            return [recorded(reader, entry) for entry in page.entries]

    def wait(self, n: int = 1, query: str = "", *, timeout: float = TIMEOUT) -> list[Recorded]:
        """Wait until at least `n` records match a query, and return them. Raises `AssertionError` after the timeout.

        What this process has recorded is delivered at once.
        """
        deadline = time.monotonic() + timeout
        while True:
            left = max(0.0, deadline - time.monotonic())
            drhttp.flush(timeout=min(left, 1.0))
            found = self.records(query)
            if len(found) >= n:
                return found
            if not left:
                raise AssertionError(self._missing(n, query, timeout, found))
            with self._stored:
                self._stored.wait(min(left, _STEP))

    def clear(self) -> None:
        """Delete all records, after those have arrived that this process has recorded."""
        drhttp.flush(timeout=1.0)
        self._writer.do(lambda store: store.clear(parse("", 0).node, pinned=True)).result()

    def _missing(self, n: int, query: str, timeout: float, found: list[Recorded]) -> str:
        wanted = f" that match {query!r}" if query else ""
        others = self.records()
        listed = "".join(f"\n  {one}" for one in others[-20:])
        there = f"The inbox has {len(others):,} in all, the last of which are:{listed}" if others else "It has none."
        return f"Expected {n:,} records{wanted} within {timeout:g} seconds, but there are {len(found):,}. {there}"

    def _start(self, stack: ExitStack) -> Callable[[], StoreReader]:
        open_store, open_reader = in_memory()
        broadcaster, token = Broadcaster(), secrets.token_hex(16)
        listener = stack.enter_context(server.listen(0))
        self.dsn = f"http://local@127.0.0.1:{listener.port}/"
        self.page = f"http://127.0.0.1:{listener.port}/#token={token}"

        def on_stored(written: WriteResult) -> None:
            broadcaster.stored(written.changed)
            with self._stored:
                self._stored.notify_all()

        self._writer = stack.enter_context(Writer(open_store, limits=_LIMITS, on_stored=on_stored))
        context = Context(
            file=Path("memory"),
            port=listener.port,
            token=token,
            limits=_LIMITS,
            writer=self._writer,
            readers=stack.enter_context(ReaderPool(open_reader)),
            broadcaster=broadcaster,
            memory=True,
        )
        stack.callback(_serve(context, listener))
        return open_reader


def _serve(context: Context, listener: server.Listener) -> Callable[[], None]:
    """Serve in a thread, and return a function that ends that."""
    ready = threading.Event()

    def run() -> None:
        server.serve(create_app(context), listener, on_ready=ready.set, on_stop=context.broadcaster.end)

    thread = threading.Thread(target=run, name="drhttp-inbox-embedded", daemon=True)
    thread.start()
    ready.wait()

    def stop() -> None:
        if listener.stop is not None:
            listener.stop()
        thread.join()

    return stop
