"""A receiver beside others, on a store that all of them share: `drhttp inbox --store`."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from drhttp.inbox import server
from drhttp.inbox.api.context import Context
from drhttp.inbox.app import create_app
from drhttp.inbox.broadcaster import Broadcaster
from drhttp.inbox.errors import InboxError, StoreError
from drhttp.inbox.inbox_token import read_token
from drhttp.inbox.metrics import Metrics
from drhttp.inbox.probes import Probes
from drhttp.inbox.reader_pool import ReaderPool
from drhttp.inbox.replay import is_loopback
from drhttp.inbox.store import Limits
from drhttp.inbox.store.clickhouse.engine import Address, connect, parse_address
from drhttp.inbox.store.clickhouse.reader import ClickHouseReader
from drhttp.inbox.store.clickhouse.registry import MOST_DAYS, ClickHouseRegistry
from drhttp.inbox.store.clickhouse.schema import migrate
from drhttp.inbox.store.clickhouse.store import ClickHouseStore
from drhttp.inbox.store_options import password
from drhttp.inbox.writer import Writer

UNBOUND = Limits(1 << 40, 1 << 50, 1e9)
"""The engine drops what is too old by itself, and its disk is watched by whoever runs it."""
MAX_RECORDS, MAX_BYTES = 50_000, 64 * 1024 * 1024
"""Limits of the queue. An insert takes 20,000 records; the rest may wait for the next one."""
PARSING_MEMORY = 64 * 1024 * 1024
PATIENCE = 8.0
"""Seconds that a sender waits for its records to be stored. Recorders wait 10 s for an answer."""
READERS = 8

Say = Callable[[Iterator[str]], object]


def receive(args: argparse.Namespace, say: Say) -> int:
    """Run a receiver until SIGINT or SIGTERM."""
    address = parse_address(args.store, password=password())
    strange = args.host is not None and not is_loopback(args.host)
    if strange and not os.environ.get("DRHTTP_INBOX_TOKEN"):
        raise InboxError(f"To listen on {args.host}, set DRHTTP_INBOX_TOKEN to a random token.")
    with connect(address, create=True) as engine, ExitStack() as stack:
        migrate(engine)
        _serve(args, address, stack, say, args.host if strange else None)
    return 0


def _serve(args: argparse.Namespace, address: Address, stack: ExitStack, say: Say, host: str | None) -> None:
    metrics = _metrics()
    listener = stack.enter_context(server.listen(args.port, host))
    registry = stack.enter_context(ClickHouseRegistry(lambda: connect(address), on_audit=_log))
    broadcaster = Broadcaster()

    def open_store() -> ClickHouseStore:
        store = ClickHouseStore(
            connect(address), keep_days=min(max(1, int(args.keep_days)), MOST_DAYS), keep=registry.keep
        )
        registry.receiver = store.receiver
        return store

    writer = stack.enter_context(
        Writer(
            open_store,
            limits=UNBOUND,
            on_stored=lambda written: broadcaster.stored(written.changed),
            max_records=MAX_RECORDS,
            max_bytes=MAX_BYTES,
            meter=metrics,
        )
    )
    metrics.watch(lambda: writer.waiting)
    readers = stack.enter_context(ReaderPool(lambda: ClickHouseReader(connect(address)), count=READERS))
    probe = stack.enter_context(connect(address))
    lock = threading.Lock()

    def ready() -> None:
        if writer.waiting >= MAX_RECORDS:
            raise StoreError("Too many records are waiting.")
        with lock:
            probe.rows("SELECT 1")

    context = Context(
        file=Path(address.database),
        port=listener.port,
        token=read_token(),
        limits=Limits(UNBOUND.records, UNBOUND.bytes, args.keep_days * 86_400),
        writer=writer,
        readers=readers,
        broadcaster=broadcaster,
        hosts=(*args.allow_host, *_public_host(args.public_url)),
        browser_origins=frozenset(args.allow_browser_origin),
        replay_to=args.replay_to,
        store=address.shown,
        registry=registry,
        public_url=args.public_url and args.public_url.rstrip("/"),
        parsing_memory=PARSING_MEMORY,
        patience=PATIENCE,
        secret=registry.secret,
    )
    app = Probes(create_app(context), ready=ready, metrics=metrics.text)
    server.serve(
        app,
        listener,
        on_ready=lambda: _say(say, context, registry),
        on_stop=broadcaster.end,
        connections=args.connections,
    )


def _metrics() -> Metrics:
    try:
        return Metrics()
    except ModuleNotFoundError as missing:
        raise InboxError(
            f'--store requires {missing.name}. Install it with: pip install "drhttp[inbox,clickhouse]"'
        ) from None


def _say(say: Say, context: Context, registry: ClickHouseRegistry) -> None:
    say(_banner(context, registry))


def _banner(context: Context, registry: ClickHouseRegistry) -> Iterator[str]:
    yield f"The inbox is listening on http://127.0.0.1:{context.port}/"
    yield f"  page      {context.page}#token={context.token}"
    yield f"  DSN       {context.dsn}"
    yield f"  store     {context.store}"
    yield f"  receiver  {registry.receiver}"
    yield "  stop      Ctrl-C"


def _public_host(url: str | None) -> tuple[str, ...]:
    return () if url is None else (urlsplit(url).netloc,)


def _log(line: str) -> None:
    print(f"drhttp: {line}", file=sys.stderr, flush=True)
