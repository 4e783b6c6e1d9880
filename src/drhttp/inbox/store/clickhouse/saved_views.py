"""The saved views in ClickHouse. Each set of projects has its own, and so has whoever sees all of them."""

from __future__ import annotations

from typing import Any

from drhttp.inbox.store.clickhouse.engine import Engine
from drhttp.inbox.store.order import SavedView

_THERE = "FROM saved_view FINAL WHERE owner = {owner:String} AND NOT gone"


def saved_views(engine: Engine) -> list[SavedView]:
    """Return the views of those who see what this connection sees, ordered by name."""
    rows = engine.rows(
        f"SELECT name, query, ranking, page {_THERE} ORDER BY lower(name), name", {"owner": engine.owner}
    )
    return [SavedView(*row) for row in rows]


def save(engine: Engine, view: SavedView, version: int) -> None:
    """Keep a view, instead of the one with the same name if there is one."""
    _enter(engine, view, version, gone=False)


def delete(engine: Engine, name: str, version: int) -> bool:
    """Delete a view. Returns whether there was one."""
    there = engine.value(f"SELECT count() {_THERE} AND name = {{name:String}}", {"owner": engine.owner, "name": name})
    if there:
        _enter(engine, SavedView(name, "", "", ""), version, gone=True)
    return bool(there)


def _enter(engine: Engine, view: SavedView, version: int, *, gone: bool) -> None:
    # The clock of another receiver may be ahead of ours; whoever changes a view last wins all the same.
    last = engine.value(
        "SELECT max(version) FROM saved_view WHERE owner = {owner:String} AND name = {name:String}",
        {"owner": engine.owner, "name": view.name},
    )
    row: dict[str, tuple[str, Any]] = {
        "owner": ("String", engine.owner),
        "name": ("String", view.name),
        "query": ("String", view.query),
        "ranking": ("String", view.order),
        "page": ("String", view.page),
        "gone": ("UInt8", int(gone)),
        "version": ("UInt64", max(version, int(last or 0) + 1)),
    }
    engine.insert("saved_view", {name: (kind, [value]) for name, (kind, value) in row.items()})
