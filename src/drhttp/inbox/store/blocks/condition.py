"""Compiles a query to an SQL condition over cells: 1 if all records of a cell match, 0 if none does, else NULL.

That is SQL's own logic of three values: what joins the tests of a query stays as it is.
"""

from __future__ import annotations

from itertools import takewhile

from drhttp.inbox.query.nodes import All, Any, Between, Flag, Like, Node, Not
from drhttp.inbox.store.where import Condition

_SHARED = {"direction", "method", "endpoint", "status", "error"}
"""Columns that have one value in a cell."""
_SINGLE = {"host", "path"}
"""Columns that a cell has if all of its records have the same value; else NULL."""
_FLAGS = {"error", "client-error"}


class CellCondition(Condition):
    """sql: over ``cell r``. parameters: in its order."""

    def _of(self, node: Node) -> str:
        if isinstance(node, (All, Any, Not)):
            return super()._of(node)
        column = getattr(node, "column", None)
        if column in _SHARED or (isinstance(node, Flag) and node.name in _FLAGS):
            return super()._of(node)
        if isinstance(node, Between) and column == "started":
            return self._started(node)
        if column in _SINGLE:
            tests = [f"r.{column} IS NOT NULL THEN {super()._of(node)}"]
            tests += self._prefix(node) if isinstance(node, Like) and column == "path" else []
            return f"CASE {' '.join(f'WHEN {test}' for test in tests)} END"
        return "(NULL)"

    def _started(self, node: Between) -> str:
        low, high = node.low, node.high
        if low is None and high is None:
            return "1"
        inside = [f"r.first >= {self._put(low)}"] if low is not None else []
        inside += [f"r.last <= {self._put(high)}"] if high is not None else []
        outside = [f"r.last < {self._put(low)}"] if low is not None else []
        outside += [f"r.first > {self._put(high)}"] if high is not None else []
        return f"CASE WHEN {' AND '.join(inside)} THEN 1 WHEN {' OR '.join(outside)} THEN 0 END"

    def _prefix(self, node: Like) -> list[str]:
        """Return what the beginning that all paths of a cell have in common decides."""
        (run, *others) = node.pattern
        text = "".join(char for char in takewhile(lambda char: char is not None, run) if char is not None)
        if not text or "\0" in text:
            return []
        begins = f"substr(r.prefix, 1, {len(text)})"
        differs = f"{begins} <> substr({self._put(text)}, 1, length(r.prefix)) COLLATE NOCASE THEN 0"
        whole = None not in run and others == [()]
        return [differs, f"{begins} = {self._put(text)} COLLATE NOCASE THEN 1"] if whole else [differs]
