"""Exports records as HAR or JSON Lines, oldest first, a few at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator

from drhttp.inbox import har
from drhttp.inbox.exchange import Entry, Exchange
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store import StoreReader
from drhttp.inbox.view.summary import record_json

BATCH = 50
KINDS = ("har", "jsonl")


def frame(kind: str) -> tuple[str, str, str]:
    """Return the text before the records, between two records, and after the last one."""
    if kind == "jsonl":
        return "", "\n", "\n"
    start = json.dumps({"log": har.opening()}).removesuffix("[]}}")
    return f"{start}[\n", ",\n", "\n]}}\n"


def piece(
    store: StoreReader, node: Node, after: int, left: int, kind: str, *, reveal: bool
) -> tuple[list[str], int | None]:
    """Return the next records and the ``n`` to continue from, or None at the end."""
    limit = min(left, BATCH)
    page = store.page(node, limit, before=None, after=after, ascending=True, seconds=1.0)
    texts = [_text(one, store.read(one), kind, reveal=reveal) for one in page.entries]
    return texts, page.next if left > len(texts) else None


def single(store: StoreReader, n: int, kind: str, *, reveal: bool) -> str:
    """Return one record as text."""
    entry = store.entry(n)
    return _text(entry, store.read(entry), kind, reveal=reveal)


def _text(entry: Entry, exchange: Exchange, kind: str, *, reveal: bool) -> str:
    value = har.entry(exchange, reveal=reveal) if kind == "har" else record_json(entry, exchange, reveal=reveal)
    return json.dumps(value)


def whole(store: StoreReader, node: Node, limit: int, kind: str, *, reveal: bool) -> Iterator[str]:
    """Yield the text of a whole export."""
    start, between, end = frame(kind)
    yield start
    after: int | None = 0
    count = 0
    while after is not None:
        texts, after = piece(store, node, after, limit - count, kind, reveal=reveal)
        for text in texts:
            yield text if count == 0 else between + text
            count += 1
    yield end if count or kind == "har" else ""
