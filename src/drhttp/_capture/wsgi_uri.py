"""Builds the absolute URI of a request from the WSGI environ (PEP 3333), percent-encoded so that no byte is lost."""

from __future__ import annotations

from drhttp._capture.uri import DEFAULT_PORTS, HOST_SAFE, PATH_SAFE, QUERY_SAFE, encoded, wsgi_bytes

TYPE_CHECKING = False  # type checkers treat it as true; `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Mapping


def absolute_uri(environ: Mapping[str, str]) -> str:
    """The URI with scheme, host, path and query, as the client sent it if the server passes that on."""
    scheme = environ.get("wsgi.url_scheme", "http")
    query = environ.get("QUERY_STRING", "")
    host = environ.get("HTTP_HOST") or _server_name(environ, scheme)
    uri = f"{scheme}://{encoded(host, HOST_SAFE)}{_path(environ)}"
    return f"{uri}?{encoded(query, QUERY_SAFE)}" if query else uri


def encoded_path(environ: Mapping[str, str]) -> str:
    """The percent-encoded path with its mount point (`SCRIPT_NAME`). It begins with a slash, also for `OPTIONS *`."""
    path = encoded(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), PATH_SAFE)
    return path if path.startswith("/") else f"/{path}"


def _path(environ: Mapping[str, str]) -> str:
    """The path as the client encoded it, if the server passes it on and no middleware changed it; otherwise encoded."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    raw = target.partition("?")[0]
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    if raw == path and "%" not in path and path.startswith("/"):  # as it is mostly
        return encoded(path, PATH_SAFE)
    if raw.startswith("/") and _decoded(raw) == wsgi_bytes(path):
        return encoded(raw, PATH_SAFE + "%")
    return encoded_path(environ)


def _server_name(environ: Mapping[str, str], scheme: str) -> str:
    """The host of a request that names none."""
    name, port = environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", "")
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return name if not port or port == DEFAULT_PORTS.get(scheme) else f"{name}:{port}"


def _decoded(text: str) -> bytes:
    """Decode percent-encoded text to bytes."""
    if "%" not in text:
        return wsgi_bytes(text)
    from drhttp._percent import unquote_to_bytes

    return unquote_to_bytes(wsgi_bytes(text).decode("latin-1"))
