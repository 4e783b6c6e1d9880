"""What the URIs of WSGI and ASGI share: percent-encoding by RFC 3986, and the default ports.

`urllib.parse` is loaded only when a character has to be encoded, because it is slow to load.
"""

from __future__ import annotations

# RFC 3986: the characters that need no encoding anywhere, in a path, in a query (which arrives encoded, hence the %),
# and in a host.
_UNRESERVED = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~"
PATH_SAFE = _UNRESERVED + "/!$&'()*+,;=:@"
QUERY_SAFE = PATH_SAFE + '?%[]{}|^`\\<>"'
HOST_SAFE = _UNRESERVED + "[]:!$&'()*+,;=%"
DEFAULT_PORTS = {"http": "80", "https": "443"}


def encoded(text: str, safe: str) -> str:
    """Percent-encode all characters that are not safe."""
    if not text.strip(safe):
        return text  # the fastest check that all characters are safe
    from urllib.parse import quote

    return quote(wsgi_bytes(text), safe)


def wsgi_bytes(text: str) -> bytes:
    """Encode a WSGI string to bytes: as latin-1, or as UTF-8 for servers that violate PEP 3333."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
