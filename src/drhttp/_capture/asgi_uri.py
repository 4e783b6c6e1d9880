"""Builds the absolute URI of a request from the ASGI scope, percent-encoded so that no byte is lost."""

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
    """The path with its mount point, percent-encoded in one form whatever form the client chose."""
    path = _path(scope)
    if "%" not in path:
        return path
    from urllib.parse import quote

    from drhttp._percent import unquote_to_bytes

    return quote(unquote_to_bytes(path), PATH_SAFE)


def _path(scope: Mapping[str, Any]) -> str:
    """The path as the client sent it if the server passes that on, else encoded anew."""
    root = _latin((scope.get("root_path") or "").rstrip("/"))
    raw = scope.get("raw_path")
    if raw:
        sent: str = raw.decode("latin-1").partition("?")[0]
        if sent.startswith("/"):
            return encoded(_below(encoded(root, PATH_SAFE), sent), PATH_SAFE + "%")
    path = _below(root, _latin(scope.get("path") or "/"))
    return encoded(path if path.startswith("/") else f"/{path}", PATH_SAFE)


def _latin(text: str) -> str:
    """A text whose characters are the bytes of its UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def _below(root: str, path: str) -> str:
    """The path with the root path in front, which some servers have put there already, and others have not."""
    return path if not root or path == root or path.startswith(f"{root}/") else f"{root}{path}"


def _server(scope: Mapping[str, Any], scheme: str) -> str:
    name, port = _pair(scope.get("server"))
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return name if port is None or str(port) == DEFAULT_PORTS.get(scheme) else f"{name}:{port}"


def _pair(server: Iterable[Any] | None) -> tuple[str, Any]:
    """Host and port of the server; the path of a Unix socket has no port."""
    name, port, *_ = (*(server or ()), None, None)
    return str(name or ""), port
