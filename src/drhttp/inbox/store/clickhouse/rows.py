"""Converts between exchanges and columns."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any

from drhttp._http.content_coding import CodingError, decode
from drhttp.inbox.endpoint import endpoint, is_error
from drhttp.inbox.exchange import Entry, Exchange, Message, Summary
from drhttp.inbox.operation import operation
from drhttp.inbox.store.clickhouse.schema import COLUMNS
from drhttp.inbox.store.rows import body_flags, marks_of, message
from drhttp.inbox.store.rows import entry as entry_of
from drhttp.inbox.store.schema import SUMMARY_COLUMNS
from drhttp.inbox.store.search import INFLATED

LINE = ("n", *SUMMARY_COLUMNS, "endpoint", "error", "flags", "masked", "operation")
"""Columns that `entry` needs."""
SELECTED = ", ".join(f"`{name}`" for name in LINE)
PAYLOAD = (
    "request_names", "request_values", "request_body", "response_names", "response_values", "response_body", "marks",
)  # fmt: skip
BODIES = ("request_body", "response_body")
_NONE = Message()
_JSON = json.JSONEncoder(check_circular=False).encode


class Rows:
    """The columns of some exchanges, for an insert: built column by column, which is much faster than row by row."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        # Before any number is given: what cannot be written must not take one.
        summaries = [one.summary for one in exchanges]
        self._columns: dict[str, list[Any]] = {name: list(map(attrgetter(name), summaries)) for name in SUMMARY_COLUMNS}
        self._columns["endpoint"] = list(map(endpoint, summaries))
        self._columns["error"] = list(map(is_error, summaries))
        self._columns["operation"] = list(map(operation, exchanges))
        flags = [body_flags(one.request, one.response) for one in exchanges]
        self._columns["flags"], self._columns["masked"] = map(list, zip(*flags, strict=True))
        for side in ("request", "response"):
            messages = [getattr(one, side) or _NONE for one in exchanges]
            self._columns[f"{side}_names"] = [[name for name, _ in each.headers] for each in messages]
            self._columns[f"{side}_values"] = [[value for _, value in each.headers] for each in messages]
            self._columns[f"{side}_body"] = [each.body for each in messages]
            self._columns[f"{side}_text"] = [inflated(each.body) for each in messages]
        self._columns["marks"] = _marks_texts(exchanges)

    def block(
        self,
        places: Sequence[int],
        numbers: Sequence[int],
        keep: Sequence[int],
        version: int,
        replay_of: Mapping[int, str | None],
    ) -> dict[str, tuple[str, list[Any]]]:
        """Return the rows at these places, as `Engine.insert` takes them."""
        given = {"n": list(numbers), "keep": list(keep), "version": [version] * len(places)}
        block: dict[str, tuple[str, list[Any]]] = {}
        whole = len(places) == len(self._columns["id"])
        for name, (kind, _) in COLUMNS.items():
            if name in given:
                block[name] = (kind, given[name])
            else:
                column = self._columns[name]
                block[name] = (kind, column if whole else [column[place] for place in places])
        if replay_of:
            kind, values = block["replay_of"]
            block["replay_of"] = (kind, [value or replay_of.get(n) for n, value in zip(numbers, values, strict=True)])
        return block


def _marks_texts(exchanges: Sequence[Exchange]) -> list[str]:
    """Return the JSON of `marks_of` each, of which one call makes all. No value can be equal to what separates them."""
    separator = secrets.token_hex(16)
    whole = _JSON([part for one in exchanges for part in (marks_of(one), separator)])
    *texts, _ = whole.removeprefix("[").split(f', "{separator}"')
    return [text.removeprefix(", ") for text in texts]


def inflated(body: bytes | None) -> bytes | None:
    """Return the text of a gzip body, or None for any other body."""
    if body is None or body[:2] != b"\x1f\x8b":
        return None
    with suppress(CodingError):
        return decode(body, "gzip", limit=INFLATED, cut=True, ignore_trailing=True).content
    return None


def entry(row: Sequence[Any], mark: tuple[int, Sequence[str], str | None], calls: tuple[int, int]) -> Entry:
    """Build an entry from the columns of `LINE`, its mark, and its numbers of calls and of failed ones."""
    *line, asked = row
    pinned, tags, note = mark
    return entry_of((*line, pinned, json.dumps(list(tags)) if tags else None, note, asked, *calls))


def exchange(summary: Summary, row: Sequence[Any]) -> Exchange:
    """Build an exchange from a summary and the columns of `PAYLOAD`."""
    marks = json.loads(row[-1])
    request, response = (
        None if marks[side] is None else message(zip(names, values, strict=True), body, marks[side])
        for side, (names, values, body) in (("request", row[:3]), ("response", row[3:6]))
    )
    assert request is not None
    return Exchange(summary=summary, request=request, response=response, extra=marks["extra"])
