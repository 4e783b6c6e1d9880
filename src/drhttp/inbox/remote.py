"""A client of the API of a running inbox, which works for an inbox in memory too."""

from __future__ import annotations

import codecs
import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, urlencode

from drhttp.inbox import coerce, har
from drhttp.inbox.errors import InboxError, RecordNotFound
from drhttp.inbox.exchange import Exchange, Summary
from drhttp.inbox.instance_lock import RunningInbox

TIMEOUT = 60.0
"""Socket timeout in seconds."""
_PAGE = 500
_PIECE = 64 * 1024
_SAME = (
    "id", "protocol", "method", "scheme", "host", "path", "query", "route", "status", "user", "device", "client",
    "aborted", "request_size", "response_size", "request_type", "response_type", "replay_of",
)  # fmt: skip


class Remote:
    """A connection to a running inbox. Values arrive unmasked and are masked for display, like those of a file."""

    def __init__(self, running: RunningInbox) -> None:
        self._port = running.port
        self._headers = {"Authorization": f"Bearer {running.token}"}
        self._connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=TIMEOUT)

    def close(self) -> None:
        self._connection.close()

    def newest(self, text: str, limit: int) -> list[Summary]:
        found: list[Summary] = []
        before: int | None = None
        while len(found) < limit:
            further = {} if before is None else {"before": before}
            data = self._list(q=text, limit=min(_PAGE, limit - len(found)), **further)
            found += map(_summary, data["records"])
            before = data["next"]
            if before is None:
                break
        found.reverse()
        return sorted(found, key=lambda one: one.started)

    def last(self) -> int:
        return int(self._json("GET", "/info")["newest"])

    def following(self, text: str, last: int) -> tuple[list[Summary], int, bool]:
        data = self._list(q=text, limit=_PAGE, order="asc", after=last)
        return list(map(_summary, data["records"])), data["next"] or max(data["newest"], last), bool(data["next"])

    def one(self, name: str) -> Exchange:
        data = self._named(name)
        log = self._json("GET", f"/export?as=har&reveal=1&n={data['n']}")
        found, _ = har.exchanges(log, "", coerce.instant(data["received"]) or 0)
        if not found:
            raise RecordNotFound(f"Record {name} was deleted in the meantime.")
        return found[0]

    def _named(self, name: str) -> Any:
        number = record_number(name)
        if number is not None:
            with suppress(RecordNotFound):  # an ID may begin with digits
                return self._json("GET", f"/records/{number}")
        return self._json("GET", f"/records/id:{quote(name, safe='', errors='replace')}")

    def export(self, text: str, kind: str, limit: int, *, reveal: bool) -> Iterator[str]:
        wanted = urlencode({"q": text, "as": kind, "limit": limit, "reveal": int(reveal)}, errors="replace")
        decoder = codecs.getincrementaldecoder("utf-8")()
        with self._request("GET", f"/export?{wanted}") as answer:
            while piece := answer.read(_PIECE):
                yield decoder.decode(piece)

    def clear(self, text: str, *, pinned: bool) -> int:
        wanted = urlencode({"q": text, "pinned": int(pinned)}, errors="replace")
        return int(self._json("DELETE", f"/records?{wanted}")["deleted"])

    def take(self, raw: bytes) -> dict[str, object]:
        data: dict[str, object] = self._json("POST", "/import", raw)
        return data

    def ask(self, path: str, **wanted: object) -> Any:
        """Return the JSON of a path of the API, with values hidden as on the page."""
        return self._json("GET", f"{path}?{urlencode(wanted, errors='replace')}")

    @staticmethod
    def by_id(prefix: str) -> str:
        """Return the path segment of the record with this ID or unique prefix."""
        return f"id:{quote(prefix, safe='', errors='replace')}"

    def _list(self, **wanted: object) -> Any:
        return self._json("GET", f"/records?{urlencode({**wanted, 'reveal': 1}, errors='replace')}")

    def _json(self, method: str, path: str, body: bytes | None = None) -> Any:
        with self._request(method, path, body) as answer:
            return json.loads(answer.read())

    @contextmanager
    def _request(self, method: str, path: str, body: bytes | None = None) -> Iterator[http.client.HTTPResponse]:
        try:
            self._connection.request(method, f"/api/v1{path}", body, self._headers)
            answer = self._connection.getresponse()
            if answer.status >= 300:
                sentence = _sentence(answer.status, answer.read())
                raise (RecordNotFound if answer.status == 404 else InboxError)(sentence)
            yield answer
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise InboxError(f"The inbox on port {self._port} is not responding: {problem}.") from problem


def record_number(name: str) -> int | None:
    """Return the number that a name may be, as the page writes it: 1118, 1,118 or #1118."""
    digits = name.removeprefix("#").replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def _sentence(status: int, raw: bytes) -> str:
    """Return the error message of a response, or a default one."""
    try:
        sentence = coerce.mapping(json.loads(raw)).get("error")
    except ValueError:
        sentence = None
    return str(sentence or f"The inbox returned status {status} without a message.")


def _summary(data: dict[str, Any]) -> Summary:
    failure = data["exception"] or {}
    return Summary(
        **{name: data[name] for name in _SAME},
        project="",
        started=coerce.instant(data["time"]) or 0,
        received=coerce.instant(data["received"]) or 0,
        direction="Outgoing" if data["direction"] == "out" else "Incoming",
        duration=coerce.micros(data["duration_ms"]),
        ttfb=coerce.micros(data["ttfb_ms"]),
        trace=data["trace_id"],
        span=data["span_id"],
        parent=data["parent_id"],
        exception=failure.get("type"),
        exception_text=failure.get("message"),
    )
