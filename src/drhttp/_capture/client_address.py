"""The IP address of the client: that of the connection, or from `X-Forwarded-For` of trusted proxies."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 100  # characters; a full IPv6 address with brackets, zone and port takes fewer


def client_address(environ: Mapping[str, str], trusted_proxies: int) -> str | None:
    """Return the client's IP address, or `None` if there is none, as on a Unix socket.

    Each proxy appends the address of its own peer to `X-Forwarded-For`, so trusted proxies are counted from the right.
    Where the entry of the outermost trusted proxy is no address (`unknown`, `_hidden`), the peer's address is returned.

    Empty entries count, although recipients ignore empty list elements in general (RFC 9110 section 5.6.1.2): a proxy
    that does not know its peer appends one, and without it the entry before, which a client can forge, would be taken.

    environ: the WSGI environ. trusted_proxies: number of proxies in front of the server.
    """
    return address_of(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""), trusted_proxies)


def address_of(peer: str, forwarded_for: str, trusted_proxies: int) -> str | None:
    """Return the client's IP address in the same way, from the peer's address and the value of `X-Forwarded-For`."""
    if trusted_proxies:
        forwarded = forwarded_for.split(",")
        address = _ip_address(forwarded[max(0, len(forwarded) - trusted_proxies)].strip())
        if address is not None:
            return address
    return _ip_address(peer)


def _ip_address(text: str) -> str | None:
    """Return the IP address in an entry such as `192.0.2.1:80` or `"[2001:db8::1]:80"`; `None` if there is none."""
    return _parsed(text) if 0 < len(text) <= _LONGEST else None


@lru_cache(maxsize=1024)
def _parsed(text: str) -> str | None:
    try:
        address = ip_address(_without_port(text.strip(' \t"')).partition("%")[0])  # a zone id is local to one machine
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)  # an IPv4 client of a server that listens on IPv6
    return str(address)


def _without_port(text: str) -> str:
    """Return the host of `host`, `host:port`, `[host]` or `[host]:port` (RFC 7239 section 6)."""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        return host if bracket and (not port or _is_port(port.removeprefix(":"))) else ""
    host, _, port = text.partition(":")
    return host if _is_port(port) else text  # without brackets, more than one colon means IPv6


def _is_port(text: str) -> bool:
    """Whether it is a port: up to five digits, or an obfuscated one such as `_port` (RFC 7239 section 6.3)."""
    return (text.isascii() and text.isdigit() and len(text) <= 5) or text.startswith("_")
