"""The saved views in the SQLite file."""

from __future__ import annotations

import sqlite3

from drhttp.inbox.store.order import SavedView

TABLES = """
CREATE TABLE saved_view (
    name TEXT PRIMARY KEY, query TEXT NOT NULL, ranking TEXT NOT NULL, page TEXT NOT NULL
) WITHOUT ROWID;
"""


def saved_views(db: sqlite3.Connection) -> list[SavedView]:
    """Return the saved views, ordered by name."""
    rows = db.execute("SELECT name, query, ranking, page FROM saved_view ORDER BY name COLLATE NOCASE, name")
    return [SavedView(*row) for row in rows]


def save(db: sqlite3.Connection, view: SavedView) -> None:
    """Keep a view, instead of the one with the same name if there is one."""
    row = (view.name, view.query, view.order, view.page)
    db.execute("INSERT OR REPLACE INTO saved_view VALUES (?, ?, ?, ?)", row)


def delete(db: sqlite3.Connection, name: str) -> bool:
    """Delete a view. Returns whether there was one."""
    return db.execute("DELETE FROM saved_view WHERE name = ?", (name,)).rowcount > 0
