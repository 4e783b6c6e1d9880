"""Exports records as HAR or JSON Lines, oldest first, a few at a time; a single one also as HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from drhttp.inbox import har
from drhttp.inbox.endpoint import endpoint, is_error
from drhttp.inbox.exchange import Entry, Exchange, Summary
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.store import StoreReader
from drhttp.inbox.view.summary import record_json

BATCH = 50
KINDS = ("har", "jsonl")
ALONE = (*KINDS, "html")
"""Formats of an export of one record."""


class Format:
    """Writes records in one format. start, between: the text before all records, and between two of them.

    Only for one export: a HAR ends with the pages to which its entries refer.
    """

    def __init__(self, kind: str, *, reveal: bool) -> None:
        self._kind, self._reveal, self._pages = kind, reveal, har.Pages()
        log = har.opening()
        log.pop("pages")
        self.start = "" if kind == "jsonl" else json.dumps({"log": log}).removesuffix("[]}}") + "[\n"
        self.between = "\n" if kind == "jsonl" else ",\n"

    def text(self, entry: Entry, exchange: Exchange) -> str:
        """Return a record as text."""
        if self._kind == "har":
            return json.dumps(har.entry(exchange, reveal=self._reveal, pages=self._pages))
        return json.dumps(record_json(entry, exchange, reveal=self._reveal))

    def end(self, count: int) -> str:
        """Return the text after the last record. count: of records."""
        if self._kind == "jsonl":
            return "\n" if count else ""
        return f'\n], "pages": {json.dumps(self._pages.listed)}}}}}\n'


def piece(store: StoreReader, node: Node, after: int, left: int, form: Format) -> tuple[list[str], int | None]:
    """Return the next records and the ``n`` to continue from, or None at the end."""
    limit = min(left, BATCH)
    page = store.page(node, limit, before=None, after=after, ascending=True, seconds=1.0)
    texts = [form.text(one, store.read(one)) for one in page.entries]
    return texts, page.next if left > len(texts) else None


def single(store: StoreReader, n: int, kind: str, *, reveal: bool) -> str:
    """Return the text of an export of one record."""
    entry = store.entry(n)
    calls = [call.summary for call in store.family(entry)[1]] if kind == "html" else []
    return alone(store.read(entry), kind, entry=entry, calls=calls, reveal=reveal)


def alone(
    exchange: Exchange, kind: str, *, entry: Entry | None = None, calls: Sequence[Summary] = (), reveal: bool
) -> str:
    """Return the text of an export of one exchange. entry: as the store knows it, if it does. calls: outbound ones."""
    if kind == "html":
        from drhttp.inbox.share import page  # other exports do without

        return page(exchange, n=None if entry is None else entry.n, calls=calls, reveal=reveal)
    summary, form = exchange.summary, Format(kind, reveal=reveal)
    known = entry or Entry(n=0, summary=summary, endpoint=endpoint(summary), error=is_error(summary))
    return f"{form.start}{form.text(known, exchange)}{form.end(1)}"


def whole(store: StoreReader, node: Node, limit: int, kind: str, *, reveal: bool) -> Iterator[str]:
    """Yield the text of a whole export."""
    form = Format(kind, reveal=reveal)
    yield form.start
    after: int | None = 0
    count = 0
    while after is not None:
        texts, after = piece(store, node, after, limit - count, form)
        for text in texts:
            yield text if count == 0 else form.between + text
            count += 1
    yield form.end(count)
