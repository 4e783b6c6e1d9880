"""The data source name: where records go, and the key that opens the door.

`https://KEY@HOST[:PORT][/PATH]`, as the DrHTTP service and the inbox print it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

_FORM = "https://<key>@<host>[:<port>][/<path>]"
_SCHEMES = ("https", "http")
# What RFC 9110 allows in a field value and a key can hold: visible ASCII.
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Dsn:
    """A parsed data source name. Its `repr` and its `url` never hold the key."""

    scheme: str
    host: str
    port: int | None
    path: str
    key: str = field(repr=False)

    @property
    def url(self) -> str:
        """The base address, without the key and without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @classmethod
    def parse(cls, text: str) -> Dsn:
        """Read a DSN; raises `ValueError` with a sentence that does not hold the key."""
        if not isinstance(text, str):
            raise ValueError(f"has to be text like {_FORM}, not {type(text).__name__}")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            reason = _reason(text, error)
            raise ValueError(f"{_masked(text)} cannot be read: {reason}; it has the form {_FORM}") from None
        fault = _fault(text, parts, port)
        if fault:
            raise ValueError(f"{_masked(text)} {fault}; it has the form {_FORM}")
        host, key = parts.hostname or "", unquote(parts.username or "")
        return cls(parts.scheme, host, port, parts.path.rstrip("/"), key)


def _fault(text: str, parts: SplitResult, port: int | None) -> str | None:
    """What is wrong with a DSN that could be split, if anything is."""
    checks = (
        ("://" not in text, "has no scheme"),
        (parts.scheme not in _SCHEMES, f"has the scheme {parts.scheme!r}, allowed are https and http"),
        (any(ord(letter) <= 32 or ord(letter) == 127 for letter in text), "has a space or a control character in it"),
        (not parts.hostname, "has no host"),
        (not parts.username, "has no key"),
        (bool(parts.password), "has a password, but only the key stands before the @"),
        (port == 0, "has the port 0, allowed are 1 to 65535"),
        (bool(parts.query or parts.fragment), "has a query or a fragment, which a DSN cannot have"),
        (not _KEY.fullmatch(unquote(parts.username or "-")), "has a key with characters outside of visible ASCII"),
    )
    return next((sentence for wrong, sentence in checks if wrong), None)


def _reason(text: str, error: ValueError) -> str:
    """The parser's own words where they are sure not to quote the key: about the port, which stands behind it."""
    return str(error) if "ort " in str(error) and "@" in text else "the host or the port is malformed"


def _masked(text: str) -> str:
    """The DSN as it may be shown: what could be the key is replaced."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", text
    _, at, place = rest.rpartition("@")
    if at:
        return repr(f"{scheme}{separator}***@{place}")
    host = rest.partition("/")[0]
    # Without an @ the key may stand anywhere; a name with a dot, a port or "localhost" is a host.
    shown = host if re.fullmatch(r"[\w.-]*\.[\w.-]+(:\d+)?|localhost(:\d+)?", host) else "***" if host else ""
    return repr(f"{scheme}{separator}{shown}")
