"""Formats a recorded request as a curl or HTTPie command, or a Python program, that sends the same bytes.

The text ends up in a shell: every word is quoted, and binary data is encoded as base64. What a program cannot send
unchanged becomes a remark, and the command is not complete.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from drhttp.inbox import mask_detection
from drhttp.inbox.coerce import header
from drhttp.inbox.exchange import Exchange, Headers, Summary
from drhttp.inbox.view.masked_exchange import masked
from drhttp.inbox.view.masking import MASK

MAX_BODY = 100_000
"""Maximum bytes of a body in a command."""
KINDS = ("curl", "python", "httpie")
_DROPPED = {"connection", "content-length", "expect", "host", "transfer-encoding"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ESCAPED = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*")
_UNRESERVED = re.compile(r"%(?:2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])")
_NOT_EXPRESSIBLE = re.compile(r"(?<!\\)\\(?:\\\\)*[:;=@]")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A command. complete: whether it sends the recorded request unchanged. masked: number of hidden values."""

    text: str
    complete: bool
    masked: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    scheme: str
    host: str
    target: str
    headers: Headers
    body: bytes

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.target if self.target[:1] == '/' else '/'}"

    @property
    def names(self) -> set[str]:
        return {name.lower() for name, _ in self.headers}


def snippet(exchange: Exchange, kind: str, *, reveal: bool) -> Snippet:
    """Format the request. kind: one of `KINDS`. reveal: include values that are hidden on display."""
    displayed = masked(exchange, reveal=reveal)
    message, remarks = displayed.request, _recorded(exchange)
    masks = [remark for remark in remarks if "masked" in remark]
    count = message.hidden - exchange.request.hidden + (displayed.summary.target != exchange.summary.target)
    pairs = zip(message.headers, exchange.request.headers, strict=True)
    count += sum(shown != sent for shown, sent in pairs)
    body = message.body or b""
    if len(body) > MAX_BODY:
        body = b""
        remarks.append(f"The body was left out because it is larger than {MAX_BODY:,} bytes. Download it instead.")
    coded = message.decoded or message.parsed or message.hidden > exchange.request.hidden
    if not displayed.summary.host:
        remarks.append("The host was not recorded.")
    if displayed.summary.scheme.lower() not in {"http", "https", ""}:
        remarks.append(f"The recorded URL begins with {displayed.summary.scheme}://; this request is sent by HTTP.")
    request = _Request(
        method=displayed.summary.method if _TOKEN.fullmatch(displayed.summary.method) else "GET",
        scheme=displayed.summary.scheme.lower() if displayed.summary.scheme.lower() in {"http", "https"} else "http",
        host=displayed.summary.host.rpartition("@")[2] or "localhost",
        target=_target(displayed.summary),
        headers=_sent(displayed, coded=bool(coded)),
        body=body,
    )
    write: dict[str, Callable[[_Request, list[str]], str]] = {"curl": _curl, "python": _python, "httpie": _httpie}
    text = "".join(f"# {line}\n" for line in _comments(masks, count)) + write[kind](request, remarks)
    return Snippet(text, not remarks and not count, count, tuple(remarks))


def _recorded(exchange: Exchange) -> list[str]:
    """What was not recorded as it was sent."""
    message, remarks = exchange.request, []
    if message.truncated or message.omitted:
        remarks.append("The body was not recorded in full.")
    if message.hidden:
        remarks.append("Values in the body were masked during export.")
    elif mask_detection.in_body(message):
        remarks.append("The recorder masked values in the body.")
    if mask_detection.in_headers(exchange) or mask_detection.in_unknown_headers(exchange):
        remarks.append("The recorder masked header values.")
    if mask_detection.in_address(exchange):
        remarks.append("The recorder masked values in the URL.")
    return remarks


def _comments(masks: list[str], hidden: int) -> list[str]:
    """Say in the command itself that it does not send what was sent: whoever runs it may not have seen the page."""
    lines = [f"{remark} Replace each mask by a value before you run this." for remark in masks]
    if hidden:
        some = "1 value is" if hidden == 1 else f"{hidden:,} values are"
        lines.append(f"{some} hidden here as {MASK}. Show the hidden values in the inbox, and copy again.")
    return lines


def _target(summary: Summary) -> str:
    """Path and query; what cannot stand in a request line is percent-encoded, as it must have been."""
    whole = summary.target or "/"
    whole = f"/{whole}" if whole.startswith("?") else whole
    return "".join(char if "!" <= char <= "~" else "".join(f"%{one:02X}" for one in char.encode()) for char in whole)


def _sent(exchange: Exchange, *, coded: bool) -> Headers:
    """The header fields but for those that a client makes itself; Host only where it is not that of the address."""
    pairs = [(name, value) for name, value in exchange.request.headers if name.lower() not in _DROPPED]
    if coded:
        pairs = [(name, value) for name, value in pairs if name.lower() != "content-encoding"]
    host = header(exchange.request.headers, "host")
    if host and host.lower() != exchange.summary.host.lower():
        pairs.insert(0, ("Host", host))
    return tuple((name, value) for name, value in pairs if _TOKEN.fullmatch(name) and not set(value) & set("\r\n\0"))


