"""What the two shops are asked: every kind of request, each with an id of its own in the query string."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookies import SimpleCookie

TIMEOUT = 30  # seconds for one answer; the first one also waits for the app to start
CROWD = 8  # requests sent at once

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=-mark-"}


class Unexpected(Exception):
    """An app answered otherwise than it would have without a recorder, or not at all."""


class Visitor:
    """Sends requests to one app, keeps its cookies, and remembers under which id each request went out."""

    def __init__(self, app: str, address: tuple[str, int]) -> None:
        self.sent: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self._app = app
        self._address = address
        self._cookies: SimpleCookie = SimpleCookie()
        self._lock = threading.Lock()

    def ask(
        self, expected: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        with self._answer(method, path, body, headers or {}) as answer:
            answer.read()
        for value in answer.headers.get_all("Set-Cookie", []):
            self._cookies.load(value)
        if answer.status != expected:
            raise Unexpected(f"{self._app}: {method} {path} was answered {answer.status}, not {expected}")

    def leave_early(self, path: str) -> None:
        with self._answer("GET", path, b"", {}) as answer:
            answer.read(10)

    @contextlib.contextmanager
    def _answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Iterator[HTTPResponse]:
        connection = HTTPConnection(*self._address, timeout=TIMEOUT)
        try:
            connection.request(method, self._marked(method, path), body, {**self._standing(), **headers})
            yield connection.getresponse()
        except (OSError, HTTPException) as error:
            raise Unexpected(f"{self._app}: {method} {path} got no whole answer: {error!r}") from error
        finally:
            connection.close()

    def _marked(self, method: str, path: str) -> str:
        with self._lock:
            ident = f"{self._app}-{len(self.sent) + 1:02}"
            self.sent[ident] = f"{method} {path}"
        # In front of the rest, so that a narrow terminal cuts something else.
        bare, mark, query = path.partition("?")
        return f"{bare}?id={ident}{'&' if mark else ''}{query}"

    def _standing(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items())
        return {**self.headers, "Cookie": cookies} if cookies else self.headers


def visit(app: str, address: tuple[str, int]) -> dict[str, str]:
    """Ask `app` for everything it has; return what was asked, by id."""
    visitor = Visitor(app, address)
    visitor.ask(200, "GET", "/api/items")
    LOG_IN[app](visitor)
    visitor.ask(201, "POST", "/api/orders", json.dumps({"item": 2, "note": "schön"}).encode(), JSON)
    visitor.ask(200, "POST", "/upload", _file("notes.txt", b"two pots, one mug\n"), MULTIPART)
    visitor.ask(200, "POST", "/upload", _file("photo.raw", bytes(range(256)) * 400), MULTIPART)
    visitor.ask(200, "GET", "/logo.png")
    visitor.ask(200, "GET", "/report.csv?lines=10")
    visitor.ask(200, "HEAD", "/api/items")
    visitor.ask(404, "GET", "/nowhere")
    visitor.ask(500, "GET", "/boom")
    visitor.leave_early("/report.csv?lines=5000")
    with ThreadPoolExecutor(CROWD) as crowd:
        list(crowd.map(lambda _: visitor.ask(200, "GET", "/api/items"), range(CROWD)))
    return visitor.sent


def _log_in_with_a_session(visitor: Visitor) -> None:
    visitor.ask(401, "POST", "/login", b"name=demo&password=wrong", FORM)
    visitor.ask(200, "POST", "/login", b"name=demo&password=demo", FORM)


def _log_in_with_credentials(visitor: Visitor) -> None:
    visitor.ask(401, "GET", "/login")
    visitor.headers["Authorization"] = "Basic " + base64.b64encode(b"demo:demo").decode()
    visitor.ask(200, "GET", "/login")


LOG_IN = {"django": _log_in_with_a_session, "flask": _log_in_with_credentials}


def _file(name: str, content: bytes) -> bytes:
    head = f'---mark-\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n---mark---\r\n"
