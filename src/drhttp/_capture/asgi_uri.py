"""Builds the absolute URI of a request from the ASGI scope, percent-encoded so that no byte is lost.

By the specification, `path` and `raw_path` are the whole target of the request, with the root path if the client sent
it. So nothing is put in front: servers that leave it out, and applications that set one, do so because a proxy has
removed it, or will add it to links.
"""

from __future__ import annotations

from drhttp._capture.uri import DEFAULT_PORTS, HOST_SAFE, PATH_SAFE, QUERY_SAFE, encoded

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


def absolute_uri(scope: Mapping[str, Any], host: str | None) -> str:
    """The URI with scheme, host, path and query, as the client sent it if the server passes that on.

    host: the header field; without it, the address of the server is taken.
    """
    scheme = scope.get("scheme") or "http"
    query = (scope.get("query_string") or b"").decode("latin-1")
    uri = f"{scheme}://{encoded(host or _server(scope, scheme), HOST_SAFE)}{_path(scope)}"
    return f"{uri}?{encoded(query, QUERY_SAFE)}" if query else uri


def encoded_path(scope: Mapping[str, Any]) -> str:
    """The path, percent-encoded in one form whatever form the client chose."""
    path = _path(scope)
    return path if "%" not in path else encoded(_decoded(path), PATH_SAFE)


def is_below(scope: Mapping[str, Any], root: str) -> bool:
    """Whether the path of a request begins with a decoded path."""
    return f"{_decoded(_path(scope))}/".startswith(f"{_latin(root).rstrip('/')}/")


def _path(scope: Mapping[str, Any]) -> str:
    """The path as the client sent it if the server passes that on, otherwise encoded again."""
    raw = scope.get("raw_path")
    if raw:
        sent: str = raw.decode("latin-1").partition("?")[0]
        if sent.startswith("/"):
            return encoded(sent, PATH_SAFE + "%")
    path = _latin(scope.get("path") or "/")
    return encoded(path if path.startswith("/") else f"/{path}", PATH_SAFE)


def _decoded(path: str) -> str:
    """Decode a percent-encoded path to a text whose characters are its bytes."""
    if "%" not in path:
        return path
    from drhttp._percent import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


def _latin(text: str) -> str:
    """A text whose characters are the bytes of its UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def _server(scope: Mapping[str, Any], scheme: str) -> str:
    name, port = _pair(scope.get("server"))
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return name if port is None or str(port) == DEFAULT_PORTS.get(scheme) else f"{name}:{port}"


def _pair(server: Iterable[Any] | None) -> tuple[str, Any]:
    """Host and port of the server; the path of a Unix socket has no port."""
    name, port, *_ = (*(server or ()), None, None)
    return str(name or ""), port
