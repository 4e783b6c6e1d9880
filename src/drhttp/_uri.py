"""The absolute URI of a request, from the WSGI environ (PEP 3333): percent-encoded, so that no byte is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

# RFC 3986: what may stand in a path, in a query (which comes encoded already, hence the %), and in a host.
_PATH = "/~!$&'()*+,;=:@"
_QUERY = _PATH + '?%[]{}|^`\\<>"'
_HOST = "[]:~!$&'()*+,;=%"
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def absolute_uri(environ: Mapping[str, str]) -> str:
    """Scheme, host, path and query as the client sent them, as far as the server tells."""
    scheme = environ.get("wsgi.url_scheme", "http")
    query = environ.get("QUERY_STRING", "")
    uri = f"{scheme}://{quote(_bytes(_host(environ, scheme)), _HOST)}{_path(environ)}"
    return f"{uri}?{quote(_bytes(query), _QUERY)}" if query else uri


def encoded_path(environ: Mapping[str, str]) -> str:
    """The whole path, mount point included, percent-encoded; it begins with a slash, also for `OPTIONS *`."""
    path = quote(_bytes(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")), _PATH)
    return path if path.startswith("/") else f"/{path}"


def encoded_pattern(pattern: str) -> str:
    """A shell-style pattern of paths, written in the way in which `encoded_path` writes paths."""
    plain = re.sub("%[0-9A-Fa-f]{2}", lambda escape: quote(unquote_to_bytes(escape[0]), _PATH), pattern)
    return quote(plain, _PATH + "?[]%")


def _path(environ: Mapping[str, str]) -> str:
    """The path in the client's own encoding where the server hands it on and nobody rewrote it, else encoded anew."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    raw = target.partition("?")[0]
    decoded = _bytes(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
    if raw.startswith("/") and unquote_to_bytes(_bytes(raw)) == decoded:
        return quote(_bytes(raw), _PATH + "%")
    return encoded_path(environ)


def _host(environ: Mapping[str, str], scheme: str) -> str:
    host = environ.get("HTTP_HOST")
    if host:
        return host
    name, port = environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", "")
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return name if not port or port == _DEFAULT_PORTS.get(scheme) else f"{name}:{port}"


def _bytes(text: str) -> bytes:
    """The bytes behind a WSGI string: latin-1, but some servers put in what they should not."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
