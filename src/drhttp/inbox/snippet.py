"""A recorded request as a command line or a program that sends it again.

Captured text ends up in a shell: every word is quoted for it, and bytes that are not plain text travel as base64.
"""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass, replace

from drhttp.inbox.exchange import Exchange, Headers, Message
from drhttp.inbox.view import masking
from drhttp.inbox.view.bodies import shown

LARGEST = 100_000
"""Bytes of a body that fit in a command."""
KINDS = ("curl", "python", "httpie")
_DROPPED = {"content-length", "host", "connection", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Snippet:
    """complete: whether it sends what was recorded. masked: how many values it hides."""

    text: str
    complete: bool
    masked: int
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Headers
    body: bytes


def snippet(exchange: Exchange, kind: str, *, reveal: bool) -> Snippet:
    """Write the request down. kind: one of `KINDS`. reveal: with the values that are masked on display."""
    message, remarks = exchange.request, []
    told = masking.headers(message.headers, reveal=reveal)
    masked = sum(hidden for _, _, hidden in told)
    body, count = _body(message, reveal=reveal)
    query = masking.query(exchange.summary.query, reveal=reveal)
    masked += count + (query != exchange.summary.query)
    if message.truncated or message.omitted:
        remarks.append("The body was not recorded whole.")
    if message.redacted:
        remarks.append("The recorder masked values in the body.")
    if len(body) > LARGEST:
        body = b""
        remarks.append(f"The body is larger than {LARGEST:,} bytes and left out; download it.")
    url = replace(exchange.summary, query=query).url
    headers = tuple((name, value) for name, value, _ in told if _is_sent(name, value, message))
    request = _Request(exchange.summary.method or "GET", url, headers, body)
    write = {"curl": _curl, "python": _python, "httpie": _httpie}[kind]
    return Snippet(write(request), not remarks and not masked, masked, tuple(remarks))


def _body(message: Message, *, reveal: bool) -> tuple[bytes, int]:
    """The bytes; masked only where something is to be masked, or decoding would change what was sent."""
    view = shown(message, reveal=reveal)
    if view.masked and view.text is not None:
        return view.text.encode("utf-8", "replace"), view.masked
    return (b"" if view.masked else message.body or b""), view.masked


def _is_sent(name: str, value: str, message: Message) -> bool:
    if name.lower() == "content-encoding" and (message.decoded or message.parsed):
        return False
    return name.lower() not in _DROPPED and not set(name + value) & set("\r\n\0")


def _plain(body: bytes) -> str | None:
    """The body as text that survives a shell, if it is one."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if any(char < " " and char not in "\n\t" for char in text) else text


def _field(name: str, value: str) -> str:
    # With a colon and nothing behind it curl would take the header away; a semicolon sends it empty.
    return f"{name}: {_readable(value)}" if value else f"{name};"


def _readable(value: str) -> str:
    """Header bytes as the text whose UTF-8 form they are, where they are one."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _curl(request: _Request) -> str:
    words = [["curl", "--path-as-is", "--globoff", *_method(request)], [shlex.quote(request.url)]]
    words += [["-H", shlex.quote(_field(name, value))] for name, value in request.headers]
    names = {name.lower() for name, _ in request.headers}
    # What curl would add by itself was not in the request.
    words += [["-H", shlex.quote(f"{name}:")] for name in ("User-Agent", "Accept") if name.lower() not in names]
    if not request.body:
        return _lines(words)
    if "content-type" not in names:
        words.append(["-H", "Content-Type:"])
    text = _plain(request.body)
    if text is not None:
        return _lines([*words, ["--data-raw", shlex.quote(text)]])
    packed = base64.b64encode(request.body).decode()
    return f"printf %s {packed} | base64 -d | {_lines([*words, ['--data-binary', '@-']])}"


def _method(request: _Request) -> list[str]:
    if request.method == "HEAD":
        return ["--head"]
    return ["-X", shlex.quote(request.method)]


def _httpie(request: _Request) -> str:
    words = [["http", "--ignore-stdin", "--path-as-is", shlex.quote(request.method), shlex.quote(request.url)]]
    for name, value in request.headers:
        # A colon within the name cannot be, and an equals sign or at sign in the value would mean something else
        # without the backslash only before the first colon, which the name excludes.
        item = f"{name}:{_readable(value)}" if value else f"{name};"
        words.append([shlex.quote(item)])
    if not request.body:
        return _lines(words)
    text = _plain(request.body)
    if text is not None:
        return _lines([*words, ["--raw", shlex.quote(text)]])
    packed = base64.b64encode(request.body).decode()
    words[0].remove("--ignore-stdin")
    return f"printf %s {packed} | base64 -d | {_lines(words)}"


def _python(request: _Request) -> str:
    text = _plain(request.body)
    body = repr(request.body) if text is None else f"{text!a}.encode()"
    lines = [
        "import urllib.request",
        "",
        "request = urllib.request.Request(",
        f"    {request.url!a},",
        *([f"    data={body},"] if request.body else []),
        f"    method={request.method!a},",
        ")",
        *(f"request.add_header({name!a}, {value!a})" for name, value in _joined(request.headers)),
        "with urllib.request.urlopen(request) as response:",
        "    print(response.status, response.read())",
    ]
    return "\n".join(lines)


def _joined(headers: Headers) -> list[tuple[str, str]]:
    """Repeated fields in one, because urllib keeps one of each."""
    joined: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        known = joined.get(name.lower())
        mark = "; " if name.lower() == "cookie" else ", "
        joined[name.lower()] = (name, value if known is None else f"{known[1]}{mark}{value}")
    return list(joined.values())


def _lines(words: list[list[str]]) -> str:
    return " \\\n  ".join(" ".join(group) for group in words)
