"""A WSGI application under the client 0.2.0 that sends to an inbox. argv: port of the inbox."""

from __future__ import annotations

import contextlib
import io
import sys
from wsgiref.util import setup_testing_defaults

import requests

import drhttp

ANSWERS = {
    "/json": (
        "200 OK",
        [("Content-Type", "application/json"), ("X-DrHTTP-User", "alice"), ("x-drhttp-device", "ipad")],
    ),
    "/binary": ("200 OK", [("Content-Type", "image/png")]),
    "/empty": ("204 No Content", []),
}
BODIES = {"/json": b'{"ok": true}', "/binary": b"\x00\xff", "/empty": b""}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if path == "/fails":
        raise RuntimeError("nope")
    start_response(*ANSWERS[path])
    return [BODIES[path]]


def call(wrapped, method, path, body=b"", **headers):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body), "HTTP_HOST": "shop.test"}
    environ.update({"CONTENT_LENGTH": str(len(body)), **headers})
    setup_testing_defaults(environ)
    return b"".join(wrapped(environ, lambda status, headers, exc_info=None: lambda data: None))


def main(port):
    # The client drops the port of its DSN; the address is mended on the way out.
    post = requests.post

    def to_port(url, **options):
        return post(url.replace("://127.0.0.1/", f"://127.0.0.1:{port}/"), **options)

    requests.post = to_port
    wrapped = drhttp.WSGIMiddleware(app=app, dsn="http://local@127.0.0.1/")
    call(wrapped, "POST", "/json", b'{"a": 1}', HTTP_ACCEPT="*/*", QUERY_STRING="q=1")
    call(wrapped, "GET", "/binary")
    call(wrapped, "GET", "/empty")
    with contextlib.suppress(RuntimeError):
        call(wrapped, "GET", "/fails")


if __name__ == "__main__":
    main(sys.argv[1])
