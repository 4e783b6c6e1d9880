"""Finds the success with which a failed record is compared."""

from __future__ import annotations

from dataclasses import dataclass

from drhttp.inbox.exchange import Entry
from drhttp.inbox.query.nodes import All, Between, Flag, Like, Node, Not
from drhttp.inbox.store import StoreReader

SECONDS = 1.5
"""Time limit of each of the two searches."""


@dataclass(frozen=True, slots=True)
class LastSuccess:
    """entry: `None` if there is none. same_user: whether it is of the same user. complete: whether all was searched."""

    entry: Entry | None
    same_user: bool
    complete: bool


def last_success(store: StoreReader, failed: Entry) -> LastSuccess:
    """Return the newest success of the same method and endpoint, of the same user if that user has one."""
    summary = failed.summary
    same: list[Node] = [
        _exactly("endpoint", failed.endpoint),
        _exactly("method", summary.method),
        _exactly("direction", summary.direction),
        Between("status", 200, 399),
        Not(Flag("error")),
        Not(Flag("aborted")),
    ]
    complete = True
    if summary.user is not None:
        entry, complete = _newest(store, [*same, _exactly("user", summary.user)])
        if entry is not None:
            return LastSuccess(entry, True, complete)
    entry, rest = _newest(store, same)
    return LastSuccess(entry, entry is not None and entry.summary.user == summary.user, complete and rest)


def _newest(store: StoreReader, nodes: list[Node]) -> tuple[Entry | None, bool]:
    page = store.page(All(tuple(nodes)), 1, before=None, after=0, ascending=False, seconds=SECONDS)
    return next(iter(page.entries), None), page.complete


def _exactly(column: str, text: str) -> Like:
    return Like(column, (tuple(text),))
