"""Read-only questions about the records, answered as masked JSON: by the running inbox, or from its file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from drhttp.inbox.compare import IGNORED, compare
from drhttp.inbox.database_file import check
from drhttp.inbox.errors import RecordNotFound
from drhttp.inbox.exchange import Entry
from drhttp.inbox.instance_lock import find_running_inbox
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.query.parser import parse
from drhttp.inbox.remote import Remote
from drhttp.inbox.store.aggregates import Endpoint
from drhttp.inbox.store.reader import SqliteReader
from drhttp.inbox.view.bodies import text_page
from drhttp.inbox.view.endpoints import endpoint_json
from drhttp.inbox.view.summary import record_json, summary_json

SECONDS = 5.0
"""Time limit in seconds of a search; beyond it, the rest is left for the next one."""
_ENDPOINT = (
    "direction", "method", "endpoint", "count", "errors", "client_errors", "p50_ms", "p95_ms", "max_ms", "last",
    "slowest", "query",
)  # fmt: skip
Json = dict[str, Any]


class Traffic(Protocol):
    """What can be asked. name: the number of a record, its ID, or a unique prefix of that."""

    def search(self, query: str, limit: int, before: int | None) -> Json: ...
    def record(self, name: str) -> Json: ...
    def body(self, name: str, side: str, offset: int, limit: int) -> Json: ...
    def endpoints(self, query: str) -> list[Json]: ...
    def compare(self, left: str, right: str) -> list[Json]: ...


@contextmanager
def traffic(file: Path) -> Iterator[Traffic]:
    """Open the records of a file, whether its inbox is running or not. Nothing is changed. Raises `InboxError`."""
    running = find_running_inbox(file)
    if running is not None:
        with closing(Remote(running)) as remote:
            yield _RunningTraffic(remote)
        return
    check(file)
    with closing(SqliteReader(file)) as reader:
        yield _FileTraffic(reader)


class _RunningTraffic:
    """Asks the API of a running inbox, which masks."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def search(self, query: str, limit: int, before: int | None) -> Json:
        deadline = time.monotonic() + SECONDS
        found: list[Json] = []
        while True:
            asked = {"q": query, "limit": limit - len(found), **({} if before is None else {"before": before})}
            page = self._remote.ask("/records", **asked)
            found += page["records"]
            before = page["next"]
            if before is None or len(found) >= limit or time.monotonic() > deadline:
                return {"records": found, "next": before}

    def record(self, name: str) -> Json:
        found: Json = self._remote.ask(f"/records/{self._place(name)}")
        return found

    def body(self, name: str, side: str, offset: int, limit: int) -> Json:
        n = self.record(name)["n"]
        found: Json = self._remote.ask(f"/records/{n}/body/{side}", offset=offset, limit=limit)
        return found

    def endpoints(self, query: str) -> list[Json]:
        found: list[Json] = self._remote.ask("/endpoints", q=query)["endpoints"]
        return found

    def compare(self, left: str, right: str) -> list[Json]:
        one, other = (self.record(name)["n"] for name in (left, right))
        found: list[Json] = self._remote.ask("/compare", left=one, right=other)["parts"]
        return found

    def _place(self, name: str) -> str:
        if _is_number(name):
            try:
                self._remote.ask(f"/records/{name}")
            except RecordNotFound:
                pass
            else:
                return name
        return self._remote.by_id(name)


class _FileTraffic:
    """Reads a file that no inbox has open."""

    def __init__(self, reader: SqliteReader) -> None:
        self._reader = reader

    def search(self, query: str, limit: int, before: int | None) -> Json:
        page = self._reader.page(_node(query), limit, before=before, seconds=SECONDS)
        return {"records": [summary_json(entry) for entry in page.entries], "next": page.next}

    def record(self, name: str) -> Json:
        entry = self._entry(name)
        found = record_json(entry, self._reader.read(entry), reveal=False)
        parent, calls = self._reader.family(entry)
        return {**found, "parent": parent and summary_json(parent), "calls": [summary_json(one) for one in calls]}

    def body(self, name: str, side: str, offset: int, limit: int) -> Json:
        exchange = self._reader.read(self._entry(name))
        message = exchange.request if side == "request" else exchange.response
        if message is None:
            raise RecordNotFound(f"The record has no {side}.")
        return text_page(message, offset, limit, reveal=False)

    def endpoints(self, query: str) -> list[Json]:
        found = self._reader.endpoints(_node(query), seconds=SECONDS)
        return sorted(map(_endpoint, found.endpoints), key=lambda one: -int(one["count"]))

    def compare(self, left: str, right: str) -> list[Json]:
        one, other = (self._reader.read(self._entry(name)) for name in (left, right))
        return compare(one, other, frozenset(IGNORED), reveal=False)

    def _entry(self, name: str) -> Entry:
        if _is_number(name):
            try:
                return self._reader.entry(int(name))
            except RecordNotFound:
                pass
        return self._reader.one(name)


def _endpoint(one: Endpoint) -> Json:
    """Return what an answer says of an endpoint."""
    whole = endpoint_json(one)
    return {name: whole[name] for name in _ENDPOINT}


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 19


def _node(query: str) -> Node:
    return parse(query, time.time_ns() // 1000).node
