"""Deleting records of a file: through the inbox that runs on it, so that its pages hear of it, or else directly."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

from drhttp.inbox.errors import InboxError
from drhttp.inbox.query.nodes import Node
from drhttp.inbox.running import Running, find
from drhttp.inbox.store.sqlite import SqliteStore

PATIENCE = 60.0
"""Seconds."""


def delete(file: Path, text: str, node: Node, *, pinned: bool) -> int:
    """Delete what the query matches; answers how many. text, node: the same query, written and read."""
    running = find(file)
    if running is not None:
        return _asked(running, text, pinned=pinned)
    with closing(SqliteStore(file)) as store:
        return store.clear(node, pinned=pinned)


def _asked(running: Running, text: str, *, pinned: bool) -> int:
    wanted = urlencode({"q": text, "pinned": int(pinned)})
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE)) as connection:
            headers = {"Authorization": f"Bearer {running.token}"}
            connection.request("DELETE", f"/api/v1/records?{wanted}", headers=headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise InboxError(f"The inbox on port {running.port} does not answer: {problem}.") from problem
    if answer.status != 200:
        raise InboxError(str(told.get("error")))
    return int(told["deleted"])
