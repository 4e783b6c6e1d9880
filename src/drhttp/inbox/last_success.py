"""Finds the success with which a failed record is compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from drhttp.inbox.exchange import Entry
from drhttp.inbox.query.nodes import All, Between, Flag, Like, Node, Not
from drhttp.inbox.store import Page, StoreReader

SECONDS = 1.5
"""Time limit of each search."""
NEAREST = 200
"""Number of successes, received last, among which the newest is looked for."""


@dataclass(frozen=True, slots=True)
class LastSuccess:
    """entry: `None` if there is none. same_user: whether it is of the same user (or of none, as the failure is).

    complete: whether all records were searched that might be closer.
    """

    entry: Entry | None
    same_user: bool
    complete: bool


def last_success(store: StoreReader, failed: Entry) -> LastSuccess:
    """Return the newest other success of the same method and endpoint, of the same user if that user has one.

    The newest is that of the latest request, among the `NEAREST` that were received last.
    """
    summary = failed.summary
    same: list[Node] = [
        _exactly("endpoint", failed.endpoint),
        _exactly("method", summary.method),
        _exactly("direction", summary.direction),
        Between("status", 200, 399),
        Not(Flag("error")),
        Not(Flag("aborted")),
    ]
    found = _received_last(store, same)
    others = [entry for entry in found.entries if entry.n != failed.n]
    own = _newest(entry for entry in others if entry.summary.user == summary.user)
    complete = found.complete
    if own is None and summary.user is not None and len(found.entries) == NEAREST:
        page = _received_last(store, [*same, _exactly("user", summary.user)])
        own, complete = _newest(entry for entry in page.entries if entry.n != failed.n), page.complete
    entry = own or _newest(others)
    return LastSuccess(entry, own is not None, complete or own is not None)


def _received_last(store: StoreReader, nodes: list[Node]) -> Page:
    return store.page(All(tuple(nodes)), NEAREST, before=None, after=0, ascending=False, seconds=SECONDS)


def _newest(entries: Iterable[Entry]) -> Entry | None:
    """Return the latest request: of an imported file, old ones arrive last."""
    return max(entries, key=lambda entry: (entry.summary.started, entry.n), default=None)


def _exactly(column: str, text: str) -> Like:
    return Like(column, (tuple(text),))
