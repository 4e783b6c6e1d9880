from __future__ import annotations

import json
import time

LIMIT = 1000  # what a customer may spend
SLOW = 500  # charges above this amount take longer than the shops wait


def app(environ, start_response):
    if environ["PATH_INFO"] == "/limit":
        return respond(start_response, "200 OK", {"limit": LIMIT})
    if environ["PATH_INFO"] == "/charges" and environ["REQUEST_METHOD"] == "POST":
        charge = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        if charge["amount"] > SLOW:
            time.sleep(2)
        return respond(start_response, "201 Created", {"charged": charge["amount"]})
    return respond(start_response, "404 Not Found", {"error": "unknown address"})


def respond(start_response, status, value):
    body = json.dumps(value).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
