"""Whether a WSGI server has sent status and headers, so that the client saw the status that the application chose."""

from __future__ import annotations

from drhttp._process.uwsgi import in_uwsgi

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from drhttp._capture.wsgi_exchange import WSGIExchange

_SEND_WITH_EMPTY_BLOCK = ("gunicorn/", "Werkzeug/", "WSGIServer/")  # starts of SERVER_SOFTWARE


def headers_sent(exchange: WSGIExchange) -> bool:
    """Whether a WSGI server has sent status and headers.

    It sends them with the first block that is not empty (PEP 3333), and some servers also with an empty one; at the
    latest after the last block, which is before `close` except in waitress. If the application fails earlier, most
    servers send an error instead. uWSGI does not if `start_response` was called, and Cheroot does not if the
    application returned.
    """
    body = exchange.response_body
    if exchange.written or body.size:
        return True
    software = exchange.environ.get("SERVER_SOFTWARE", "")
    if exchange.complete and not software.startswith("waitress"):
        return True
    if body.empty and software.startswith(_SEND_WITH_EMPTY_BLOCK):
        return True
    if body.invalid is not None and _sends_before(body.invalid, software):
        return True
    return bool(exchange.status) and (in_uwsgi() or ("Cheroot/" in software and not exchange.raised))


def _sends_before(invalid: str, software: str) -> bool:
    """Whether a server sends the headers before it fails at a block that is not bytes. wsgiref checks the type before.

    invalid: the name of the type of the block. Most servers find out that text is not bytes when they write it, behind
    the headers.
    """
    if software.startswith("WSGIServer/"):
        return False
    return invalid == "str" or software.startswith(_SEND_WITH_EMPTY_BLOCK)
