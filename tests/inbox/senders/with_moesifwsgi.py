"""A WSGI application under moesifwsgi that sends every kind of exchange to an inbox. argv: base address.

It ends with its standard input: the workers of moesifwsgi are daemons that send when they like.
"""

from __future__ import annotations

import io
import sys
from wsgiref.util import setup_testing_defaults

from moesifwsgi import MoesifMiddleware

ANSWERS = {
    "/json": ("200 OK", [("Content-Type", "application/json"), ("Set-Cookie", "a=1")], b'{"ok": [1, null]}'),
    "/text": ("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")], "größer".encode()),
    "/binary": ("200 OK", [("Content-Type", "image/png")], bytes(range(256))),
    "/empty": ("204 No Content", [], b""),
}


def app(environ, start_response):
    status, headers, body = ANSWERS[environ["PATH_INFO"]]
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response(status, headers)
    return [body]


def call(wrapped, method, path, body=b"", **headers):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body), "REMOTE_ADDR": "10.1.2.3"}
    environ.update({"CONTENT_LENGTH": str(len(body)) if body else "", **headers})
    setup_testing_defaults(environ)
    return b"".join(wrapped(environ, lambda status, headers, exc_info=None: lambda data: None))


def main(base):
    settings = {
        "APPLICATION_ID": "local".ljust(50, "a"),
        "BASE_URI": base,
        "LOG_BODY": True,
        "IDENTIFY_USER": lambda app, environ, response_headers=None: "alice",
        "GET_METADATA": lambda app, environ, response_headers=None: {"foo": "bar"},
        "EVENT_QUEUE_SIZE": 100,
    }
    wrapped = MoesifMiddleware(app, settings)
    call(wrapped, "POST", "/json", b'{"a": "\xc3\xa9"}', CONTENT_TYPE="application/json", HTTP_X_NOTE="caf\xc3\xa9")
    call(wrapped, "GET", "/text", QUERY_STRING="q=1&q=2")
    call(wrapped, "POST", "/binary", b"a=1&b=2", CONTENT_TYPE="application/x-www-form-urlencoded")
    call(wrapped, "DELETE", "/empty")


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdin.read()
