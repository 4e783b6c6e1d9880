"""Every way in which text from outside reaches masking, from the exchange to the encoded record."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

from drhttp import _json_document
from drhttp._capture.body_tap import RequestBodyCapture, Tap
from drhttp._capture.wsgi_exchange import WSGIExchange
from drhttp._config import Config
from drhttp._delivery.record_exporter import RecordExporter
from drhttp._redact.detect import check_digits

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 64 * 1024
CONFIG = Config.load("http://key@127.0.0.1:9/", {}, {})
assert CONFIG is not None

# By CGI variable: header fields masked by their form, by their name, and by their content.
_REQUEST_FIELDS = (
    "X_NOTE", "X_API_KEY", "X_MAX_TOKENS", "AUTHORIZATION", "COOKIE", "WWW_AUTHENTICATE", "SEC_WEBSOCKET_PROTOCOL",
    "HOST", "LINK", "REFERER", "X_ORIGINAL_URL", "IF_MODIFIED_SINCE", "X_QUERY_STRING", "USER_AGENT", "TRACEPARENT",
    "X_FORWARDED_FOR", "FORWARDED", "PERMISSIONS_POLICY", "ACCEPT", "CONTENT_TYPE", "CONTENT_ENCODING",
)  # fmt: skip
_RESPONSE_FIELDS = (
    "set-cookie", "location", "www-authenticate", "content-disposition", "refresh", "link", "expires", "server-timing",
)  # fmt: skip


def exchange(
    text: bytes | None = None,
    kind: str = "",
    *,
    fields: dict[str, str] | None = None,
    answered: list[tuple[str, str]] | None = None,
    failure: str | None = None,
    declared: int | None = None,
    **others: str,
) -> WSGIExchange:
    """Make a finished exchange: a GET without a text, or a POST with it as the body.

    fields: further CGI variables. declared: the length of the body, if it is not the real one.
    """
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "SERVER_NAME": "a.example", "SERVER_PORT": "80",
        "PATH_INFO": "/", "REMOTE_ADDR": "127.0.0.1", **(fields or {}),
    }  # fmt: skip
    request_body = None
    if text is not None:
        request_body = RequestBodyCapture(
            len(text)
        )  # some are a little longer than 64 KiB, with the text around the run
        request_body.note(text)
        request_body.exhausted = declared is None
        environ |= {"REQUEST_METHOD": "POST", "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(declared or len(text))}
    made = WSGIExchange(environ, request_body, Tap(SIZE))
    made.status, made.headers = "200 OK", answered or []
    made.user, made.device = others.get("user"), others.get("device")
    if failure is not None:
        made.failed(ValueError(failure))
    made.finish(complete=True)
    return made


def _utf8(text: str) -> bytes:
    """Encode a text, cut to 64 KiB."""
    content = text.encode("utf-8", "replace")
    return content if len(content) <= SIZE else content[:SIZE].decode("utf-8", "ignore").encode()


def _latin(text: str) -> str:
    """Return a text as a server passes a header field: one character for each byte, without line ends."""
    return _utf8(text).decode("latin-1").replace("\r", " ").replace("\n", " ")


def _field(name: str) -> Callable[[str], WSGIExchange]:
    return lambda text: exchange(fields={f"HTTP_{name}": _latin(text)})


def _answered(name: str) -> Callable[[str], WSGIExchange]:
    return lambda text: exchange(answered=[(name, _latin(text))])


def _body(kind: str, front: str = "", end: str = "", *, cut: bool = False) -> Callable[[str], WSGIExchange]:
    def make(text: str) -> WSGIExchange:
        content = front.encode() + _utf8(text) + end.encode()
        return exchange(content, kind, declared=10 * SIZE if cut else None)

    return make


def _inside(text: str) -> str:
    """Encode a text as the content of a JSON string of about the same length."""
    made = json.dumps(text)[1:-1]
    return made if len(made) <= len(text) else json.dumps(text[: len(text) * len(text) // len(made)])[1:-1]


def _json(front: str, end: str) -> Callable[[str], WSGIExchange]:
    return lambda text: exchange((front + _inside(text) + end).encode(), "application/json")


def _json_in_json(text: str) -> WSGIExchange:
    def made(part: str) -> str:
        return json.dumps({"a": json.dumps({"b": part})})

    return exchange(made(text[: len(text) * len(text) // len(made(text))]).encode(), "application/json")


def _parted(head: str) -> Callable[[str], WSGIExchange]:
    """Make a part of a multipart form with the text in place of `{}`."""

    def make(text: str) -> WSGIExchange:
        content = f"--B\r\n{head}\r\n--B--\r\n".replace("{}", _utf8(text)[:-100].decode("utf-8", "ignore"))
        return exchange(_utf8(content), "multipart/form-data; boundary=B")

    return make


def _lines(text: str) -> WSGIExchange:
    line = text[:400]
    one = json.dumps({"a": line}) + "\n"
    return exchange((one * max(1, len(text) // len(one))).encode(), "application/x-ndjson")


def _members(text: str) -> WSGIExchange:
    """Split a text into JSON names of 40 characters."""
    names = [_inside(text[at : at + 40]) for at in range(0, len(text), 60)]
    members = [f'"{at}{name}":1' for at, name in enumerate(names)]
    share = min(1.0, len(text) / sum(map(len, members)))
    return exchange(f"{{{','.join(members[: int(len(members) * share)])}}}".encode(), "application/json")


def _many_fields(text: str) -> WSGIExchange:
    """Split a text over many header fields; a server accepts a hundred of 8 KiB."""
    step = max(1, len(text) // 90)
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    return exchange(fields={f"HTTP_X_A{at}": _latin(piece) for at, piece in enumerate(pieces)})


def _packed(coding: str, pack: Callable[[bytes], bytes], kind: str) -> Callable[[str], WSGIExchange]:
    def make(text: str) -> WSGIExchange:
        return exchange(pack(_utf8(text)), kind, fields={"HTTP_CONTENT_ENCODING": coding})

    return make


ENTRIES: dict[str, Callable[[str], WSGIExchange]] = {
    **{f"request field {name.lower()}": _field(name) for name in _REQUEST_FIELDS},
    **{f"response field {name}": _answered(name) for name in _RESPONSE_FIELDS},
    "field of a header name": lambda text: exchange(fields={f"HTTP_{_latin(text)}": "a"}),
    "many fields": _many_fields,
    "cookie value": lambda text: exchange(fields={"HTTP_COOKIE": f"a={_latin(text)}"}),
    "path": lambda text: exchange(fields={"PATH_INFO": "/" + _latin(text)}),
    "path behind a name": lambda text: exchange(fields={"PATH_INFO": "/reset/token/" + _latin(text)}),
    "query": lambda text: exchange(fields={"QUERY_STRING": _latin(text)}),
    "query value": lambda text: exchange(fields={"QUERY_STRING": "a=" + _latin(text)}),
    "method": lambda text: exchange(fields={"REQUEST_METHOD": _latin(text)}),
    "form": _body("application/x-www-form-urlencoded"),
    "form value": _body("application/x-www-form-urlencoded", "a="),
    "cut form": _body("application/x-www-form-urlencoded", cut=True),
    "json": _body("application/json"),
    "json array": _body("application/json", "[", "]"),
    "json string": _json('{"a": "', '"}'),
    "json message": _json('{"message": "', '"}'),
    "json name": _json('{"', '": 1}'),
    "json names": _members,
    "json secret": _json('{"password": "', '"}'),
    "json beside a name": _json('{"name": "password", "value": "', '"}'),
    "json in json": _json_in_json,
    "cut json": _body("application/json", '{"a": [', cut=True),
    "cut json string": _body("application/json", '{"a": "', cut=True),
    "graphql": _json('{"query": "mutation { login(password: $p) { ', ' } }", "variables": {"p": "abc"}}'),
    "ndjson": _body("application/x-ndjson"),
    "ndjson lines": _lines,
    "multipart": _body("multipart/form-data; boundary=B"),
    "multipart field": _parted('Content-Disposition: form-data; name="a"\r\n\r\n{}'),
    "multipart head": _parted("Content-Disposition: form-data; {}\r\n\r\na"),
    "multipart secret file": _parted('Content-Disposition: form-data; name="token"; filename="{}"\r\n\r\na'),
    "multipart file": _parted('Content-Disposition: form-data; name="a"; filename="b"\r\n\r\n{}'),
    "multipart coded": _parted("A: b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}"),
    "multipart boundary": lambda text: exchange(b"--B\r\n\r\n--B--", "multipart/mixed; boundary=" + _latin(text)),
    "multipart undeclared": _body("", '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "\r\n--B--\r\n"),
    "xml": _body("application/xml", "<a>", "</a>"),
    "xml attribute": _body("application/xml", '<a b="', '"/>'),
    "xml secret": _body("application/xml", "<a><token>", "</token></a>"),
    "cut xml": _body("application/xml", "<a>", cut=True),
    "html": _body("text/html"),
    "html tag": _body("text/html", "<a ", ">"),
    "html table": _body("text/html", "<table><tr><th>Password</th></tr><tr><td>", "</td></tr></table>"),
    "html roles": _body(
        "text/html", "<p role=row><b role=columnheader>Token</b></p><p role=row><b role=cell>", "</b></p>"
    ),
    "html label": _body("text/html", "<b>Password</b>: ", "<div>Password</div><div>a1</div>"),
    "html script": _body("text/html", "<script>", "</script>"),
    "cut html": _body("text/html", cut=True),
    "event stream": _body("text/event-stream"),
    "event data": _body("text/event-stream", "data: ", "\n\n"),
    "csv": _body("text/csv"),
    "csv rows": _body("text/csv", "id,password,note\n"),
    "tsv": _body("text/tab-separated-values", "id\tpassword\tnote\n"),
    "text of one column": _body("text/plain", "password\n"),
    "spreadsheet": _body("text/xml", "<Table><Row><Cell>Password</Cell></Row><Row><Cell>", "</Cell></Row></Table>"),
    "plain text": _body("text/plain"),
    "plain text behind a name": _body("text/plain", "password: "),
    "cut text": _body("text/plain", cut=True),
    "javascript": _body("text/javascript"),
    "untyped": _body(""),
    "binary": lambda text: exchange(b"\xff\x00\x01" * (len(text) // 12) + _utf8(text[: len(text) * 3 // 4])),
    "image": lambda text: exchange(b"\x89PNG\xff" + _utf8(text), "image/png"),
    "latin-1": _body("text/plain; charset=latin-1"),
    "utf-16": lambda text: exchange(text[: len(text) // 2].encode("utf-16", "replace"), "text/plain; charset=utf-16"),
    "wide and undeclared": lambda text: exchange(text[: len(text) // 2].encode("utf-16-le", "replace"), "text/plain"),
    "ebcdic": _body("text/plain; charset=cp037"),
    "gzip": _packed("gzip", gzip.compress, "text/plain"),
    "deflate": _packed("deflate", zlib.compress, "text/html"),
    "gzip and undeclared": _packed("", gzip.compress, "text/plain"),
    "base64 in json": lambda text: exchange(
        b'{"a": "' + base64.b64encode(f'{{"b": "{_inside(text[: len(text) * 3 // 4])}"}}'.encode()) + b'"}',
        "application/json",
    ),
    "exception": lambda text: exchange(failure=text),
    "user": lambda text: exchange(user=text),
    "device": lambda text: exchange(device=text),
}  # fmt: skip


def delivery() -> RecordExporter:
    """Return the worker's exporter, with empty caches."""
    _json_document._known.clear()
    _json_document._derived.clear()
    check_digits._last_clean_text[0] = ""
    return RecordExporter(CONFIG, dict)