def _plain(body: bytes) -> str | None:
    """The body as text that survives a shell and a terminal, if it is one."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char in "\n\t" for char in text) else None


def _word(raw: bytes) -> str:
    """Bytes as one word of bash."""
    text = _plain(raw)
    if text is not None and "\n" not in text and "\t" not in text:
        return shlex.quote(text)
    letters = [chr(byte) if 32 <= byte < 127 and chr(byte) not in "\\'" else f"\\x{byte:02x}" for byte in raw]
    return f"$'{''.join(letters)}'"


def _curl(request: _Request, remarks: list[str]) -> str:
    # With a coding that was asked for, the response would be unreadable in the terminal.
    decoded = ["--compressed"] if "accept-encoding" in request.names else []
    words = [["curl", "--path-as-is", "--globoff", *decoded, *_method(request, remarks)], [shlex.quote(request.url)]]
    if request.target[:1] != "/" or "#" in request.target:
        words.append(["--request-target", shlex.quote(request.target)])
    for name, value in request.headers:
        # With a colon and nothing behind it curl would take the header away; a semicolon sends it empty.
        field = f"{name}: {value}" if value else f"{name};"
        words.append(["-H", _word(field.encode("latin-1", "replace"))])
    # What curl would add by itself was not in the request.
    words += [["-H", shlex.quote(f"{name}:")] for name in ("User-Agent", "Accept") if name.lower() not in request.names]
    if not request.body or request.method == "HEAD":
        return _lines(words)
    if "content-type" not in request.names:
        words.append(["-H", "Content-Type:"])
    return _with_body(words, request.body, ["--data-raw", "{}"], ["--data-binary", "@-"])


def _method(request: _Request, remarks: list[str]) -> list[str]:
    if request.method != "HEAD":
        return ["-X", shlex.quote(request.method)]
    if request.body:
        remarks.append("curl does not send a body with HEAD.")
    return ["--head"]


def _with_body(words: list[list[str]], body: bytes, as_text: list[str], as_bytes: list[str]) -> str:
    text = _plain(body)
    if text is not None:
        return _lines([*words, [word.replace("{}", shlex.quote(text)) for word in as_text]])
    packed = base64.b64encode(body).decode()
    return f"printf %s {packed} | base64 -d | {_lines([*words, as_bytes] if as_bytes else words)}"


def _httpie(request: _Request, remarks: list[str]) -> str:
    if not (request.method.isalpha() and request.method.isupper()):
        remarks.append("HTTPie supports uppercase methods only.")
    query = request.target.partition("?")[2]
    if not _ESCAPED.fullmatch(request.target) or _UNRESERVED.search(query) or request.target[-1] == "?":
        remarks.append("HTTPie percent-encodes the URL differently.")
    items, lost = [], []
    for name, value in request.headers:
        item = _item(name, value)
        if item is None:
            lost.append(name)
        else:
            items.append([shlex.quote(item)])
    if lost:
        remarks.append(f"HTTPie cannot send these headers unchanged: {', '.join(lost)}.")
    unwanted = ["User-Agent", "Accept", "Accept-Encoding", *(["Content-Type"] if request.body else [])]
    items += [[shlex.quote(f"{name}:")] for name in unwanted if name.lower() not in request.names]
    first = ["http", "--path-as-is", request.method, shlex.quote(request.url)]
    if request.body and _plain(request.body) is None:
        return _with_body([first, *items], request.body, [], [])
    first.insert(1, "--ignore-stdin")
    return _with_body([first, *items], request.body, ["--raw={}"], []) if request.body else _lines([first, *items])


def _item(name: str, value: str) -> str | None:
    r"""A header field in HTTPie's language, if it can be said in it: ``name:value``, where ``\`` spares ``:;=@``."""
    try:
        text = value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None
    if _NOT_EXPRESSIBLE.search(text) or name[:1] == "-":
        return None
    if not text.strip():
        return f"{name};"
    # Behind the colon these would ask for JSON or for a file.
    return f"{name}:\\{text}" if text[0] in ":;=@" else f"{name}:{text}"


def _python(request: _Request, remarks: list[str]) -> str:
    text = _plain(request.body)
    body = repr(request.body) if text is None else f"{text!a}.encode()"
    fields = list(request.headers)
    if "host" not in request.names:
        fields.insert(0, ("Host", request.host))
    if request.body:
        fields.append(("Content-Length", str(len(request.body))))
    lines = [
        "import http.client",
        "",
        f"connection = http.client.{request.scheme.upper()}Connection({request.host!a})",
        f"connection.putrequest({request.method!a}, {request.target!a}, skip_host=True, skip_accept_encoding=True)",
        *(f"connection.putheader({name!a}, {value!a})" for name, value in fields),
        f"connection.endheaders({body if request.body else ''})",
        "response = connection.getresponse()",
        "print(response.status, response.read())",
        "connection.close()",
    ]
    return "\n".join(lines)


def _lines(words: list[list[str]]) -> str:
    return " \\\n  ".join(" ".join(group) for group in words)
