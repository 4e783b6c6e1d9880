"""Sends the shops requests of every kind, each with its own id in the query string.

The shops put that id in front of those of the requests that they send themselves.
"""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookies import SimpleCookie

TIMEOUT = 30  # seconds per response; the first one also waits for the app to start
CONCURRENCY = 8  # requests sent at once

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
ORDER_CALLS = ("limit", "charge")
MULTIPART = {"Content-Type": "multipart/form-data; boundary=-mark-"}


class UnexpectedResponse(Exception):
    """An app responded differently than it would without a recorder, or not at all."""


class Client:
    """An HTTP client of one app that keeps its cookies and the id of each request."""

    def __init__(self, app: str, address: tuple[str, int]) -> None:
        self.sent: dict[str, str] = {}
        self._count = 0
        self.headers: dict[str, str] = {}
        self._app = app
        self._address = address
        self._cookies: SimpleCookie = SimpleCookie()
        self._lock = threading.Lock()

    def request(
        self,
        expected: int,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        calls: Sequence[str] = (),
    ) -> None:
        """Send a request. expected: the status. calls: the names of the requests that the app sends meanwhile."""
        with self._response(method, path, body, headers or {}, calls) as response:
            response.read()
        for value in response.headers.get_all("Set-Cookie", []):
            self._cookies.load(value)
        if response.status != expected:
            raise UnexpectedResponse(
                f"The {self._app} app responded to {method} {path} with {response.status} instead of {expected}."
            )

    def disconnect_early(self, path: str) -> None:
        with self._response("GET", path, b"", {}, ()) as response:
            response.read(10)

    @contextlib.contextmanager
    def _response(
        self, method: str, path: str, body: bytes, headers: dict[str, str], calls: Sequence[str]
    ) -> Iterator[HTTPResponse]:
        connection = HTTPConnection(*self._address, timeout=TIMEOUT)
        try:
            connection.request(method, self._with_id(method, path, calls), body, {**self._default_headers(), **headers})
            yield connection.getresponse()
        except (OSError, HTTPException) as error:
            raise UnexpectedResponse(
                f"The {self._app} app did not complete its response to {method} {path}: {error!r}"
            ) from error
        finally:
            connection.close()

    def _with_id(self, method: str, path: str, calls: Sequence[str]) -> str:
        with self._lock:
            ident = f"{self._app}-{self._count + 1:02}"
            self.sent[ident] = f"{method} {path}"
            self._count += 1
            self.sent |= {f"{ident}-{call}": f"the {call} of {method} {path}" for call in calls}
        # First in the query string, so that a narrow terminal does not cut off the id.
        bare, separator, query = path.partition("?")
        return f"{bare}?id={ident}{'&' if separator else ''}{query}"

    def _default_headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items())
        return {**self.headers, "Cookie": cookies} if cookies else self.headers


def send_requests(app: str, address: tuple[str, int], *, payments: bool = False) -> dict[str, str]:
    """Send requests to every endpoint of `app`; return the method and path of each, by id.

    payments: the app calls the payment service for each order.
    """
    client = Client(app, address)
    client.request(200, "GET", "/api/items")
    LOG_IN[app](client)
    order = {"item": 2, "note": "schön"}
    client.request(201, "POST", "/api/orders", json.dumps(order).encode(), JSON, ORDER_CALLS if payments else ())
    if payments:  # a large charge takes longer than the shop waits
        large = {"item": 1, "quantity": 40}
        client.request(502, "POST", "/api/orders", json.dumps(large).encode(), JSON, ORDER_CALLS)
    client.request(200, "POST", "/upload", _file("notes.txt", b"two pots, one mug\n"), MULTIPART)
    client.request(200, "POST", "/upload", _file("photo.raw", bytes(range(256)) * 400), MULTIPART)
    client.request(200, "GET", "/logo.png")
    client.request(200, "GET", "/report.csv?lines=10")
    client.request(200, "HEAD", "/api/items")
    client.request(404, "GET", "/nowhere")
    client.request(500, "GET", "/boom")
    client.disconnect_early("/report.csv?lines=5000")
    OTHERS.get(app, lambda client: None)(client)
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(lambda _: client.request(200, "GET", "/api/items"), range(CONCURRENCY)))
    return client.sent


def _log_in_with_a_session(client: Client) -> None:
    client.request(401, "POST", "/login", b"name=demo&password=wrong", FORM)
    client.request(200, "POST", "/login", b"name=demo&password=demo", FORM)


def _log_in_with_credentials(client: Client) -> None:
    client.request(401, "GET", "/login")
    client.headers["Authorization"] = "Basic " + base64.b64encode(b"demo:demo").decode()
    client.request(200, "GET", "/login")


LOG_IN = {
    "django": _log_in_with_a_session,
    "flask": _log_in_with_credentials,
    "fastapi": _log_in_with_credentials,
}


def _stream_and_remind(client: Client) -> None:
    client.request(200, "GET", "/events?count=3")
    client.request(202, "POST", "/api/reminders")
    client.request(200, "GET", "/api/items/2")


OTHERS = {"fastapi": _stream_and_remind}  # what only one of the shops has


def _file(name: str, content: bytes) -> bytes:
    head = f'---mark-\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n---mark---\r\n"
