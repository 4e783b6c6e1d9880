"""The data source name (DSN): the address that records are sent to, and the key.

Its form is `https://KEY@HOST[:PORT][/PATH]`. The DrHTTP service and the inbox print it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

_FORM = "https://<key>@<host>[:<port>][/<path>]"
_SCHEMES = ("https", "http")
# The key is sent in a header field: visible ASCII (RFC 9110).
_KEY = re.compile(r"[!-~]+")
_NAME = re.compile(r"[\w.-]+", re.ASCII)
_LOOPBACK = re.compile(r"localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|::1")
_IPV6 = re.compile(r"[0-9a-fA-F:.]+(%[\w.-]+)?", re.ASCII)
# A longer scheme or port may be a key in the wrong place, and must not be shown.
_SHOWN_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,5}")
_SHOWN_PLACE = re.compile(r"([\w.-]*|\[[0-9a-fA-F:.]*\])(:[\w.+-]{0,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Dsn:
    """A parsed DSN. Its `repr` and its `url` never contain the key."""

    scheme: str
    host: str
    port: int | None
    path: str
    key: str = field(repr=False)

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, as that of an inbox is."""
        return bool(_LOOPBACK.fullmatch(self.host.lower()))

    @property
    def url(self) -> str:
        """The base address, without the key and without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    @classmethod
    def parse(cls, text: str) -> Dsn:
        """Parse a DSN. Raises `ValueError`; the message never contains the key."""
        if not isinstance(text, str):
            raise ValueError(f"must be a string like {_FORM}, not {type(text).__name__}")
        fault = _fault(text)
        if fault:
            raise ValueError(f"{_masked(text)} {fault}; the form is {_FORM}")
        parts = urlsplit(text)
        return cls(
            parts.scheme,
            _ascii(parts.hostname or ""),
            parts.port,
            parts.path.rstrip("/"),
            unquote(parts.username or ""),
        )


def _fault(text: str) -> str | None:
    """Describe what is wrong with a DSN; `None` if it is valid."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "has a malformed host"
    checks = (
        ("://" not in text, "has no scheme"),
        (parts.scheme not in _SCHEMES, "has a scheme other than https and http"),
        (any(ord(letter) <= 32 or ord(letter) == 127 for letter in text), "has a space or a control character"),
        (text.count("@") > 1, "has more than one @; write an @ in the key as %40"),
        (not parts.hostname, "has no host"),
        (not _is_host(parts.hostname or ""), "has a malformed host"),
        (not _is_port(parts), "has a port that is not a number from 1 to 65535"),
        (not parts.username, "has no key"),
        (bool(parts.password), "has a password; put only the key before the @"),
        (bool(parts.query or parts.fragment), "has a query or a fragment, which a DSN does not allow"),
        (not _KEY.fullmatch(unquote(parts.username or "-")), "has a key with characters outside of visible ASCII"),
    )
    return next((sentence for wrong, sentence in checks if wrong), None)


def _is_host(text: str) -> bool:
    """Whether a string is an IPv6 address, an IPv4 address, or a name that can be resolved."""
    if ":" in text:
        # The zone of a link-local address follows a %, which is written %25 in a URL (RFC 6874).
        return bool(_IPV6.fullmatch(text))
    try:
        return bool(_NAME.fullmatch(_ascii(text)))
    except UnicodeError:
        return False


def _ascii(host: str) -> str:
    """Encode a host name by IDNA. Raises `UnicodeError` if a label is empty or too long."""
    return host if ":" in host else host.encode("idna").decode()


def _is_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _masked(text: str) -> str:
    """The DSN for an error message: scheme, host and port if they are certain, and asterisks for the rest."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return repr("***")
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    key, _, place = authority.rpartition("@")
    # A key may contain an @ or a slash that should have been percent-encoded, or follow the @ by mistake.
    sure = key and rest.count("@") == 1 and _SHOWN_PLACE.fullmatch(place)
    return repr(f"{scheme if _SHOWN_SCHEME.fullmatch(scheme) else '***'}://***{f'@{place}' if sure else ''}")
