"""The absolute URI of a request, from the WSGI environ (PEP 3333): percent-encoded, so that no byte is lost.

`urllib.parse` is loaded where something has to be encoded: it is slow to load, and most paths are plain.
"""

from __future__ import annotations

TYPE_CHECKING = False  # for type checkers, who take it for true: `typing` is slow to load

if TYPE_CHECKING:
    from collections.abc import Mapping

# RFC 3986: what may stand as it is everywhere, in a path, in a query (which comes encoded already, hence the %), and in
# a host.
_UNRESERVED = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~"
_PATH = _UNRESERVED + "/!$&'()*+,;=:@"
_QUERY = _PATH + '?%[]{}|^`\\<>"'
_HOST = _UNRESERVED + "[]:!$&'()*+,;=%"
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def absolute_uri(environ: Mapping[str, str]) -> str:
    """Scheme, host, path and query as the client sent them, as far as the server tells."""
    scheme = environ.get("wsgi.url_scheme", "http")
    query = environ.get("QUERY_STRING", "")
    uri = f"{scheme}://{_encoded(_host(environ, scheme), _HOST)}{_path(environ)}"
    return f"{uri}?{_encoded(query, _QUERY)}" if query else uri


def encoded_path(environ: Mapping[str, str]) -> str:
    """The whole path, mount point included, percent-encoded; it begins with a slash, also for `OPTIONS *`."""
    path = _encoded(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), _PATH)
    return path if path.startswith("/") else f"/{path}"


def encoded_pattern(pattern: str) -> str:
    """A shell-style pattern of paths, written in the way in which `encoded_path` writes paths."""
    import re
    from urllib.parse import quote, unquote_to_bytes

    plain = re.sub("%[0-9A-Fa-f]{2}", lambda escape: quote(unquote_to_bytes(escape[0]), _PATH), pattern)
    return quote(plain, _PATH + "?[]%")


def _path(environ: Mapping[str, str]) -> str:
    """The path in the client's own encoding where the server hands it on and nobody rewrote it, else encoded anew."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    raw = target.partition("?")[0]
    if raw.startswith("/") and _decoded(raw) == _bytes(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")):
        return _encoded(raw, _PATH + "%")
    return encoded_path(environ)


def _host(environ: Mapping[str, str], scheme: str) -> str:
    host = environ.get("HTTP_HOST")
    if host:
        return host
    name, port = environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT", "")
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return name if not port or port == _DEFAULT_PORTS.get(scheme) else f"{name}:{port}"


def _encoded(text: str, safe: str) -> str:
    """Percent-encoded, but for the characters that are safe."""
    if not text.strip(safe):
        return text  # the quickest way to see that there are no others
    from urllib.parse import quote

    return quote(_bytes(text), safe)


def _decoded(text: str) -> bytes:
    """The bytes behind percent-encoded text."""
    if "%" not in text:
        return _bytes(text)
    from drhttp._percent import unquote_to_bytes

    return unquote_to_bytes(_bytes(text).decode("latin-1"))


def _bytes(text: str) -> bytes:
    """The bytes behind a WSGI string: latin-1, but some servers put in what they should not."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
